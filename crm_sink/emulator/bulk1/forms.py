"""How Bulk 1.0 writes what it tells: jobs, batches and errors, in XML or JSON.

What is told of a job is in JSON for one whose content is JSON, and in XML for one of CSV or XML,
whatever the request is in: tap-salesforce asks in JSON for the batches of its CSV jobs, and reads
XML. Before a job is known, the request's Content-Type decides. (The page "Content Type Header" of
the Bulk API's guide says so.) The order of elements is the recorded one. Dates end in `Z` here, and
in `+0000` everywhere else (facts 5).

Not imitated: pretty XML. Not on record and so only likely: the key order of the JSON replies, which
is taken from the XML.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import Response

from crm_sink.emulator.xml import HEAD, XSI, leaf, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.requests import Request

    from crm_sink.emulator.bulk1.errors import AsyncError

NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
XML_TYPE = "application/xml"
# salesforce-bulk looks for exactly this, without a charset.
JSON_TYPE = "application/json"


def is_json(request: Request) -> bool:
    """Say whether a request is in JSON."""
    sent = request.headers.get("content-type", "")
    wanted = sent or request.headers.get("accept", "")
    return wanted.lower().startswith(JSON_TYPE)


def know(request: Request, content: object) -> None:
    """Remember for the answer what the job of a request holds: CSV, JSON or XML."""
    request.state.content = content


def is_told_in_json(request: Request) -> bool:
    """Say whether a request is to be answered in JSON."""
    content = getattr(request.state, "content", None)
    if content is None:
        return is_json(request)
    # ForceCLI asks for XML like this, of JSON jobs too.
    asked_for_xml = request.headers.get("content-type", "").lower().startswith(XML_TYPE)
    return content == "JSON" and not asked_for_xml


def answer(request: Request, name: str, told: Mapping[str, object], status: int = 200) -> Response:
    """Tell one job or batch, its keys in their order."""
    if is_told_in_json(request):
        return json_reply(told, status)
    return xml_reply(document(name, fields(told)), status)


def answer_list(request: Request, entries: Sequence[Mapping[str, object]]) -> Response:
    """Tell the batches of a job."""
    if is_told_in_json(request):
        return json_reply({"batchInfo": list(entries)})
    return xml_reply(
        document("batchInfoList", "".join(wrap("batchInfo", fields(one)) for one in entries))
    )


def refusal(request: Request, error: AsyncError) -> Response:
    """Tell an error; its status is always 400."""
    told = {"exceptionCode": error.code, "exceptionMessage": error.message}
    return answer(request, "error", told, 400)


def fields(told: Mapping[str, object]) -> str:
    """Write keys and values as elements; what is None is left out."""
    return "".join(leaf(key, value) for key, value in told.items() if value is not None)


def document(name: str, content: str, *, typed: bool = False) -> str:
    """Write a whole document in the namespace of Bulk 1.0."""
    more = f' xmlns:xsi="{XSI}"' if typed else ""
    start = f'{HEAD}<{name} xmlns="{NAMESPACE}"{more}'
    return f"{start}>{content}</{name}>" if content else f"{start}/>"


def xml_reply(text: str, status: int = 200) -> Response:
    """Answer with XML."""
    return Response(text.encode(), status, headers={"content-type": XML_TYPE})


def json_reply(content: object, status: int = 200) -> Response:
    """Answer with compact JSON."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, headers={"content-type": JSON_TYPE})


def stamp(moment: datetime) -> str:
    """Write a time as Bulk 1.0 does: `2022-10-20T16:45:37.000Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
