"""JSON in and out of requests, as Salesforce's REST endpoints read and write it.

Not imitated: bodies in XML (a request's is refused, `Accept: application/xml` passed over), `.json`
and `.xml` at the end of a path; Jackson's wording of every possible syntax error.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from crm_sink.emulator.errors import ApiError, json_parser_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

JSON_TYPE = "application/json;charset=UTF-8"
NO_BODY = "The HTTP entity body is required, but this request has no entity body."
NO_LIST = "Cannot deserialize instance of list from the request body at [line:1, column:1]"


def reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with compact JSON."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status, headers=headers, media_type=JSON_TYPE)


def refusal(error: ApiError) -> Response:
    """Answer with an error's array."""
    return reply(error.body(), error.status)


async def json_text(request: Request) -> str:
    """Read a request's body as text.

    Raises:
        ApiError: There is no body, it is called something else than JSON, or it is not UTF-8.
    """
    # Whether Salesforce wants the header is not known: a body without one is taken.
    media_type = request.headers.get("content-type", JSON_TYPE).partition(";")[0].strip()
    if media_type.lower() != "application/json":
        text = f"MediaType of '{media_type}' is not supported by this resource"
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", text)
    content = await request.body()
    if not content.strip():
        raise json_parser_error(NO_BODY)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise json_parser_error("Invalid UTF-8 in the request body at [line:1, column:1]") from None


def parsed(text: str) -> Any:
    """Parse JSON, keys in their order.

    Raises:
        ApiError: The text is not JSON.
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = f"at [line:{error.lineno}, column:{error.colno}]"
        raise json_parser_error(f"{_jackson(error, text)} {place}") from None
    except ValueError:  # of thousands of digits, which Python does not read
        raise json_parser_error("A number of the request body has too many digits") from None
    except RecursionError:
        raise json_parser_error("The request body is nested too deeply") from None


async def json_object(request: Request) -> dict[str, Any]:
    """Read a body that must be a JSON object.

    Raises:
        ApiError: It is something else.
    """
    return an_object(parsed(await json_text(request)))


def an_object(value: Any) -> dict[str, Any]:
    """Give a part of a body that must be a JSON object.

    Raises:
        ApiError: It is something else.
    """
    if not isinstance(value, dict):
        raise json_parser_error(
            "Cannot deserialize instance of object from the request body at [line:1, column:1]"
        )
    return value


def texts(value: Any) -> list[str]:
    """Give a part of a body that must be a list of texts; none for null.

    Raises:
        ApiError: It is something else.
    """
    listed = [] if value is None else value
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise json_parser_error(NO_LIST)
    return listed


def clean(text: str) -> str:
    """Replace lone surrogates, which JSON allows to be written and UTF-8 cannot hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _no_constant(token: str) -> None:
    raise json_parser_error(
        f"Unrecognized token '{token}': was expecting ('true', 'false' or 'null') "
        "at [line:1, column:1]"
    )


def _jackson(error: json.JSONDecodeError, text: str) -> str:
    if error.pos >= len(text):
        return "Unexpected end-of-input: expected close marker for the request body"
    found = text[error.pos]
    wanted = {
        "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
        "Expecting ',' delimiter": "was expecting comma to separate entries",
        "Expecting property name enclosed in double quotes": (
            "was expecting double-quote to start field name"
        ),
    }.get(
        error.msg,
        "expected a valid value (number, String, array, object, 'true', 'false' or 'null')",
    )
    return f"Unexpected character ('{found}' (code {ord(found)})): {wanted}"
