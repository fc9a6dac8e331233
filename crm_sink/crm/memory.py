"""A CRM of dicts, for tests: it obeys the contract, and checks only what the contract speaks of.

Not imitated: types, lengths, permissions, limits. Values are held as the Python values of
`tables.sql_type`; the local org (`crm-sink org`) is the place for what Salesforce does to values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from threading import RLock
from typing import TYPE_CHECKING, Any

from crm_sink import tables
from crm_sink.crm.contract import Budget, Progress
from crm_sink.engine import name
from crm_sink.errors import CrmError, Fate
from crm_sink.schema import FieldSchema, FieldType
from crm_sink.tickets import Action, Ticket

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from crm_sink.crm.contract import Chunk, Read, Remember
    from crm_sink.engine import Engine, Relation
    from crm_sink.schema import ObjectSchema

Row = dict[str, Any]


@dataclass
class Memory:
    """Records by object name and id; `schemas` by object name.

    Attributes:
        schemas: What `describe` gives.
        records: Object name to record id to values by field name; changed by writing.
        refusals: Record id or key to (code, message): rows that are refused when written.
        passing: The same, but each refusal of a row is given once.
        sizes: How many rows each chunk had that was written.
        modified: SystemModstamp of every record.
        calls: How many methods were called.
    """

    schemas: dict[str, ObjectSchema]
    records: dict[str, dict[str, Row]] = field(default_factory=dict)
    refusals: dict[str, tuple[str, str]] = field(default_factory=dict)
    passing: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    sizes: list[int] = field(default_factory=list)
    modified: datetime = datetime(2026, 11, 20, 6, 0)  # UTC, as all our times
    calls: int = 0
    _outcomes: dict[str, list[Row]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def describe(self, object_name: str) -> ObjectSchema:
        """Describe an object."""
        self.calls += 1
        found = {known.lower(): schema for known, schema in self.schemas.items()}
        if object_name.lower() not in found:
            raise CrmError(f"there is no object {object_name}", code="NOT_FOUND", fate=Fate.STOP)
        return found[object_name.lower()]

    def read(self, query: Read, engine: Engine, into: Path) -> Relation:
        """Read records into table `present`."""
        self.calls += 1
        with self._lock:
            held = [
                {"Id": record_id, **row}
                for record_id, row in self.records.get(query.object, {}).items()
            ]
        columns = {"id": "VARCHAR", "modified": "TIMESTAMP", "key": tables.sql_type(query.key)}
        columns |= {f".{item.name}": tables.sql_type(item) for item in query.fields}
        rows = [
            [
                row["Id"],
                self.modified,
                row.get(query.key.name),
                *(row.get(item.name) for item in query.fields),
            ]
            for row in held
            if row.get(query.key.name) is not None
        ]
        source = _table(engine, columns, rows)
        key = tables.match_key(query.key, "key")
        values = [f"{name('.' + item.name)} as {name(item.name)}" for item in query.fields]
        sql = (
            f"select {', '.join(['id', f'{key} as match_key', 'modified', *values])} from {source}"
        )
        if query.keys is not None:
            wanted = f"select {tables.match_key(query.key, 'key')} from {query.keys.scan()}"
            sql += f" where {key} in ({wanted})"
        return engine.save(sql, into)

    def submit(self, chunk: Chunk, engine: Engine, remember: Remember) -> Ticket:
        """Write a chunk, once: a chunk whose ticket is closed was written before."""
        self.calls += 1
        if chunk.ticket is not None and chunk.ticket.closed:
            return chunk.ticket
        with self._lock:
            job = f"job-{len(self._outcomes) + 1}"
            remember(Ticket(chunk.api, job))
            cells = ", ".join(
                f"{name(item.name)}, {tables.write(item.name)}" for item in chunk.fields
            )
            select = (
                f"select chunk, row, key, id{', ' + cells if cells else ''} "
                f"from {chunk.changes.scan()}"
            )
            self.sizes.append(chunk.changes.rows)
            self._outcomes[job] = [self._write(chunk, *row) for row in engine.rows(select)]
        ticket = Ticket(chunk.api, job, uploaded=True, closed=True)
        remember(ticket)
        return ticket

    def progress(self, ticket: Ticket) -> Progress:
        """Tell that all is done: writing does not wait."""
        self.calls += 1
        return Progress.DONE

    def collect(self, chunk: Chunk, ticket: Ticket, engine: Engine, into: Path) -> Relation:
        """Give the outcomes of a chunk."""
        self.calls += 1
        outcomes = self._outcomes[ticket.job or ""]
        rows = [[outcome[column] for column in tables.OUTCOMES] for outcome in outcomes]
        return engine.save(f"select * from {_table(engine, tables.OUTCOMES, rows)}", into)

    def budget(self) -> Budget:
        """Tell that the day has a hundred thousand calls."""
        return Budget(100_000, 100_000 - self.calls, self.calls)

    def _write(self, chunk: Chunk, planned_in: int, row: int | None, key: str, *more: Any) -> Row:
        record_id: str | None = more[0]
        cells = more[1:]
        outcome = dict.fromkeys(tables.OUTCOMES) | {
            "chunk": planned_in,
            "row": row,
            "key": key,
            "id": record_id,
            "ok": False,
            "created": False,
        }
        held = self.records.setdefault(chunk.object, {})
        refusal = self._refusal(key, record_id)
        if refusal is None and record_id is None:
            record_id, refusal = self._find_or_make(chunk, held, key)
            outcome["created"] = refusal is None and record_id not in held
        elif refusal is None and record_id not in held:
            refusal = ("ENTITY_IS_DELETED", "entity is deleted")
        if refusal is not None or record_id is None:
            code, message = refusal or ("MISSING_ARGUMENT", "Id not specified in an update call")
            return outcome | {"code": code, "message": message, "created": False}
        self._apply(chunk, held, key, record_id, cells)
        return outcome | {"id": record_id, "ok": True}

    def _refusal(self, key: str, record_id: str | None) -> tuple[str, str] | None:
        for known in (key, record_id or ""):
            if self.passing.get(known):
                return self.passing[known].pop(0)
        return self.refusals.get(key) or self.refusals.get(record_id or "")

    def _find_or_make(
        self, chunk: Chunk, held: dict[str, Row], key: str
    ) -> tuple[str | None, tuple[str, str] | None]:
        if chunk.action is Action.UPDATE:
            return None, ("MISSING_ARGUMENT", "Id not specified in an update call")
        same = [
            record_id
            for record_id, row in held.items()
            if _comparable(chunk.key, row.get(chunk.key.name)) == _comparable(chunk.key, key)
        ]
        if len(same) > 1:
            return None, ("DUPLICATE_EXTERNAL_ID", "more than one record found for external id")
        if same and chunk.action is Action.CREATE:
            return None, ("DUPLICATE_VALUE", f"duplicate value found: {chunk.key.name}")
        prefix = self.schemas[chunk.object].key_prefix
        return same[0] if same else f"{prefix}{len(held) + 1:012}AAA", None

    def _apply(
        self,
        chunk: Chunk,
        held: dict[str, Row],
        key: str,
        record_id: str,
        cells: Sequence[Any],
    ) -> None:
        if chunk.action is Action.DELETE:
            del held[record_id]
            return
        row = held.setdefault(record_id, {})
        if chunk.action is not Action.UPDATE:
            row.setdefault(chunk.key.name, key)
        for item, value, written in zip(chunk.fields, cells[::2], cells[1::2], strict=True):
            if written:
                row[item.name] = value


def _comparable(key: FieldSchema, value: object) -> str:
    text = str(value).strip()
    if key.type in (FieldType.ID, FieldType.REFERENCE):
        return text[:15]
    return text if key.case_sensitive else text.lower()


def _table(engine: Engine, columns: dict[str, str], rows: Iterable[Sequence[Any]]) -> str:
    """Make a temporary table of Python rows. Slow by the row: for tests only."""
    declared = ", ".join(f"{name(column)} {kind}" for column, kind in columns.items())
    engine.run(f"create or replace temp table memory_rows ({declared})")
    marks = ", ".join("?" for _ in columns)
    for row in rows:
        engine.run(f"insert into memory_rows values ({marks})", row)
    return "memory_rows"
