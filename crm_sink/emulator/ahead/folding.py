"""Puts entries into the database: log, history and records, set by set.

What entries of one shape change is changed by one statement: no record is in two of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_sink.emulator.dml import few, fresh
from crm_sink.emulator.dml.few import rows_sql
from crm_sink.emulator.history import keeping as history
from crm_sink.emulator.log import keeping
from crm_sink.emulator.sql import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from crm_sink.emulator.ahead.entry import Entry
    from crm_sink.emulator.dml.few import Columns
    from crm_sink.emulator.org import Org


class Moved(Exception):
    """A record does not stand where it was found."""


def fold(
    cursor: duckdb.DuckDBPyConnection, org: Org, entries: Sequence[Entry], *, by_id: bool = False
) -> None:
    """Apply entries in a transaction.

    Args:
        cursor: A handle in the transaction.
        org: The org.
        entries: In their order; no record is changed by two of them.
        by_id: Whether records are looked for by their ids, instead of where they were found.

    Raises:
        Moved: Records have other places by now; to be rolled back and done again by their ids.
    """
    keeping.keep_few(cursor, org, entries)
    for entry in entries:
        if entry.write.operation != "insert" and history.tracked_by(entry.write):
            _keep_history(cursor, org, entry)
    shapes: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        shapes.setdefault(entry.shape, []).append(entry)
    for alike in shapes.values():
        _apply(cursor, org, alike, by_id=by_id)


def _apply(
    cursor: duckdb.DuckDBPyConnection, org: Org, alike: Sequence[Entry], *, by_id: bool
) -> None:
    write, at = alike[0].write, moment(alike[0].moment)
    ids = [one for entry in alike for one in entry.rows.ids]
    given = _together(entry.rows.new for entry in alike)
    if write.operation == "insert":
        fresh.insert(cursor, org, write, (ids, given), at)
        return
    places = None if by_id else [place for entry in alike for place in entry.places]
    if few.update(cursor, org, write, (ids, places, given), at) != len(ids) and not by_id:
        raise Moved


def _together(columns: Iterable[Columns]) -> Columns:
    """Join the rows of several tables that have the same columns."""
    return [[text for part in parts for text in part] for parts in zip(*columns, strict=True)]


def _keep_history(cursor: duckdb.DuckDBPyConnection, org: Org, entry: Entry) -> None:
    rows, tracked = entry.rows, history.tracked_by(entry.write)
    others: dict[str, list[Any]] = {
        "n": rows.numbers,
        "id": rows.ids,
        **{f"o{at}": rows.old[at] for at in tracked},
    }
    source = rows_sql(entry.write, rows.new, others)
    history.keep_few(cursor, org, entry.write, source, moment(entry.moment))
