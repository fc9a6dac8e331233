"""Reads the body of a good answer, checks that it is whole and what was due; and its parts.

What a JSON document must hold is asked through `text`, `number`, `flag`, `claim`, `mapping` and
`items`, which raise a `CrmError` that names the call when it is not there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crm_sink.crm.call import Answer, Call, Expect
from crm_sink.errors import CrmError, Fate
from crm_sink.salesforce.allowance import allowance_of
from crm_sink.salesforce.failures import of_lost_answer
from crm_sink.salesforce.fate import fate_of

if TYPE_CHECKING:
    from pathlib import Path

    import requests

BLOCK = 1 << 20  # bytes of a streamed download that are in memory at once


def read_answer(call: Call, response: requests.Response, host: str) -> Answer:
    """Read a 2xx answer into memory or into the call's file.

    Raises:
        CrmError: It is not what is due (NOT_THE_API), or broke off (TRUNCATED).
        AnswerLost: The same, for a write that must be looked up.
    """
    headers = headers_of(response)
    document: Any = None
    _check_kind(call, headers.get("content-type", ""), host)
    if call.into is not None:
        size = _download(call, response, call.into, host)
    else:
        body = response.content
        size = len(body)
        if call.expect is Expect.JSON:
            document = _parse(call, body, host)
    return Answer(
        status=response.status_code,
        headers=headers,
        document=document,
        path=call.into,
        received_bytes=size,
        allowance=allowance_of(headers.get("sforce-limit-info", "")),
    )


def headers_of(response: requests.Response) -> dict[str, str]:
    """Give the headers by lower-case name."""
    return {name.lower(): value for name, value in response.headers.items()}


def text(document: Any, name: str, call: str) -> str:
    """Give a text of a JSON object."""
    value = _part(document, name, call)
    if not isinstance(value, str):
        raise _odd(call, f"{name!r} is not a text")
    return value


def number(document: Any, name: str, call: str) -> int:
    """Give a whole number of a JSON object, or 0 when it is not there."""
    value = document.get(name, 0) if isinstance(document, dict) else 0
    return int(value) if isinstance(value, int | float) else 0


def flag(document: Any, name: str) -> bool:
    """Give a boolean of a JSON object; false when it is not there."""
    return isinstance(document, dict) and document.get(name) is True


def claim(document: Any, name: str, call: str) -> bool:
    """Give a boolean of a JSON object that must be there."""
    value = _part(document, name, call)
    if not isinstance(value, bool):
        raise _odd(call, f"{name!r} is neither true nor false")
    return value


def items(document: Any, name: str | None, call: str) -> list[Any]:
    """Give an array: the document itself, or the one of that name."""
    value = document if name is None else _part(document, name, call)
    if not isinstance(value, list):
        raise _odd(call, "an array is due" if name is None else f"{name!r} is not an array")
    return value


def mapping(document: Any, name: str, call: str) -> dict[str, Any]:
    """Give an object of a JSON object."""
    value = _part(document, name, call)
    if not isinstance(value, dict):
        raise _odd(call, f"{name!r} is not an object")
    return value


def _part(document: Any, name: str, call: str) -> Any:
    if not isinstance(document, dict) or name not in document:
        raise _odd(call, f"it has no {name!r}")
    return document[name]


def _odd(call: str, what: str) -> CrmError:
    return CrmError(
        f"the answer is not Salesforce's: {what}",
        code="UNEXPECTED_ANSWER",
        fate=Fate.STOP,
        where=call,
        hint=fate_of("UNEXPECTED_ANSWER").hint,
    )


def _check_kind(call: Call, kind: str, host: str) -> None:
    due = str(call.expect)
    is_due = "html" not in kind.lower() if call.expect is Expect.NOTHING else due in kind.lower()
    if not is_due:
        shown = kind.split(";")[0].strip() or "no content type"
        raise of_lost_answer("NOT_THE_API", f"{host} answered {shown} where {due} is due", call)


def _parse(call: Call, body: bytes, host: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise of_lost_answer(
            "TRUNCATED", f"the JSON of {host} is broken or cut off ({len(body)} bytes)", call
        ) from None


def _download(call: Call, response: requests.Response, into: Path, host: str) -> int:
    """Stream a body to a file, gzip decoded, in constant memory.

    urllib3 raises when there is less than Content-Length or the last chunk is missing. A CSV file
    of Salesforce ends with a line end, which shows a cut that has neither of them.
    """
    into.parent.mkdir(parents=True, exist_ok=True)
    size, last = 0, b"\n"
    with into.open("wb") as file:
        for block in response.raw.stream(BLOCK, decode_content=True):
            file.write(block)
            size += len(block)
            last = block[-1:] or last
    if last != b"\n":
        raise of_lost_answer("TRUNCATED", f"the answer of {host} broke off", call)
    return size
