"""Turns every failure of a call into one `CrmError` with a fate, said in plain words.

Bodies are read for Salesforce's code and message only; nothing of a record is shown. Whether and
when to send again is not decided here.
"""

from __future__ import annotations

import json
import re
import socket
from typing import TYPE_CHECKING, Any

import requests
import urllib3.exceptions

from crm_sink.crm.call import Repeat
from crm_sink.errors import AnswerLost, CrmError, Fate, LoginError
from crm_sink.salesforce.allowance import allowance_of
from crm_sink.salesforce.fate import fate_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crm_sink.crm.call import Call

# An expired session; a new login mends it.
EXPIRED = "INVALID_SESSION_ID"
# Two 401s that look like an expired session and that no login mends (jsforce, http-api.ts).
HOPELESS = {
    "Connected app is not attached to Agent": "attach the connected app to the agent in Setup",
    "This session is not valid for use with the REST API": (
        "give the app the scope `api`, or the user the permission API Enabled"
    ),
}
# What Salesforce's support looks an error up by: `1234567890-12345 (-1234567890)`.
ERROR_ID = re.compile(r"\b\d+-\d+ \(-?\d+\)")
# A query's refusal begins with the query, which holds keys: `\nSELECT ...\n  ^\nERROR at Row:...`.
QUERY = re.compile(r"^\n.*?\n *\^\nERROR at Row:\d+:Column:\d+\n", re.DOTALL)
# Kinds of network failures, the most telling first: requests and urllib3 nest them.
_NETWORK: tuple[tuple[str, str, tuple[type[BaseException], ...]], ...] = (
    (
        "HOST_UNKNOWN",
        "the host {host} is not known",
        (urllib3.exceptions.NameResolutionError, socket.gaierror),
    ),
    (
        "PROXY_FAILED",
        "the proxy did not let the call through to {host}",
        (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError),
    ),
    (
        "TLS_FAILED",
        "the certificate of {host} is not trusted, or it does not speak TLS",
        (requests.exceptions.SSLError, urllib3.exceptions.SSLError),
    ),
    (
        "CONNECTION_REFUSED",
        "nothing answers at {host}",
        (ConnectionRefusedError, urllib3.exceptions.NewConnectionError),
    ),
    (
        "CONNECTION_REFUSED",
        "{host} did not take the connection in time",
        (requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError),
    ),
    (
        "TIMED_OUT",
        "{host} did not answer in time",
        (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError),
    ),
    (
        "TRUNCATED",
        "the answer of {host} broke off",
        (urllib3.exceptions.IncompleteRead, requests.exceptions.ChunkedEncodingError),
    ),
)


def of_network(error: Exception, call: Call, host: str, *, reached: bool) -> CrmError:
    """Name a failure of the network.

    Args:
        error: What requests or urllib3 raised.
        call: The call that failed.
        host: The org's host, for the message.
        reached: Whether the org was ever reached. If not, the address is likely wrong, and
            trying again would only make a person wait: the fate is then STOP.
    """
    code, message = _network(error, host)
    ruling = fate_of(code)
    never_sent = code in {"CONNECTION_REFUSED", "HOST_UNKNOWN", "TLS_FAILED", "PROXY_FAILED"}
    if never_sent and not reached:
        return CrmError(message, code=code, fate=Fate.STOP, where=str(call), hint=ruling.hint)
    if never_sent:
        return CrmError(message, code=code, fate=ruling.fate, where=str(call), hint=ruling.hint)
    return of_lost_answer(code, message, call)


def after_contact(error: CrmError) -> CrmError:
    """Judge a failure of a second login anew: the address was right, so it will pass."""
    return CrmError(
        error.message,
        code=error.code,
        fate=fate_of(error.code).fate,
        status=error.status,
        after=error.after,
        where=error.where,
        hint=error.hint,
    )


def of_lost_answer(code: str, message: str, call: Call, *, status: int | None = None) -> CrmError:
    """Make the error for a call that may have been carried out: AnswerLost for a write."""
    ruling = fate_of(code)
    if call.repeat is Repeat.SETTLE:
        return AnswerLost(
            f"{message}; whether the call was carried out is not known",
            code=code,
            fate=Fate.RETRY,
            status=status,
            where=str(call),
            hint="crm-sink resume",
        )
    return CrmError(
        message, code=code, fate=ruling.fate, status=status, where=str(call), hint=ruling.hint
    )


def given_up(lost: AnswerLost, what: str, tries: int, run: str = "") -> CrmError:
    """Make the error for a write whose answer was lost again and again, as the last one was.

    Of what the org answered only status, code and ErrorId are shown: its words may quote a record.

    Args:
        lost: The last failure.
        what: What was sent, such as `chunk 3`.
        tries: How often.
        run: The run that is to be resumed, if it is known.
    """
    told = f"the answer to {what} was lost {tries} times"
    hint = fate_of(lost.code).hint
    if lost.status is not None:
        own = lost.code != f"HTTP_{lost.status}"
        code = f"{lost.status} {lost.code}" if own else f"{lost.status}, without a code"
        number = ERROR_ID.search(lost.message)
        told = f"the org answered {code} to {what}, {tries} times"
        told += f" (ErrorId {number[0]})" if number else ""
        hint = hint if own else _fate_of_status(lost.status, lost.code, "")[1]
    return CrmError(
        told,
        code=lost.code,
        fate=Fate.STOP,
        status=lost.status,
        where=lost.where,
        hint=f"{hint}: crm-sink resume {run}".rstrip(),
    )


def of_answer(status: int, headers: Mapping[str, str], body: bytes, call: Call) -> CrmError:
    """Make the error for an answer that is not 2xx.

    Salesforce's error bodies are arrays: `[{"message", "errorCode", "fields"?}]`. HTML or
    anything else comes from a proxy, a maintenance page or the edge.
    """
    error = _of_answer(status, headers, body, call)
    # A refusal costs a call too, and says how many are used.
    told = allowance_of(headers.get("sforce-limit-info", ""))
    error.usage = (told.used, told.limit) if told else None
    return error


def _of_answer(status: int, headers: Mapping[str, str], body: bytes, call: Call) -> CrmError:
    if 300 <= status < 400:
        return _redirected(status, headers, call)
    code, message = _salesforce_error(body)
    if code is None:
        code = f"HTTP_{status}"
        message = f"the org answered {status} without one of Salesforce's error messages"
    if status == 401:
        return _unauthorised(code, message, call)
    fate, hint = _fate_of_status(status, code, message)
    if call.repeat is Repeat.SETTLE and _may_be_done(status, code):
        lost = of_lost_answer(code, message, call, status=status)
        lost.fate, lost.after = fate, _retry_after(headers)
        return lost
    return CrmError(
        message,
        code=code,
        fate=fate,
        status=status,
        after=_retry_after(headers),
        where=str(call),
        hint=hint,
    )


def _may_be_done(status: int, code: str) -> bool:
    """Tell whether a call may have been carried out, though its answer is a failure.

    A 503 in Salesforce's own words (`server too busy`) was not. Any other may be of a gateway that
    stands before the org and waited for it in vain.
    """
    return status in {500, 502, 504} or (status >= 500 and code == f"HTTP_{status}")


def _network(error: Exception, host: str) -> tuple[str, str]:
    """Give code and message; the first row of the table with a cause among the error's."""
    causes = list(_causes(error))
    for code, message, kinds in _NETWORK:
        if any(isinstance(cause, kinds) for cause in causes):
            return code, message.format(host=host)
    return "CONNECTION_LOST", f"the connection to {host} broke"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Walk an error and what it wraps; requests and urllib3 nest theirs in args and `reason`."""
    seen: set[int] = set()
    pending: list[object] = [error]
    while pending:
        item = pending.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        pending += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]


def _salesforce_error(body: bytes) -> tuple[str | None, str]:
    try:
        document: Any = json.loads(body)
    except ValueError:
        return None, ""
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        return None, ""
    code = first.get("errorCode") or first.get("error")
    message = first.get("message") or first.get("error_description") or "no message"
    return (str(code), QUERY.sub("", str(message))) if code else (None, "")


def _unauthorised(code: str, message: str, call: Call) -> CrmError:
    cure = next((hint for text, hint in HOPELESS.items() if text in message), None)
    if cure is None and code == EXPIRED:
        cure = "log in again, or set a fresh CRM_SINK_ACCESS_TOKEN; then crm-sink doctor"
    return LoginError(
        f"Salesforce refused the session: {message}",
        code=EXPIRED if code == EXPIRED and not is_hopeless(message) else f"{code}_401",
        fate=Fate.STOP,
        status=401,
        where=str(call),
        hint=cure or "crm-sink doctor",
    )


def is_hopeless(message: str) -> bool:
    """Tell whether a 401 is one of those that no login mends."""
    return any(text in message for text in HOPELESS)


def _fate_of_status(status: int, code: str, message: str) -> tuple[Fate, str]:
    ruling = fate_of(code, message)
    if code == f"HTTP_{status}" or status in {420, 429, 500, 502, 503, 504}:
        hint = "try again; if it lasts, see status.salesforce.com"
        if status in {408, 420, 429, 503}:
            return Fate.RETRY_SLOWER, hint
        if status >= 500:
            return Fate.RETRY, hint
        if code == f"HTTP_{status}":
            return Fate.STOP, "check CRM_SINK_INSTANCE_URL, and what stands between it and you"
    return ruling.fate, ruling.hint


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After` in seconds. Salesforce sends none (facts 2.1); gateways before it do."""
    value = headers.get("retry-after", "").strip()
    return float(value) if value.isdigit() else None


def _redirected(status: int, headers: Mapping[str, str], call: Call) -> CrmError:
    target = headers.get("location", "").split("?")[0] or "an unnamed place"
    return CrmError(
        f"the org redirects ({status}) to {target}; the session is not sent there",
        code="REDIRECTED",
        fate=Fate.STOP,
        status=status,
        where=str(call),
        hint=fate_of("REDIRECTED").hint,
    )
