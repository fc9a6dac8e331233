"""Pair predictions with the records they speak of.

Pure SQL over relations: it reads no CRM and decides nothing about values. A key without a record,
or with more than one, becomes a reject (unless records may be created); so does a converted lead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import literal, name
from crm_sink.match.extras import CONVERTED
from crm_sink.tables import before

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crm_sink.engine import Engine, Relation
    from crm_sink.schema import FieldSchema, ObjectSchema


@dataclass(frozen=True, slots=True)
class Matched:
    """Predictions beside their records.

    Attributes:
        table: A SQL table expression: row, key, id (null: to be created), modified, parent (null
            where the object has none), each mapped field F (desired) and "F.before" (present).
        rejects: Rows that found no record, or not one record (table `rejects`).
    """

    table: str
    rejects: Relation


@dataclass(frozen=True, slots=True)
class Pairing:
    """What pairing needs to know of the destination."""

    schema: ObjectSchema
    key: FieldSchema
    fields: Sequence[FieldSchema]
    parent: FieldSchema | None
    create: bool  # a key without a record makes one


def pair(
    desired: Relation, present: Relation, pairing: Pairing, engine: Engine, into: Path
) -> Matched:
    """Pair desired rows with present records by their match key.

    Args:
        desired: Table `desired`.
        present: Table `present`, with the mapped fields and the extra ones.
        pairing: The destination.
        engine: Where to compute.
        into: The Parquet file for the rejects.
    """
    engine.run(
        "create or replace temp table twin_records as "
        "select match_key, count(*) as records, string_agg(id, ', ' order by id) as ids "
        f"from (select match_key, id from {present.scan()} where match_key is not null) "
        "group by match_key having count(*) > 1"
    )
    refusals = [_found_twice(desired, pairing)]
    if not pairing.create:
        refusals.append(_not_found(desired, present, pairing))
    if CONVERTED in engine.columns(present.scan()):
        refusals.append(_converted(desired, present))
    rejects = engine.save(" union all ".join(f"({refusal})" for refusal in refusals), into)
    return Matched(_join(desired, present, pairing, engine), rejects)


def _reject(code: str, message: str, hint: str, *, record: str, field: str = "null") -> str:
    """Give the select list of a match reject; message and hint are SQL text expressions."""
    return (
        f"select d.row, d.key, {record} as id, 'match' as stage, {field} as field, "
        f"left(d.key, 255) as value, {literal(code)} as code, {message} as message, "
        f"{hint} as hint, 0::integer as attempts"
    )


def _found_twice(desired: Relation, pairing: Pairing) -> str:
    field = pairing.key.name
    start = literal(f"more than one {pairing.schema.name} has this {field}: ")
    message = f"{start} || left(t.ids, 200)"
    hint = literal(f"merge the records in Salesforce, or make {field} unique")
    return (
        _reject("FOUND_TWICE", message, hint, record="null", field=literal(field))
        + f" from {desired.scan()} d join twin_records t using (match_key)"
    )


def _not_found(desired: Relation, present: Relation, pairing: Pairing) -> str:
    field, target = pairing.key.name, pairing.schema.name
    message = literal(f"no {target} has this {field}")
    hint = literal(
        f"check the key; or write `missing: create` under `match:` to create the {target}"
        if field != "Id"
        else f"the {target} was deleted, or the user may not see it"
    )
    return (
        _reject("NOT_FOUND", message, hint, record="null", field=literal(field))
        + f" from {desired.scan()} d where d.match_key not in "
        f"(select match_key from {present.scan()} where match_key is not null)"
    )


def _converted(desired: Relation, present: Relation) -> str:
    message = (
        "'the lead was converted; it lives on as contact ' || "
        "coalesce(p.\"ConvertedContactId\", '?') || ' of account ' || "
        "coalesce(p.\"ConvertedAccountId\", '?')"
    )
    hint = literal("score the contact instead: Salesforce does not let a converted lead be written")
    return (
        _reject("CONVERTED_LEAD", message, hint, record="p.id")
        + f" from {desired.scan()} d join {present.scan()} p using (match_key) "
        f"where p.{name(CONVERTED)} and d.match_key not in (select match_key from twin_records)"
    )


def _join(desired: Relation, present: Relation, pairing: Pairing, engine: Engine) -> str:
    fields = "".join(
        f", d.{name(field.name)}, p.{name(field.name)} as {before(field.name)}"
        for field in pairing.fields
    )
    parent = f"p.{name(pairing.parent.name)}" if pairing.parent else "cast(null as varchar)"
    converted = (
        f" and not coalesce(p.{name(CONVERTED)}, false)"
        if CONVERTED in engine.columns(present.scan())
        else ""
    )
    kind = "left join" if pairing.create else "join"
    return (
        f"(select d.row, d.key, p.id, p.modified, {parent} as parent{fields} "
        f"from {desired.scan()} d {kind} {present.scan()} p on d.match_key = p.match_key "
        f"where d.match_key not in (select match_key from twin_records){converted})"
    )
