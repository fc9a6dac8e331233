"""Finds out, after a lost answer, which records of a Collections call hold their new values.

A record that was to be created may be there because somebody else made it meanwhile. Who made it,
and when, tells: `undo` deletes what a run created, and must never delete what it did not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from crm_sink import tables
from crm_sink.crm.contract import Api, Read
from crm_sink.crm.policy import LONGEST_REQUEST, SKEW
from crm_sink.engine import literal, name
from crm_sink.errors import CrmError, Fate
from crm_sink.salesforce import payload, read_soql
from crm_sink.salesforce.identity import user_id
from crm_sink.schema import FieldSchema, FieldType
from crm_sink.tickets import Action

if TYPE_CHECKING:
    from datetime import datetime

    from crm_sink.crm.call import Send
    from crm_sink.crm.contract import Chunk
    from crm_sink.engine import Engine, Relation

ID = FieldSchema("Id", FieldType.ID, length=18, id_lookup=True)
CREATED_BY = FieldSchema("CreatedById", FieldType.REFERENCE, length=18)
CREATED_AT = FieldSchema("CreatedDate", FieldType.DATETIME)
CREATING = (Action.CREATE, Action.UPSERT)


@dataclass(frozen=True, slots=True)
class Sent:
    """When a call was first and last sent, by our clock."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """A change that was carried out.

    Attributes:
        index: Its place in the call.
        id: The record's.
        created: Whether the call made the record; None when that cannot be told.
    """

    index: int
    id: str
    created: bool | None


def done(send: Send, root: str, chunk: Chunk, engine: Engine, sent: Sent | None) -> list[Done]:
    """Read the records of a chunk back and compare them with what was to be written.

    A create is done when a record has its key that nobody else made; an update or upsert when
    every written field holds its new value; a delete when the record is gone.

    Args:
        send: Sends a call.
        root: The API's root.
        chunk: The chunk.
        engine: Where to compute.
        sent: When it was sent; None when that is not known.
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
            fields=_fields(chunk),
            keys=keys,
            api=Api.SOQL,
        )
        present = read_soql.read(send, root, query, engine=engine, into=present_file)
        ours = "null"
        if chunk.action in CREATING and present.rows:
            ours = _made_by_us(_user(send), sent)
        found = engine.rows(_compared(chunk, query, present, ours))
    finally:
        keys_file.unlink(missing_ok=True)
        present_file.unlink(missing_ok=True)
    return [Done(int(index), str(record_id), created) for index, record_id, created in found]


def _fields(chunk: Chunk) -> tuple[FieldSchema, ...]:
    if chunk.action is Action.DELETE:
        return ()
    if chunk.action not in CREATING:
        return chunk.fields
    known = {field.name.lower() for field in chunk.fields}
    more = (field for field in (CREATED_BY, CREATED_AT) if field.name.lower() not in known)
    return (*chunk.fields, *more)


def _user(send: Send) -> str | None:
    """Give our user; None when the org does not let us ask."""
    try:
        return user_id(send)
    except CrmError as error:
        if error.fate in (Fate.RETRY, Fate.RETRY_SLOWER):
            raise
        return None


def _made_by_us(user: str | None, sent: Sent | None) -> str:
    """Give the SQL that tells whether a call of ours made a record: true, false or null.

    It did when our user made it while the call can have been at work. Nobody else makes records in
    our name; but our user may be that of other tools, which made it earlier or later.
    """
    if user is None:
        return "null"
    by, at = f"p.{name(CREATED_BY.name)}", f"p.{name(CREATED_AT.name)}"
    within = "null"
    if sent is not None:
        from_, to = (
            literal(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}")
            for moment in (sent.first - SKEW, sent.last + LONGEST_REQUEST + SKEW)
        )
        within = f"if({at} between timestamp {from_} and timestamp {to}, true, null)"
    return (
        f"case when {by} is null then null when left({by}, 15) <> {literal(user)} then false "
        f"else {within} end"
    )


def _compared(chunk: Chunk, query: Read, present: Relation, ours: str) -> str:
    """Give the query of what is done: index, id, created."""
    column = "c.id" if chunk.action in (Action.UPDATE, Action.DELETE) else "c.key"
    same = f"{tables.match_key(query.key, column)} = p.match_key"
    pairs = f"({payload.numbered(chunk)}) as c left join {present.scan()} as p on {same}"
    if chunk.action is Action.DELETE:
        return f"select c.index, c.id, false from {pairs} where p.id is null"
    if chunk.action is Action.CREATE:
        # A trigger may have changed its values since. Another's record of that key is not ours.
        held = f"p.id is not null and ({ours}) is distinct from false"
    else:
        held = " and ".join(["p.id is not null", *(_holds(field) for field in chunk.fields)])
    created = f"({ours})" if chunk.action in CREATING else "false"
    ordered = f"{created} desc nulls last, p.id"
    return (
        f"select index, id, created from (select c.index, p.id, {created} as created, "
        f"row_number() over (partition by c.index order by {ordered}) as place "
        f"from {pairs} where {held}) where place = 1"
    )


def _holds(field: FieldSchema) -> str:
    column = name(field.name)
    # A lookup was written by key, which the org may spell otherwise.
    text = tables.match_key if field.lookup is not None else tables.text_of
    written, present = text(field, f"c.{column}"), text(field, f"p.{column}")
    return f"(not c.{tables.write(field.name)} or {written} is not distinct from {present})"
