"""Fills an org with a sales team, leads, accounts, contacts and opportunities.

The same seed number gives the same records, but for their dates, which are before the clock's
now. Everything is made set-based in DuckDB, in batches, so that memory does not grow.

Not imitated: campaigns, activities, converted leads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator import ids
from crm_sink.emulator.seed import columns, deals
from crm_sink.emulator.seed.columns import Past, Recipe, literal_list
from crm_sink.emulator.seed.draws import Draws
from crm_sink.emulator.seed.fields import custom_field
from crm_sink.emulator.seed.team import team
from crm_sink.emulator.sql import name

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.clock import Clock
    from crm_sink.emulator.schema import Field
    from crm_sink.emulator.store import Store

BATCH = 500_000
KEYS = {
    "Lead": custom_field("Prospect_Id__c", "Text(40)", external_id=True),
    "Account": custom_field("Customer_Id__c", "Text(40)", external_id=True),
    "Contact": custom_field("Person_Id__c", "Text(40)", external_id=True),
    "Opportunity": custom_field("Deal_Id__c", "Text(40)", external_id=True),
}
# The fields that the mappings of the package write to.
PREDICTIONS = {
    "Lead": (
        custom_field("Propensity_Score__c", "Number(3, 0)"),
        custom_field("Propensity_Band__c", "Picklist(Hot, Warm, Cold)"),
        custom_field("Propensity_Reasons__c", "LongTextArea(1024)"),
        custom_field("Scored_At__c", "DateTime"),
    ),
    "Account": (
        custom_field("Churn_Risk__c", "Percent(5, 2)"),
        custom_field("Churn_Band__c", "Picklist(High, Medium, Low)"),
        custom_field("Churn_Reasons__c", "LongTextArea(1024)"),
        custom_field("Churn_Scored_At__c", "DateTime"),
    ),
    "Contact": (
        custom_field("Next_Best_Offer__c", "Text(80)"),
        custom_field("Next_Best_Offer_Score__c", "Number(3, 0)"),
        custom_field("Offer_Scored_At__c", "DateTime"),
    ),
    "Opportunity": (
        custom_field("Win_Probability__c", "Percent(5, 2)"),
        custom_field("Win_Band__c", "Picklist(High, Medium, Low)"),
        custom_field("Win_Reasons__c", "LongTextArea(1024)"),
        custom_field("Win_Scored_At__c", "DateTime"),
    ),
}


class AlreadySeeded(Exception):
    """The org holds records of an object that was to be seeded."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """How many records a seed made of each object."""

    leads: int
    accounts: int
    contacts: int
    opportunities: int


def seed(
    store: Store,
    *,
    leads: int = 10_000,
    accounts: int = 500,
    contacts: int = 1500,
    opportunities: int = 1000,
    seed: int = 7,
    clock: Clock,
    predictions: bool = True,
) -> Seeded:
    """Fill an org.

    Args:
        store: The org's records.
        leads: How many leads; their Prospect_Id__c is P-000001, P-000002, ...
        accounts: How many accounts; Customer_Id__c C-000001, ...
        contacts: How many contacts, of those accounts in turn; Person_Id__c N-000001, ...
        opportunities: How many opportunities with those accounts; Deal_Id__c D-000001, ...
        seed: Another number gives other records.
        clock: Records were made within two years before its now.
        predictions: Whether to add the custom fields that the package's mappings write to.

    Raises:
        AlreadySeeded: The org holds records of one of the objects asked for.
    """
    wanted = {"Account": accounts, "Lead": leads, "Contact": contacts, "Opportunity": opportunities}
    _check_empty(store, wanted)
    for object_name, key in KEYS.items():
        more = PREDICTIONS[object_name] if predictions else ()
        add_missing(store, object_name, (key, *more))
    with store.writing() as cursor:
        past = Past(clock.now(), first_user(cursor))
        owners = literal_list(team(store, cursor, past))
        for object_name, count in wanted.items():
            if count:
                _fill(store, cursor, object_name, count, _recipe(object_name, seed, past, owners))
    return Seeded(leads, accounts, contacts, opportunities)


def add_missing(store: Store, object_name: str, fields: tuple[Field, ...]) -> list[str]:
    """Add those fields that an object lacks, and give their names."""
    target = store.objects[object_name.lower()]
    missing = [field for field in fields if target.find(field.name) is None]
    if missing:
        store.add_fields(target.name, missing)
    return [field.name for field in missing]


def first_user(cursor: duckdb.DuckDBPyConnection) -> str:
    """Give the org's default user: the one that was there first."""
    row = cursor.execute('select Id from "User" order by CreatedDate, Id limit 1').fetchone()
    return str(row[0]) if row else ids.record_id("005", 0)


def _check_empty(store: Store, wanted: dict[str, int]) -> None:
    with store.cursor() as cursor:
        for object_name, count in wanted.items():
            row = cursor.execute(f"select count(*) from {name(object_name)}").fetchone()
            if count and row and row[0]:
                raise AlreadySeeded(f"the org already has {row[0]:,} {object_name} records")


def _recipe(object_name: str, seed: int, past: Past, owners: str) -> Recipe:
    draws = Draws(seed, object_name)
    if object_name == "Lead":
        return columns.lead(draws, past, owners)
    if object_name == "Account":
        return columns.account(draws, past, owners)
    return (
        columns.contact(draws, past) if object_name == "Contact" else deals.opportunity(draws, past)
    )


def _fill(
    store: Store, cursor: duckdb.DuckDBPyConnection, object_name: str, count: int, recipe: Recipe
) -> None:
    """Insert records in batches."""
    target = store.objects[object_name.lower()]
    first = store.reserve(cursor, target.name, count)
    made = {"Id": "new_id", **recipe.columns}
    selected = ", ".join(f"{sql} as {name(column)}" for column, sql in made.items())
    helpers = ", ".join(f"{sql} as {column}" for column, sql in recipe.helpers.items())
    parents = ""
    if "account_id" in made.values():
        helpers += ", a.Id as account_id, a.Name as account_name, a.OwnerId as account_owner"
        parents = _accounts(cursor, spread=object_name == "Opportunity")
    for start in range(1, count + 1, BATCH):
        rows = f"select i from range({start}, {min(start + BATCH, count + 1)}) numbers(i)"
        numbered = ids.numbered_sql(rows, target.key_prefix, f"{first - 1} + i")
        source = f"(select numbered.*, {helpers} from ({numbered}) numbered{parents})"
        cursor.execute(f"insert into {name(target.name)} by name select {selected} from {source}")


def _accounts(cursor: duckdb.DuckDBPyConnection, *, spread: bool) -> str:
    """Give the join that hands each row an account: in turn, or spread unevenly."""
    row = cursor.execute("select count(*) from Account").fetchone()
    count = max(1, int(row[0]) if row else 0)
    numbered = "select row_number() over (order by Id) as k, Id, Name, OwnerId from Account"
    place = f"1 + (i * 7919 + i * i) % {count}" if spread else f"1 + (i - 1) % {count}"
    return f" left join ({numbered}) a on a.k = {place}"
