"""The one loop that sends a call again. What to do is decided in `crm.policy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.crm.policy import Decision, Policy, decide
from crm_sink.errors import AnswerLost
from crm_sink.events import AnswerMissed, Listener, RetryScheduled, nobody

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

    from crm_sink.clock import Clock
    from crm_sink.crm.call import Answer, Call, Send


class Retrying:
    """A `Send` that sends again what failed for a passing reason.

    Args:
        send: The sender within.
        policy: How patient to be.
        clock: Tells the time, and waits.
        random: Gives a number in [0, 1) for the jitter.
        listen: Told of each retry, and of each write whose answer is lost.
    """

    def __init__(
        self,
        send: Send,
        policy: Policy,
        clock: Clock,
        random: Callable[[], float],
        listen: Listener = nobody,
    ) -> None:
        self._send = send
        self._policy = policy
        self._clock = clock
        self._random = random
        self._listen = listen

    def __call__(self, call: Call) -> Answer:
        """Send a call until it is answered or there is no more use."""
        import tenacity  # Here, because it costs 0.1 s to import and `--help` sends nothing.

        started = self._clock.monotonic()
        decision = Decision(None, "")

        def is_worth_another(state: RetryCallState) -> bool:
            nonlocal decision
            error = state.outcome.exception() if state.outcome else None
            if not isinstance(error, Exception):
                return False
            if isinstance(error, AnswerLost):
                self._listen(AnswerMissed(call.method, call.label, error.code))
            elapsed = self._clock.monotonic() - started
            decision = decide(self._policy, state.attempt_number, elapsed, error, self._random())
            if decision.retry_in is None:
                return False
            self._tell(call, decision, state.attempt_number)
            return True

        loop = tenacity.Retrying(
            sleep=self._clock.sleep,
            retry=is_worth_another,
            wait=lambda _: decision.retry_in or 0.0,
            stop=tenacity.stop_never,
        )
        return loop(self._send, call)

    def _tell(self, call: Call, decision: Decision, attempt: int) -> None:
        self._listen(
            RetryScheduled(
                method=call.method,
                path=call.label,
                code=decision.reason,
                attempt=attempt,
                wait_seconds=decision.retry_in or 0.0,
            )
        )
