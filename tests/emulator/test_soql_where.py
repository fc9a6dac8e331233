"""Which records a WHERE finds: literal rows in, ids out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import duckdb
import pytest

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.seed import custom_field
from crm_sink.emulator.soql.scope import Reading
from crm_sink.emulator.soql.translate import translate
from crm_sink.emulator.sql import name
from crm_sink.emulator.standard import standard_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Names = Callable[[str], list[str]]

NOW = datetime(2026, 11, 20, 6, 0)  # a Friday
TAGS = custom_field("Tags__c", "MultiselectPicklist(Gold, Silver, Old)")

ACCOUNTS = """
insert into Account by name
select * from (values
  ('001000000000001AAA', 'Acme',      'Banking', 10,   1.5,  true,  date '2026-11-19', 'Gold;Old'),
  ('001000000000002AAA', 'acme west', null,     20,   null, false, date '2026-11-20', 'Silver'),
  ('001000000000003AAA', 'O''Hara_1', 'Energy',  null, 3.0,  false, null,              null)
) v(Id, Name, Industry, NumberOfEmployees, AnnualRevenue, Flag__c, LastActivityDate, Tags__c)
"""
CONTACTS = """
insert into Contact by name
select * from (values
  ('003000000000001AAA', 'Ann', 'Lee', '001000000000001AAA', timestamp '2026-11-20 05:59:59'),
  ('003000000000002AAA', null, 'Orr', null,                  timestamp '2026-11-13 00:00:00')
) v(Id, FirstName, LastName, AccountId, CreatedDate)
"""


@pytest.fixture
def names() -> Iterator[Names]:
    """Give the names of the records that a condition finds, in the order of their ids."""
    objects = dict(standard_objects())
    flag = custom_field("Flag__c", "Checkbox")
    objects["account"] = objects["account"].with_field(flag).with_field(TAGS)
    connection = duckdb.connect()
    for one in objects.values():
        columns = ", ".join(f"{name(f.name)} {f.duckdb_type}" for f in one.stored())
        connection.execute(f"create table {name(one.name)} ({columns})")
    for text in (ACCOUNTS, CONTACTS):
        connection.execute(text)
    for table in ("Account", "Contact"):
        connection.execute(f"update {table} set IsDeleted = false")

    def ask(soql: str) -> list[str]:
        found = translate(soql, Reading(objects, NOW))
        text = found.select(found.columns[0].sql)
        return [row[0] for row in connection.execute(text, found.parameters).fetchall()]

    yield ask
    connection.close()


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Name = 'ACME'", ["Acme"]),  # text is compared without regard to case
        ("Industry != 'Banking'", ["acme west", "O'Hara_1"]),  # != keeps records without a value
        ("Industry <> 'banking'", ["acme west", "O'Hara_1"]),
        ("NOT Industry = 'Banking'", ["acme west", "O'Hara_1"]),
        ("Industry NOT IN ('Banking', 'Energy')", ["acme west"]),
        ("Industry IN ('energy', null)", ["acme west", "O'Hara_1"]),
        ("Industry = null", ["acme west"]),
        ("Industry = ''", ["acme west"]),  # a text field never holds an empty string
        ("Industry != null", ["Acme", "O'Hara_1"]),
        ("NumberOfEmployees > 10", ["acme west"]),
        ("NumberOfEmployees <= 20", ["Acme", "acme west"]),
        ("NumberOfEmployees != 10", ["acme west", "O'Hara_1"]),
        ("AnnualRevenue = 1.5", ["Acme"]),
        ("AnnualRevenue IN (3, 4)", ["O'Hara_1"]),
        ("Flag__c = TRUE", ["Acme"]),
        ("Flag__c = false", ["acme west", "O'Hara_1"]),
        ("Name LIKE 'aCm%'", ["Acme", "acme west"]),
        ("Name LIKE 'acm_'", ["Acme"]),
        (r"Name LIKE '%\_1'", ["O'Hara_1"]),
        (r"Name LIKE '%\%%'", []),
        (r"Name = 'O\'Hara_1'", ["O'Hara_1"]),
        (r"Name = '\u0041cme'", ["Acme"]),
        ("(NOT Name LIKE 'acme%')", ["O'Hara_1"]),
        ("LastActivityDate = 2026-11-19", ["Acme"]),
        ("LastActivityDate = YESTERDAY OR LastActivityDate = TODAY", ["Acme", "acme west"]),
        ("LastActivityDate != TODAY", ["Acme", "O'Hara_1"]),
        ("LastActivityDate < TODAY", ["Acme"]),
        ("LastActivityDate IN (TODAY)", ["acme west"]),
        ("Tags__c INCLUDES ('Gold;Old', 'Silver')", ["Acme", "acme west"]),
        ("Tags__c INCLUDES ('Gold;Silver')", []),
        ("Tags__c EXCLUDES ('Gold')", ["acme west", "O'Hara_1"]),
        ("Id = '001000000000001'", ["Acme"]),  # 15 characters find the same record
        ("Id IN (SELECT AccountId FROM Contact)", ["Acme"]),
        ("Id NOT IN (SELECT AccountId FROM Contact WHERE LastName = 'Lee')",
         ["acme west", "O'Hara_1"]),
        ("(Name = 'Acme' OR Name = 'x') AND NumberOfEmployees = 10", ["Acme"]),
    ],
)  # fmt: skip
def test_condition_finds(names: Names, condition: str, found: list[str]) -> None:
    assert names(f"SELECT Name FROM Account WHERE {condition} ORDER BY Id") == found


def test_a_list_of_many_values_finds_the_same_as_a_short_one(names: Names) -> None:
    many = ", ".join(f"'x{number}'" for number in range(500))
    assert names(f"SELECT Name FROM Account WHERE Name IN ({many}, 'ACME')") == ["Acme"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Account.Name = 'acme'", ["Lee"]),
        ("Account.Name != 'acme'", ["Orr"]),  # no parent: its name is null
        ("Account.Industry = null", ["Orr"]),
        ("Name = 'ann lee'", ["Lee"]),  # a person's name is put together
        ("CreatedDate = TODAY", ["Lee"]),
        ("CreatedDate = LAST_N_DAYS:7", ["Lee", "Orr"]),
        ("CreatedDate = N_DAYS_AGO:7", ["Orr"]),
        ("CreatedDate < 2026-11-20T05:59:59Z", ["Orr"]),
        ("CreatedDate >= 2026-11-20T07:59:59+02:00", ["Lee"]),
        ("DAY_ONLY(CreatedDate) = 2026-11-13", ["Orr"]),
        ("CALENDAR_YEAR(CreatedDate) = 2026", ["Lee", "Orr"]),
    ],
)
def test_condition_on_a_person_or_a_moment(names: Names, condition: str, found: list[str]) -> None:
    assert names(f"SELECT LastName FROM Contact WHERE {condition} ORDER BY Id") == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("Name", ["Acme", "acme west", "O'Hara_1"]),
        ("Name DESC", ["O'Hara_1", "acme west", "Acme"]),
        ("NumberOfEmployees", ["O'Hara_1", "Acme", "acme west"]),  # nulls come first
        ("NumberOfEmployees DESC", ["O'Hara_1", "acme west", "Acme"]),
        ("NumberOfEmployees DESC NULLS LAST", ["acme west", "Acme", "O'Hara_1"]),
        ("Industry NULLS LAST", ["Acme", "O'Hara_1", "acme west"]),
        ("Name LIMIT 1 OFFSET 1", ["acme west"]),
    ],
)
def test_order_by(names: Names, order: str, found: list[str]) -> None:
    assert names(f"SELECT Name FROM Account ORDER BY {order}") == found


def test_a_picklist_is_sorted_by_the_order_of_its_values(names: Names) -> None:
    """Banking stands before Energy in the list; values outside it come last."""
    found = names("SELECT Name FROM Account WHERE Industry != null ORDER BY Industry DESC")
    assert found == ["O'Hara_1", "Acme"]


def refused(names: Names, soql: str) -> tuple[str, str]:
    with pytest.raises(ApiError) as caught:
        names(soql)
    assert caught.value.status == 400
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(
    ("condition", "at", "code", "message"),
    [
        ("Name = 5", 37, "INVALID_FIELD", "value of filter criterion for field 'Name' must be of "
         "type string and should be enclosed in quotes"),
        ("CreatedDate > '2026-01-01'", 44, "INVALID_FIELD", "value of filter criterion for field "
         "'CreatedDate' must be of type dateTime and should not be enclosed in quotes"),
        ("CreatedDate > 2026-01-01", 44, "INVALID_FIELD", "value of filter criterion for field "
         "'CreatedDate' must be of type dateTime and should not be enclosed in quotes"),
        ("Flag__c = 'true'", 40, "INVALID_FIELD", "value of filter criterion for field 'Flag__c' "
         "must be of type boolean and should not be enclosed in quotes"),
        ("Description = 'x'", 30, "INVALID_FIELD",
         "field 'Description' can not be filtered in a query call"),
        ("Id = 'abc'", 35, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
        ("NumberOfEmployees LIKE 5", 30, "INVALID_FIELD", "invalid operator on int field"),
        ("LastActivityDate = TODAYISH", 48, "MALFORMED_QUERY", "unexpected token: 'TODAYISH'"),
        ("LastActivityDate = 2026-02-30", 48, "MALFORMED_QUERY", "unexpected token: '2026-02-30'"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_at_its_place(
    names: Names, condition: str, at: int, code: str, message: str
) -> None:
    found = refused(names, f"SELECT Id FROM Account WHERE {condition}")
    assert found[0] == code
    assert found[1].endswith(f"^\nERROR at Row:1:Column:{at}\n{message}")
