"""Runs staged JSON records through the engine and gives what became of each.

Not imitated: one transaction for each 200 rows of a larger call (here a call is one).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.dml.staging import Write
from crm_sink.emulator.dml.values import JSON
from crm_sink.emulator.dml.writing import write_staged
from crm_sink.emulator.duplicates import check as duplicates
from crm_sink.emulator.duplicates.telling import result_of
from crm_sink.emulator.planned import hastily

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.locks.claim import Claim
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.rest.order import Order
    from crm_sink.emulator.rest.rows import Rows


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record.

    `code` is None when it was written; `rank` orders faults; `duplicate` is what a duplicate rule
    tells of the records that this one looks like.
    """

    number: int
    id: str | None
    created: bool
    rank: int | None = None
    code: str | None = None
    message: str = ""
    fields: tuple[str, ...] = ()
    duplicate: dict[str, Any] | None = None

    def as_row(self) -> dict[str, object]:
        """Give the row of a collection's reply; a refused one has no id key (facts 3.1)."""
        if self.code is None:
            return {"id": self.id, "success": True, "errors": []}
        fields = [] if self.code == "JSON_PARSER_ERROR" else list(self.fields)
        error: dict[str, object] = {
            "statusCode": self.code,
            "message": self.message,
            "fields": fields,
        }
        if self.duplicate is not None:
            error = {"duplicateResut": self.duplicate, **error}
        return {"success": False, "errors": [error]}


def write_ahead(org: Org, rows: Rows, order: Order) -> list[Outcome] | None:
    """Write rows that nobody objects to in the short way; None when nothing was written."""
    if rows.faults:
        return None
    written = org.waiting.write(_write_of(rows, order), rows.cells, order.source)
    if written is None:
        return None
    made = order.operation == "insert"
    return [Outcome(number, record, made) for number, record in written.items()]


def write_rows(
    cursor: duckdb.DuckDBPyConnection, org: Org, rows: Rows, order: Order, claim: Claim
) -> list[Outcome]:
    """Judge and write staged rows inside a caller's transaction."""
    write = _write_of(rows, order)
    rows.stage(cursor)
    write_staged(cursor, org, write, order.source, claim)
    with hastily(cursor):
        found = cursor.execute(
            "select n, id, created, rank, fault.code, fault.message, fault.fields "
            "from outcome order by n"
        ).fetchall()
    outcomes = [_outcome(row) for row in found]
    rule = duplicates.rule_of(org, rows.target.name)
    doubles = [outcome.number for outcome in outcomes if outcome.code == duplicates.CODE]
    if rule is None or not doubles:
        return outcomes
    # A fault rule may say the same of a row that no rule has found: then there are no matches.
    matches = duplicates.matches_of(cursor, doubles)
    return [
        replace(outcome, duplicate=result_of(rule, matches[outcome.number], order.version))
        if outcome.number in matches
        else outcome
        for outcome in outcomes
    ]


def _write_of(rows: Rows, order: Order) -> Write:
    return Write(
        rows.target,
        order.operation,
        tuple(rows.columns.values()),
        JSON,
        external=order.external,
        assign=order.assign,
        update_only=order.update_only,
        allow_duplicates=order.allow_duplicates,
    )


def _outcome(row: tuple[Any, ...]) -> Outcome:
    number, record_id, created, rank, code, message, fields = row
    return Outcome(number, record_id, created, rank, code, message or "", tuple(fields or ()))
