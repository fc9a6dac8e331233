"""Runs staged JSON records through the engine and gives what became of each.

Not imitated: one transaction for each 200 rows of a larger call; a call here is one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.dml import applying, judging
from crm_sink.emulator.dml.staging import Write
from crm_sink.emulator.dml.values import JSON

if TYPE_CHECKING:
    import duckdb
    from starlette.requests import Request

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.rest.rows import Rows
    from crm_sink.emulator.schema import Field


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record. `code` is None when it was written; `rank` orders faults."""

    number: int
    id: str | None
    created: bool
    rank: int | None = None
    code: str | None = None
    message: str = ""
    fields: tuple[str, ...] = ()

    def as_row(self) -> dict[str, object]:
        """Give the row of a collection's reply; a refused one has no id key (facts 3.1)."""
        if self.code is None:
            return {"id": self.id, "success": True, "errors": []}
        fields = [] if self.code == "JSON_PARSER_ERROR" else list(self.fields)
        error = {"statusCode": self.code, "message": self.message, "fields": fields}
        return {"success": False, "errors": [error]}


@dataclass(frozen=True, slots=True)
class Order:
    """How rows are to be written: the parts of a `Write` that do not come from the rows."""

    operation: str
    source: str
    external: Field | None = None
    assign: bool = False
    update_only: bool = False


def asks_assignment(request: Request) -> bool:
    """Say whether assignment rules run: always, unless the request says FALSE (facts 9)."""
    return request.headers.get("sforce-auto-assign", "true").strip().lower() != "false"


def write_rows(
    cursor: duckdb.DuckDBPyConnection, org: Org, rows: Rows, order: Order
) -> list[Outcome]:
    """Judge and write staged rows inside a caller's transaction."""
    write = Write(
        rows.target,
        order.operation,
        rows.stage(cursor),
        JSON,
        external=order.external,
        assign=order.assign,
        update_only=order.update_only,
    )
    judging.judge(cursor, org, write)
    applying.apply(cursor, org, write, order.source)
    found = cursor.execute(
        "select n, id, created, rank, fault.code, fault.message, fault.fields "
        "from outcome order by n"
    ).fetchall()
    return [_outcome(row) for row in found]


def _outcome(row: tuple[Any, ...]) -> Outcome:
    number, record_id, created, rank, code, message, fields = row
    return Outcome(number, record_id, created, rank, code, message or "", tuple(fields or ()))
