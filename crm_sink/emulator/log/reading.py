"""Reads the write log: changes in their order, page by page, and how often each record was written.

Values come back in the types of their fields as they are now; of a field that is gone, as text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.clock import stamp
from crm_sink.emulator.ids import normal
from crm_sink.emulator.log import rules
from crm_sink.emulator.log.keeping import CLEARED, file_of, new_sql, old_sql, rows_sql
from crm_sink.emulator.schema import NUMBER_TYPES
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import Field, ObjectType

LISTED = 100
FIELDS = -3  # where a row of `page` has the names of the write's fields


@dataclass(frozen=True, slots=True)
class Asked:
    """Which changes; an empty filter is all of them.

    Attributes:
        since: Only writes with a larger number, as `next` and `last` tell it: "12" or "12.199".
    """

    object: str | None = None
    id: str | None = None
    job: str | None = None
    request: str | None = None
    since: tuple[int, int] = (0, -1)


CHANGES = (
    "select w.number, r.place, w.moment, w.call, w.request, w.job, w.operation, r.created, "
    "w.object, r.id, w.in_file, w.fields, r.old, r.new "
)


def page(org: Org, asked: Asked, limit: int) -> dict[str, Any]:
    """Give a page of changes, and where the next one begins."""
    source, values = _rows_of(asked)
    query = f"{CHANGES} {source} order by w.number, r.place limit {limit + 1}"
    rows = _rows(org, query, values)
    more = len(rows) > limit
    return {
        "changes": _changes(org, rows[:limit]),
        "next": f"{rows[limit - 1][0]}.{rows[limit - 1][1]}" if more else None,
    }


def newest(org: Org, asked: Asked, limit: int) -> list[dict[str, Any]]:
    """Give the newest changes, the last one first."""
    first = None
    if asked.id is None:
        # The newest few writes have them: the rows of the others, maybe millions, stay unread.
        where, values = _where_write(asked)
        query = (
            "select coalesce(min(number), 0) from (select w.number, "
            "sum(w.written) over (order by w.number desc) - w.written as newer "
            f"from _log_writes w where {where}) where newer < {limit}"
        )
        ((first,),) = _rows(org, query, values)
    source, values = _rows_of(asked, first)
    query = f"{CHANGES} {source} order by w.number desc, r.place desc limit {limit}"
    return _changes(org, _rows(org, query, values))


def total(org: Org, asked: Asked) -> int:
    """Tell how many changes there were, since whenever."""
    if asked.id is None:
        where, values = _where_write(asked)
        query = f"select coalesce(sum(written), 0) from _log_writes w where {where}"
    else:
        source, values = _rows_of(asked)
        query = f"select count(*) {source}"
    ((found,),) = _rows(org, query, values)
    return int(found)


def counts(org: Org, asked: Asked) -> dict[str, Any]:
    """Tell how many records were changed, how many changes there were, and the repeated ones."""
    source, values = _rows_of(asked)
    grouped = f"select r.id, count(*) as times {source} group by r.id"
    totals = f"select count(*), coalesce(sum(times), 0), coalesce(max(times), 0) from ({grouped})"
    ((records, changes, most),) = _rows(org, totals, values)
    several = _rows(
        org, f"select id, times from ({grouped}) where times > 1 order by id limit {LISTED}", values
    )
    ((last,),) = _rows(org, "select coalesce(max(number), 0) from _log_writes", [])
    return {
        "records": records,
        "changes": int(changes),
        "most": most,
        "repeated": dict(several),
        "last": str(last),
    }


def clear(org: Org) -> None:
    """Forget all changes."""
    with org.store.writing() as cursor:
        cursor.execute("delete from _log_rows")
        rules.clear(cursor)
        for path in (org.store.folder / "log").glob("*.parquet"):
            path.unlink()
        # Numbers go on, so that a `since` from before still holds.
        cursor.execute(
            "delete from _log_writes where number < (select max(number) from _log_writes)"
        )
        cursor.execute("update _log_writes set few = null, written = 0, refused = 0")


def _rows(org: Org, query: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    with org.store.cursor() as cursor:
        return cursor.execute(query, values).fetchall()


def _filled(org: Org, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Put the values of large writes, which are in files, where those of small ones are."""
    wanted: dict[int, list[int]] = {}
    for number, place, *_, in_file, _fields, _old, _new in rows:
        if in_file:
            wanted.setdefault(number, []).append(place)
    widths = {row[0]: len(row[FIELDS]) for row in rows}
    found: dict[tuple[int, int], list[Any]] = {}
    for number, places in wanted.items():
        path, width = file_of(org.store.folder, number), range(widths[number])
        query = (
            f"select n, {old_sql(width)}, {new_sql(width)} from read_parquet({literal(str(path))}) "
            "where n between ? and ?"
        )
        for place, *lists in _rows(org, query, [min(places), max(places)]):
            found[number, place] = lists
    return [(*row[:-2], *found.get((row[0], row[1]), row[-2:])) for row in rows]


def _rows_of(asked: Asked, first: int | None = None) -> tuple[str, dict[str, Any]]:
    """Give what rows and their writes are selected from, and the parameters of that SQL.

    Args:
        asked: Which changes.
        first: The number of the first write that is looked at.
    """
    which, values = _where_write(asked)
    after, place = asked.since
    values |= {"after": after, "place": place}
    which += " and w.number >= $after"
    if first is not None:
        values["first"] = first
        which += " and w.number >= $first"
    among, where = which, f"(w.number > $after or r.place > $place) and {which}"
    if asked.id is not None:
        values["id"] = normal(asked.id) or asked.id
        among, where = f"{which} and contains(few, $id)", f"{where} and r.id = $id"
    return f"from {rows_sql(among)} r join _log_writes w using (number) where {where}", values


def _where_write(asked: Asked) -> tuple[str, dict[str, Any]]:
    """Give the conditions on a write as a whole, and their parameters."""
    given = {
        "object": asked.object.lower() if asked.object else None,
        "job": (normal(asked.job) or asked.job) if asked.job else None,
        "request": asked.request,
    }
    known = {column: value for column, value in given.items() if value is not None}
    columns = {"object": "lower(w.object)", "job": "w.job", "request": "w.request"}
    return " and ".join(["true", *(f"{columns[key]} = ${key}" for key in known)]), known


def _changes(org: Org, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    changes = [_change(org, row) for row in _filled(org, rows)]
    with org.store.cursor() as cursor:
        ran = rules.of_writes(cursor, (change["number"] for change in changes))
    return [{**change, "assignment_rule": ran.get(change["number"])} for change in changes]


def _change(org: Org, row: tuple[Any, ...]) -> dict[str, Any]:
    number, place, moment, call, request, job, operation, created, named, record, _, *lists = row
    fields, old, new = lists
    target = org.store.objects.get(named.lower())
    said = [at for at, value in enumerate(new) if value is not None]
    return {
        "number": number,
        "row": place,
        "at": stamp(moment),
        "call": call,
        "request": request,
        "job": job,
        "operation": operation,
        "created": created,
        "object": named,
        "id": record,
        "fields": [fields[at] for at in said],
        "old": {fields[at]: _value(target, fields[at], old[at]) for at in said},
        "new": {fields[at]: _value(target, fields[at], new[at]) for at in said},
    }


def _value(target: ObjectType | None, field_name: str, text: str | None) -> Any:
    if text is None or text == CLEARED:
        return None
    field = target.find(field_name) if target is not None else None
    return text if field is None else _typed(field, text)


def _typed(field: Field, text: str) -> Any:
    if field.type in NUMBER_TYPES:
        return float(text)
    if field.type == "int":
        return int(text)
    if field.type == "boolean":
        return text == "true"
    return _moment(text) if field.type == "datetime" else text


def _moment(text: str) -> str:
    """Give a time as REST does; one that only an earlier version took, as it stands."""
    try:
        moment = datetime.fromisoformat(text)  # as it stood, or as it was sent: with a zone
        return stamp(moment.astimezone(UTC) if moment.tzinfo else moment)
    except (ValueError, OverflowError):  # of the year 10000, say
        return text
