"""Why a prediction finds no record that it could be written to: queries of table `rejects`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import literal, name
from crm_sink.match.extras import CONVERTED

if TYPE_CHECKING:
    from crm_sink.engine import Engine, Relation


def collect_twins(present: Relation, engine: Engine) -> None:
    """Collect into temp table `twin_records` the keys that more than one record has."""
    engine.run(
        "create or replace temp table twin_records as "
        "select match_key, count(*) as records, string_agg(id, ', ' order by id) as ids "
        f"from (select match_key, id from {present.scan()} where match_key is not null) "
        "group by match_key having count(*) > 1"
    )


def _reject(code: str, message: str, hint: str, *, record: str, field: str = "null") -> str:
    """Give the select list of a match reject; message and hint are SQL text expressions."""
    return (
        f"select d.row, d.key, cast({record} as varchar) as id, 'match' as stage, "
        f"cast({field} as varchar) as field, "
        f"left(d.key, 255) as value, {literal(code)} as code, {message} as message, "
        f"{hint} as hint, 0::integer as attempts"
    )


def found_twice(desired: Relation, target: str, field: str) -> str:
    """Give the query of rows whose key is in temp table `twin_records`."""
    start = literal(f"more than one {target} has this {field}: ")
    message = f"{start} || left(t.ids, 200)"
    hint = literal(f"merge the records in Salesforce, or make {field} unique")
    return (
        _reject("FOUND_TWICE", message, hint, record="null", field=literal(field))
        + f" from {desired.scan()} d join twin_records t using (match_key)"
    )


def not_found(desired: Relation, present: Relation, target: str, field: str) -> str:
    """Give the query of rows whose key no record has."""
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


def converted(desired: Relation, present: Relation, *, twins: bool) -> str:
    """Give the query of rows whose lead was converted, apart from keys with twin records."""
    message = (
        "'the lead was converted; it lives on as contact ' || "
        "coalesce(p.\"ConvertedContactId\", '?') || ' of account ' || "
        "coalesce(p.\"ConvertedAccountId\", '?')"
    )
    hint = literal("score the contact instead: Salesforce does not let a converted lead be written")
    not_twin = " and d.match_key not in (select match_key from twin_records)" if twins else ""
    return (
        _reject("CONVERTED_LEAD", message, hint, record="p.id")
        + f" from {desired.scan()} d join {present.scan()} p using (match_key) "
        f"where p.{name(CONVERTED)}{not_twin}"
    )
