"""Where records stand in their tables, by a key: a guess in memory that its user must check.

Tables have no index, so that a bulk load is quick; looking a few keys up there reads a whole column
of the table, which at a million records costs more than all else of a small write. So the place of
each record is remembered by a digest of its key: 16 bytes a record, from the first small write on.
A place may be wrong when keys were changed or records deleted since, never dangerous: who finds
another record there goes the long way.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.dml.values import key_sql
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from crm_sink.emulator.schema import Field, ObjectType

# Reading a million keys and sorting them takes some 0.3 s; more are not worth their memory.
MOST = 4_000_000
# So many new ones are kept apart, before all are sorted again.
MOST_NEW = 20_000
# Rows of an uncommitted transaction have numbers from here on, which they lose at the end.
UNCOMMITTED = 1 << 50
# Rows of a table that stand so near each other are read as a range.
NEAR = 4096
# Planning more ranges than this costs more than looking each place up.
MOST_SPANS = 8


class Whereabouts:
    """The places of an org's records."""

    def __init__(self) -> None:
        self._lists: dict[tuple[str, str], _Places] = {}
        self._lock = threading.Lock()

    def find(
        self,
        cursor: duckdb.DuckDBPyConnection,
        target: ObjectType,
        field: Field,
        keys: Sequence[str],
    ) -> list[int] | None:
        """Give the row number (`rowid`) of each key's record, or None when one is not known.

        Args:
            cursor: A handle in the transaction.
            target: The object.
            field: Its Id, or a text field that is unique.
            keys: As they are compared: in lower case, unless case matters; ids have 18 characters.
        """
        digests = digests_of(cursor, field, keys)
        with self._lock:
            places = self._lists.setdefault((target.name, field.name), _Places(target, field))
            found = places.look(digests)
            if found is None and places.catch_up(cursor):
                found = places.look(digests)
        return found

    def forget(self, target: ObjectType, field: Field) -> None:
        """Forget the places by a field, after one of them was wrong or keys were changed."""
        with self._lock:
            self._lists.pop((target.name, field.name), None)


class _Places:
    """The places by one field: most of them sorted by digest, the newest in a dict."""

    def __init__(self, target: ObjectType, field: Field) -> None:
        self._table = name(target.name)
        self._key = name(field.name)
        self._digest = digest_sql(field, self._key)
        is_record = field.type == "id" or target.find("IsDeleted") is None
        self._live = "true" if is_record else "not IsDeleted"
        self._sorted: tuple[Any, Any] | None = None
        self._new: dict[int, int] = {}
        self._known = 0

    def look(self, digests: list[int]) -> list[int] | None:
        """Give the row of each digest, or None when one is not known."""
        import numpy

        found = [self._new.get(one, -1) for one in digests]
        if self._sorted is not None:
            known, rows = self._sorted
            wanted = numpy.array(digests, dtype="uint64")
            at = numpy.searchsorted(known, wanted).clip(max=len(known) - 1)
            found = numpy.where(known[at] == wanted, rows[at], numpy.array(found)).tolist()
        return None if -1 in found else found

    def catch_up(self, cursor: duckdb.DuckDBPyConnection) -> bool:
        """Read the places of rows that are new; say whether there are any."""
        ((rows_at_rest,),) = cursor.execute(f"select count(*) from {self._table}").fetchall()
        if rows_at_rest > MOST:
            return False
        found = cursor.execute(
            f"select {self._digest} as digest, rowid as place from {self._table} "
            f"where rowid >= {self._known} and rowid < {UNCOMMITTED} and {self._live} "
            f"and {self._key} is not null"
        ).fetchnumpy()
        digests, rows = found["digest"], found["place"]
        if not len(rows):
            return False
        self._known = int(rows.max()) + 1
        if len(rows) + len(self._new) < MOST_NEW:
            self._new |= zip(digests.tolist(), rows.tolist(), strict=True)
        else:
            self._sort(digests, rows)
        return True

    def _sort(self, digests: Any, rows: Any) -> None:
        import numpy

        size = len(self._new)
        new = (
            numpy.fromiter(self._new.keys(), "uint64", size),
            numpy.fromiter(self._new.values(), "int64", size),
        )
        parts = [part for part in (self._sorted, new, (digests, rows)) if part is not None]
        all_digests, all_rows = (numpy.concatenate(side) for side in zip(*parts, strict=True))
        order = numpy.argsort(all_digests, kind="stable")
        self._sorted, self._new = (all_digests[order], all_rows[order]), {}


def among(places: Sequence[int]) -> str:
    """Give SQL that says whether `rowid` is one of some places, or stands between them."""
    spans: list[list[int]] = []
    for place in sorted(places):
        if spans and place - spans[-1][1] <= NEAR:
            spans[-1][1] = place
        else:
            spans.append([place, place])
    if len(spans) > MOST_SPANS:
        return f"rowid in (select unnest({list(places)}))"
    return f"({' or '.join(f'rowid between {low} and {high}' for low, high in spans)})"


def digests_of(cursor: duckdb.DuckDBPyConnection, field: Field, keys: Sequence[str]) -> list[int]:
    """Give the digests of keys: of an id the digits that it is counted with, else DuckDB's hash."""
    if field.type == "id":
        return [int.from_bytes(key[7:15].encode(), "big") for key in keys]
    hashed = "select [hash(key) for key in $1::varchar[]]"
    ((digests,),) = cursor.execute(hashed, [list(keys)]).fetchall()
    return list(digests)


def digest_sql(field: Field, key: str) -> str:
    """Give SQL for the same of a stored key."""
    if field.type == "id":
        return f"try_cast('0x' || hex(substr({key}, 8, 8)) as ubigint)"
    return f"hash({compared(field, key)})"


def compared(field: Field, value: str) -> str:
    """Give SQL for what is compared of a key: of an id every character as it is."""
    return value if field.type == "id" else key_sql(field, value)
