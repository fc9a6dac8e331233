"""How a request wants its rows written: its operation, its headers, and who it is for the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator import ids
from crm_sink.emulator.log.rules import DEFAULT
from crm_sink.emulator.log.source import Source

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.schema import Field

RULE_PREFIX = "01Q"


@dataclass(frozen=True, slots=True)
class Order:
    """How rows are to be written: the parts of a `Write` that do not come from the rows."""

    operation: str
    source: Source
    version: str
    external: Field | None = None
    assign: str | None = None
    update_only: bool = False
    allow_duplicates: bool = False


def order_of(
    request: Request, operation: str, external: Field | None = None, *, update_only: bool = False
) -> Order:
    """Read an order from a request's headers."""
    return Order(
        operation,
        source_of(request),
        request.path_params["version"],
        external,
        assign=_assignment_rule(request),
        update_only=update_only,
        allow_duplicates=allows_duplicates(request),
    )


def source_of(request: Request) -> Source:
    """Give what the write log calls this request."""
    call = f"{request.method} {request.scope['route'].path}"
    return Source(call, request.scope.get("state", {}).get("request_id"))


def allows_duplicates(request: Request) -> bool:
    """Say whether rules that only warn are passed over (facts 9)."""
    header = request.headers.get("sforce-duplicate-rule-header", "")
    parts = (part.partition("=") for part in header.split(";"))
    said = {key.strip().lower(): value.strip().lower() for key, _, value in parts}
    return said.get("allowsave") == "true"


def _assignment_rule(request: Request) -> str | None:
    """Give the assignment rule that runs: one always does, unless the request says FALSE (facts 9).

    The header may name it by its id.
    """
    said = request.headers.get("sforce-auto-assign", "true").strip()
    if said.lower() == "false":
        return None
    named = ids.normal(said)
    return named if named and named.startswith(RULE_PREFIX) else DEFAULT
