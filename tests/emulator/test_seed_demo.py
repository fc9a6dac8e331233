"""The made-up records of a seeded org."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.emulator.clock import SystemClock
from crm_sink.emulator.seed import AlreadySeeded, seed
from crm_sink.emulator.standard import STAGES, standard_objects
from crm_sink.emulator.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def make(folder: Path, number: int = 7) -> Store:
    """Seed a store of its own with a few records."""
    store = Store.open(folder, SystemClock())
    store.add_objects(standard_objects().values())
    clock = SystemClock()
    seed(store, leads=200, accounts=20, contacts=30, opportunities=100, seed=number, clock=clock)
    return store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Give a seeded store that tests only read."""
    made = make(tmp_path_factory.mktemp("seeded"))
    yield made
    made.close()


def rows(store: Store, query: str) -> list[tuple[Any, ...]]:
    with store.cursor() as cursor:
        return cursor.execute(query).fetchall()


def test_counts_and_keys(store: Store) -> None:
    found = rows(store, "select count(*), min(Prospect_Id__c), max(Prospect_Id__c) from Lead")
    assert found == [(200, "P-000001", "P-000200")]
    assert rows(store, "select count(distinct Customer_Id__c) from Account") == [(20,)]
    assert rows(store, "select count(distinct Person_Id__c) from Contact") == [(30,)]
    assert rows(store, "select count(distinct Deal_Id__c) from Opportunity") == [(100,)]


def test_the_same_number_gives_the_same_people_and_another_one_others(
    store: Store, tmp_path: Path
) -> None:
    query = "select Id, FirstName, LastName, Company, Email, OwnerId from Lead order by Id"
    for number, is_same in ((7, True), (8, False)):
        other = make(tmp_path / str(number), number)
        assert (rows(other, query) == rows(store, query)) is is_same
        other.close()


def test_a_seed_is_the_same_on_every_machine(store: Store) -> None:
    query = "select FirstName, LastName, Company from Lead order by Id limit 2"
    assert rows(store, query) == [
        ("Rachel", "Mehta", "Pioneer Supply"),
        ("Catherine", "Popov", "Corvus Logistics"),
    ]


def test_nobody_real_can_be_reached(store: Store) -> None:
    query = (
        "select count(*) from Lead where Email not like '%@%.example' or Phone not like '%555-01__'"
    )
    assert rows(store, query) == [(0,)]


def test_records_are_owned_by_a_sales_team_of_35(store: Store) -> None:
    query = """select count(*), bool_and(u.Department = 'Sales') from Lead l
               join "User" u on u.Id = l.OwnerId"""
    assert rows(store, query) == [(200, True)]
    assert rows(store, """select count(*) from "User" where Department = 'Sales'""") == [(35,)]


def test_required_fields_are_given_and_values_fit_their_fields(store: Store) -> None:
    for one in ("lead", "account", "contact", "opportunity"):
        target = store.objects[one]
        for field in target.stored():
            if not field.nillable and field.type != "boolean":
                empty = f'select count(*) from "{target.name}" where "{field.name}" is null'
                assert rows(store, empty) == [(0,)], field.name
            if field.is_text and field.length:
                long = f'select max(length("{field.name}")) from "{target.name}"'
                assert (rows(store, long)[0][0] or 0) <= field.length, field.name


def test_contacts_and_deals_belong_to_accounts(store: Store) -> None:
    query = "select count(*) from {} x join Account a on a.Id = x.AccountId"
    assert rows(store, query.format("Contact")) == [(30,)]
    assert rows(store, query.format("Opportunity")) == [(100,)]


def test_a_deals_figures_follow_from_its_stage(store: Store) -> None:
    query = "select StageName, Probability, IsClosed, IsWon, CloseDate from Opportunity"
    for stage, probability, is_closed, is_won, closes in rows(store, query):
        assert (probability, is_closed, is_won) == STAGES[stage][:3]
        assert (closes < datetime.now(UTC).date()) == is_closed


def test_records_were_made_before_now(store: Store) -> None:
    query = "select max(LastModifiedDate), bool_and(CreatedDate <= LastModifiedDate) from Lead"
    ((latest, in_order),) = rows(store, query)
    assert latest.replace(tzinfo=UTC) <= datetime.now(UTC)
    assert in_order
    assert latest.year >= datetime.now(UTC).year - 2


def test_the_fields_of_the_mappings_are_there(store: Store) -> None:
    lead = store.objects["lead"]
    key, band, score = (
        lead.fields["prospect_id__c"],
        lead.fields["propensity_band__c"],
        lead.fields["propensity_score__c"],
    )
    assert (key.length, key.external_id, key.unique) == (40, True, True)
    assert (band.restricted, [one.value for one in band.values]) == (True, ["Hot", "Warm", "Cold"])
    assert (score.type, score.precision, score.scale) == ("double", 3, 0)


def test_an_org_is_seeded_once(store: Store) -> None:
    with pytest.raises(AlreadySeeded, match="200 Lead"):
        seed(store, leads=5, accounts=0, contacts=0, opportunities=0, clock=SystemClock())
