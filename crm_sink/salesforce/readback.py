"""Finds out, after a lost answer, which records of a Collections call hold their new values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink import tables
from crm_sink.crm.contract import Api, Read
from crm_sink.engine import name
from crm_sink.salesforce import payload, read_soql
from crm_sink.schema import FieldSchema, FieldType
from crm_sink.tickets import Action

if TYPE_CHECKING:
    from crm_sink.crm.call import Send
    from crm_sink.crm.contract import Chunk
    from crm_sink.engine import Engine, Relation

ID = FieldSchema("Id", FieldType.ID, length=18, id_lookup=True)


def done(send: Send, root: str, chunk: Chunk, engine: Engine) -> list[tuple[int, str, bool]]:
    """Read the records of a chunk back and compare them with what was to be written.

    A create is done when a record has its key; an update or upsert when every written field holds
    its new value; a delete when the record is gone.

    Returns:
        For each change that is done: its place in the call, the record's id, whether it is new.
    """
    by_id = chunk.action in (Action.UPDATE, Action.DELETE)
    keys_file = chunk.file(f"keys-{chunk.number}.parquet")
    present_file = chunk.file(f"readback-{chunk.number}.parquet")
    column = "id" if by_id else "key"
    try:
        keys = engine.save(f"select {column} as key from {chunk.changes.scan()}", keys_file)
        query = Read(
            object=chunk.object,
            key=ID if by_id else chunk.key,
            fields=() if chunk.action is Action.DELETE else chunk.fields,
            keys=keys,
            api=Api.SOQL,
        )
        present = read_soql.read(send, root, query, engine=engine, into=present_file)
        found = engine.rows(_compared(chunk, query, present))
    finally:
        keys_file.unlink(missing_ok=True)
        present_file.unlink(missing_ok=True)
    return [(int(index), str(record_id), bool(is_new)) for index, record_id, is_new in found]


def _compared(chunk: Chunk, query: Read, present: Relation) -> str:
    column = "c.id" if chunk.action in (Action.UPDATE, Action.DELETE) else "c.key"
    same = f"{tables.match_key(query.key, column)} = p.match_key"
    pairs = f"({payload.numbered(chunk)}) as c left join {present.scan()} as p on {same}"
    is_new = {Action.CREATE: "true", Action.UPSERT: "c.id is null"}.get(chunk.action, "false")
    if chunk.action is Action.DELETE:
        return f"select c.index, c.id, {is_new} from {pairs} where p.id is null"
    # A create is made once: a trigger may have changed its values since.
    fields = () if chunk.action is Action.CREATE else chunk.fields
    held = " and ".join(["p.id is not null", *(_holds(field) for field in fields)])
    return f"select c.index, min(p.id), {is_new} from {pairs} where {held} group by all"


def _holds(field: FieldSchema) -> str:
    column = name(field.name)
    # A lookup was written by key, which the org may spell otherwise.
    text = tables.match_key if field.lookup is not None else tables.text_of
    written, present = text(field, f"c.{column}"), text(field, f"p.{column}")
    return f"(not c.{tables.write(field.name)} or {written} is not distinct from {present})"
