"""The rules in force, how often each was met and has fired, and the jobs that they hold.

Kept in memory: a restart of the org forgets them. Strikes nothing itself.
"""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.clock import stamp
from crm_sink.emulator.faults.kinds import CALL_KINDS, JOB_KINDS, ROW_KINDS
from crm_sink.emulator.faults.matching import Call, is_meant
from crm_sink.emulator.faults.rule import BadRule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crm_sink.emulator.clock import Clock
    from crm_sink.emulator.faults.rule import Rule
    from crm_sink.emulator.jobs import Job

REMEMBERED = 1000


@dataclass(slots=True)
class Entry:
    """A rule and what has come of it.

    Attributes:
        matched: How many calls, jobs or rows its conditions held for.
        fired: How many of them it struck.
        tries: How often each row was struck, by the row's own name.
        stuck: Jobs that it holds.
    """

    rule: Rule
    draws: random.Random
    matched: int = 0
    fired: int = 0
    tries: Counter[str] = field(default_factory=Counter)
    stuck: list[str] = field(default_factory=list)

    def turn(self) -> bool:
        """Count one match, and say whether the rule fires on it."""
        rule = self.rule
        self.matched += 1
        drawn = self.draws.random() < rule.probability
        turn = self.matched > rule.after and (self.matched - rule.after) % rule.every == 0
        if not turn or not drawn or self.is_spent:
            return False
        self.fired += 1
        return True

    @property
    def is_spent(self) -> bool:
        """Whether it has fired as often as it may."""
        return self.rule.count is not None and self.fired >= self.rule.count


class Faults:
    """All rules of an org, in the order in which they were added."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._names = count(1)
        self._events: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self._numbers = count(1)
        self._of_job: dict[str, Entry] = {}
        self._vanished: dict[str, str] = {}  # job ids, and the rule's name

    def add(self, rules: Iterable[Rule]) -> list[Rule]:
        """Put rules in force, and give them with their names.

        Raises:
            BadRule: A name is taken.
        """
        with self._lock:
            named = [
                rule if rule.name else rule.model_copy(update={"name": f"f{next(self._names)}"})
                for rule in rules
            ]
            for name, times in Counter([*self._entries, *(rule.name for rule in named)]).items():
                if times > 1:
                    raise BadRule(f"there is a rule named {name!r} already")
            for rule in named:
                # Draws for a fault that must be the same on each run of a test.
                # By the whole rule: two rules of one seed would strike the same calls.
                draws = random.Random(rule.model_dump_json(exclude={"name"}))
                self._entries[rule.name] = Entry(rule, draws)
        return named

    def remove(self, name: str | None = None) -> list[str] | None:
        """Take a rule, or all rules and what they did, out of force.

        Returns:
            The jobs that it held, which may go on; None when there is no such rule.
        """
        with self._lock:
            if name is not None and name not in self._entries:
                return None
            gone = [self._entries.pop(one) for one in ([name] if name else list(self._entries))]
            if name is None:
                self._events.clear()
                self._of_job.clear()
            names = {entry.rule.name for entry in gone}
            self._vanished = {
                job: rule for job, rule in self._vanished.items() if rule not in names
            }
            return [job for entry in gone for job in entry.stuck]

    @property
    def strikes_calls(self) -> bool:
        """Whether a call must be looked at."""
        return bool(self._of(CALL_KINDS)) or bool(self._vanished)

    @property
    def asks_object(self) -> bool:
        """Whether a rule wants to know which object a call is about."""
        return any(entry.rule.object for entry in self._of(CALL_KINDS))

    def on_call(self, call: Call) -> list[Rule]:
        """Give the rules that fire on a call: delays, and at most one other at the end."""
        fired = []
        with self._lock:
            for entry in self._of(CALL_KINDS):
                if not is_meant(entry.rule, call) or not entry.turn():
                    continue
                told = {"method": call.method, "path": call.path}
                self._remember(entry.rule, **told, object=call.object, job=call.job)
                fired.append(entry.rule)
                if entry.rule.kind == "vanished-job" and call.job is not None:
                    self._vanished[call.job] = entry.rule.name
                if entry.rule.kind != "slow":
                    break
        return fired

    def has_vanished(self, job_id: str | None) -> bool:
        """Say whether a job is not to be found any more."""
        return job_id in self._vanished

    def on_job(self, job: Job) -> Rule | None:
        """Give the rule that strikes a job; each job is judged once, when it is first taken up."""
        with self._lock:
            if job.id in self._of_job:
                return self._of_job[job.id].rule
            for entry in self._of(JOB_KINDS):
                if _is_of(entry.rule, job.object, job.operation) and entry.turn():
                    self._of_job[job.id] = entry
                    self._remember(entry.rule, object=job.object, job=job.id)
                    return entry.rule
        return None

    def hold(self, job_id: str) -> bool:
        """Keep a job where it is until its rule is taken away; False when it is gone already."""
        with self._lock:
            entry = self._of_job[job_id]
            if self._entries.get(entry.rule.name) is not entry:
                return False
            entry.stuck.append(job_id)
            return True

    def for_rows(self, object_name: str, operation: str, api: str) -> list[Rule]:
        """Give the rules that may strike rows of such a write."""
        with self._lock:
            return [
                entry.rule
                for entry in self._of(ROW_KINDS)
                if _is_of(entry.rule, object_name, operation)
                and entry.rule.api in (None, api)
                and not entry.is_spent
            ]

    def on_rows(self, rule: Rule, met: Iterable[tuple[int, str]], source: str) -> list[int]:
        """Give the numbers of those rows that a rule strikes.

        Args:
            rule: One of `for_rows`.
            met: Rows by number, with the name that is the same at each attempt.
            source: Job or request, for the list of what fired.
        """
        struck = []
        with self._lock:
            entry = self._entries.get(rule.name)
            for number, row in met if entry is not None else ():
                assert entry is not None
                entry.matched += 1
                if entry.is_spent or (rule.attempts and entry.tries[row] >= rule.attempts):
                    continue
                entry.tries[row] += 1
                entry.fired += 1
                struck.append(number)
            if struck:
                self._remember(rule, source=source, rows=len(struck))
        return struck

    def told(self) -> dict[str, Any]:
        """Give rules with their counts, what fired last, and the jobs that are held or gone."""
        with self._lock:
            rules = [
                {**entry.rule.told(), "matched": entry.matched, "fired": entry.fired}
                for entry in self._entries.values()
            ]
            stuck = [job for entry in self._entries.values() for job in entry.stuck]
            return {
                "rules": rules,
                "fired": list(self._events),
                "stuck": stuck,
                "vanished": sorted(self._vanished),
            }

    def _of(self, kinds: tuple[str, ...]) -> list[Entry]:
        return [entry for entry in list(self._entries.values()) if entry.rule.kind in kinds]

    def _remember(self, rule: Rule, **told: Any) -> None:
        known = {key: value for key, value in told.items() if value is not None}
        event = {"number": next(self._numbers), "rule": rule.name, "kind": rule.kind}
        self._events.append({**event, "at": stamp(self._clock.now()), **known})


def _is_of(rule: Rule, object_name: str, operation: str) -> bool:
    if rule.object is not None and rule.object.lower() != object_name.lower():
        return False
    return rule.operation in (None, operation)
