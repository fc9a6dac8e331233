"""What a SELECT gives: literal rows in, the JSON text of each record out."""

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

    Records = Callable[[str], list[str]]

ROWS = (
    """insert into "User" by name select '005000000000001AAA' as Id, 'Ann' as FirstName,
       'Reed' as LastName, '00e000000000001AAA' as ProfileId""",
    "insert into Profile by name select '00e000000000001AAA' as Id, 'Rep' as Name",
    """insert into Account by name select * from (values
       ('001000000000001AAA', 'Acme', 139000000.0, '005000000000001AAA', 'Berlin', 'DE', 'Banking'),
       ('001000000000002AAA', 'Zeta "2"', null, null, null, null, 'Banking')
       ) v(Id, Name, AnnualRevenue, OwnerId, BillingCity, BillingCountry, Industry)""",
    """insert into Contact by name select * from (values
       ('003000000000001AAA', 'A', 'Lee', '001000000000001AAA', timestamp '2026-11-20 10:00:00.5'),
       ('003000000000002AAA', null, 'Orr', '001000000000001AAA', timestamp '2026-11-01 00:00:00'),
       ('003000000000003AAA', 'C', 'Poe', null, null)
       ) v(Id, FirstName, LastName, AccountId, CreatedDate)""",
    "update Account set IsDeleted = Id like '%9%', NumberOfEmployees = 7, Score__c = 41",
    "update Contact set IsDeleted = false, Birthdate = date '1990-02-03'",
)


@pytest.fixture
def records() -> Iterator[Records]:
    """Give the JSON texts of the records of a query."""
    objects = dict(standard_objects())
    objects["account"] = objects["account"].with_field(custom_field("Score__c", "Number(3, 0)"))
    connection = duckdb.connect()
    for one in objects.values():
        columns = ", ".join(f"{name(f.name)} {f.duckdb_type}" for f in one.stored())
        connection.execute(f"create table {name(one.name)} ({columns})")
    for text in ROWS:
        connection.execute(text)

    def ask(soql: str) -> list[str]:
        found = translate(soql, Reading(objects, datetime(2026, 11, 20), "63.0"))
        text = found.select(f"{found.record}::varchar")
        return [row[0] for row in connection.execute(text, found.parameters).fetchall()]

    yield ask
    connection.close()


def test_attributes_come_first_and_names_are_spelt_as_describe_does(records: Records) -> None:
    assert records("select ID, name, annualrevenue from account where name = 'acme'") == [
        '{"attributes":{"type":"Account","url":"/services/data/v63.0/sobjects/Account/'
        '001000000000001AAA"},"Id":"001000000000001AAA","Name":"Acme",'
        '"AnnualRevenue":139000000.0}'
    ]


def test_values_are_written_by_type(records: Records) -> None:
    """Datetimes end in +0000, dates are plain, null is null, quotes are escaped."""
    soql = "SELECT CreatedDate, Birthdate, FirstName, Email FROM Contact ORDER BY Id LIMIT 1"
    assert records(soql)[0].endswith(
        '"CreatedDate":"2026-11-20T10:00:00.500+0000","Birthdate":"1990-02-03",'
        '"FirstName":"A","Email":null}'
    )
    soql = "SELECT Name, NumberOfEmployees, Score__c, IsDeleted FROM Account WHERE Name LIKE 'Z%'"
    assert records(soql)[0].endswith(
        '"Name":"Zeta \\"2\\"","NumberOfEmployees":7,"Score__c":41.0,"IsDeleted":false}'
    )


def test_a_parent_is_an_object_or_null(records: Records) -> None:
    soql = "SELECT Owner.Name, Owner.Profile.Name, Name FROM Account ORDER BY Name"
    first, second = records(soql)
    assert '"Owner":{"attributes":{"type":"User",' in first
    assert '"Name":"Ann Reed","Profile":{"attributes":{"type":"Profile",' in first
    assert first.endswith('"Name":"Rep"}},"Name":"Acme"}')
    assert second.endswith('"Owner":null,"Name":"Zeta \\"2\\""}')


def test_children_are_a_result_of_their_own_or_null(records: Records) -> None:
    soql = "SELECT (SELECT LastName FROM Contacts ORDER BY LastName DESC LIMIT 1) FROM Account"
    first, second = records(soql)
    assert '"Contacts":{"totalSize":1,"done":true,"records":[{"attributes":' in first
    assert '"LastName":"Orr"}]}}' in first
    assert second.endswith('"Contacts":null}')


def test_an_address_is_an_object_or_null(records: Records) -> None:
    first, second = records("SELECT BillingAddress FROM Account ORDER BY Id")
    assert first.endswith(
        '"BillingAddress":{"city":"Berlin","country":"DE","geocodeAccuracy":null,"latitude":null,'
        '"longitude":null,"postalCode":null,"state":null,"street":null}}'
    )
    assert second.endswith('"BillingAddress":null}')


def test_aliases_of_the_object_may_stand_before_fields(records: Records) -> None:
    soql = "SELECT c.LastName, Contact.FirstName FROM Contact c WHERE c.Account.Name = 'Acme'"
    assert len(records(soql)) == 2


def test_aggregates_have_no_url_and_number_what_has_no_alias(records: Records) -> None:
    soql = (
        "SELECT Industry, COUNT(Id), MAX(AnnualRevenue) top, SUM(NumberOfEmployees), AVG(Score__c) "
        "FROM Account GROUP BY Industry HAVING COUNT(Id) > 1 ORDER BY COUNT(Id)"
    )
    assert records(soql) == [
        '{"attributes":{"type":"AggregateResult"},"Industry":"Banking","expr0":2,'
        '"top":139000000.0,"expr1":14,"expr2":41.0}'
    ]


def test_groups_without_a_key_are_one_result(records: Records) -> None:
    assert records("SELECT COUNT(Id), COUNT_DISTINCT(AccountId) FROM Contact") == [
        '{"attributes":{"type":"AggregateResult"},"expr0":3,"expr1":1}'
    ]


def test_groups_by_a_part_of_a_date(records: Records) -> None:
    month = "CALENDAR_MONTH(CreatedDate)"
    soql = f"SELECT {month} m, COUNT(Id) n FROM Contact GROUP BY {month}"
    assert records(soql)[1] == '{"attributes":{"type":"AggregateResult"},"m":11,"n":2}'


def test_fields_custom_gives_custom_fields_and_needs_a_limit(records: Records) -> None:
    assert records("SELECT FIELDS(CUSTOM) FROM Account LIMIT 1")[0].endswith('},"Score__c":41.0}')
    with pytest.raises(ApiError, match="must have a LIMIT of at most 200"):
        records("SELECT FIELDS(ALL) FROM Account")


HINT_FIELD = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom "
    "field name. Please reference your WSDL or the describe call for the appropriate names."
)


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        # The first three are on record, excerpt, caret and all.
        ("SELECT Bogus__c FROM Account", "INVALID_FIELD",
         "\nSELECT Bogus__c FROM Account\n       ^\nERROR at Row:1:Column:8\n"
         f"No such column 'Bogus__c' on entity 'Account'. {HINT_FIELD}"),
        ("select count() from XYZZY", "INVALID_TYPE",
         "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
         "sObject type 'XYZZY' is not supported. If you are attempting to use a custom object, be "
         "sure to append the '__c' after the entity name. Please reference your WSDL or the "
         "describe call for the appropriate names."),
        ("SELECT Id,Name,BillingCity,IsDeleted FROM Accout", "INVALID_TYPE",
         "\nName,BillingCity,IsDeleted FROM Accout\n                                ^\n"
         "ERROR at Row:1:Column:43\nsObject type 'Accout' is not supported. If you are attempting "
         "to use a custom object, be sure to append the '__c' after the entity name. Please "
         "reference your WSDL or the describe call for the appropriate names."),
        ("SELECT Boss.Name FROM Account", "INVALID_FIELD",
         "\nSELECT Boss.Name FROM Account\n       ^\nERROR at Row:1:Column:8\n"
         "Didn't understand relationship 'Boss' in field path. If you are attempting to use a "
         "custom relationship, be sure to append the '__r' after the custom relationship name. "
         "Please reference your WSDL or the describe call for the appropriate names."),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY",
         "\nSELECT Name, COUNT(Id) FROM Account\n       ^\nERROR at Row:1:Column:8\n"
         "Field must be grouped or aggregated: Name"),
        ("SELECT Id, id FROM Account", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE",
         "Maximum SOQL offset allowed is 2000"),
    ],
)  # fmt: skip
def test_unknown_names_are_refused_as_recorded(
    records: Records, soql: str, code: str, message: str
) -> None:
    with pytest.raises(ApiError) as caught:
        records(soql)
    assert (caught.value.code, caught.value.message) == (code, message)


@pytest.mark.parametrize(
    ("soql", "words"),
    [
        ("SELECT Id, (SELECT Id FROM Friends) FROM Account", "relationship 'Friends' in FROM part"),
        ("SELECT SUM(Name) FROM Account", "does not support aggregate operator SUM"),
        (
            "SELECT COUNT(Id), AnnualRevenue FROM Account GROUP BY AnnualRevenue",
            "can not be grouped",
        ),
        ("SELECT Id FROM Account ORDER BY Description", "can not be sorted"),
        ("SELECT Name n FROM Account", "field aliasing"),
        ("SELECT COUNT(Id) n, MAX(Name) n FROM Account", "duplicate alias: n"),
        ("SELECT Id FROM Account WHERE COUNT(Id) > 1", "Grouped field should not be aggregated"),
        ("SELECT count(), Id FROM Account", "COUNT\\(\\) must be the only element"),
        ("SELECT Id FROM Account WHERE Id IN (SELECT Id, Name FROM Account)", "exactly one field"),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT ParentId FROM Account)",
            "The inner and outer selects should not be on the same object type",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'x' OR Id IN (SELECT AccountId FROM Contact)",
            "Semi join sub-selects are not allowed with the 'OR' operator",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact "
            "WHERE OwnerId IN (SELECT Id FROM User))",
            "Nesting of semi join sub-selects is not supported",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT Id FROM Contact)",
            "Column:30\nThe selected field 'Id' in the subquery and the left operand field in the "
            "where expression in the outer query 'Id' should point to the same object type",
        ),
        ("SELECT Id FROM Account WHERE Name IN (SELECT AccountId FROM Contact)", "same object"),
        ("SELECT Id FROM Account WHERE Id IN (SELECT LastName FROM Contact)", "same object"),
        ("SELECT Name FROM Account HAVING COUNT(Id) > 1", "HAVING is allowed only with GROUP BY"),
    ],
)
def test_other_refusals_say_what_is_wrong(records: Records, soql: str, words: str) -> None:
    with pytest.raises(ApiError, match=words):
        records(soql)


@pytest.mark.parametrize(
    ("number", "text"),
    [("250", "250.0"), ("912260031", "9.12260031E8"), ("-12345678.25", "-1.234567825E7"),
     ("1e7", "1.0E7"), ("9999999.5", "9999999.5"), ("0", "0.0"), ("1.5e16", "1.5E16"),
     ("1e16", "1.0E16")],
)  # fmt: skip
def test_bulk_results_write_numbers_as_java_does(number: str, text: str) -> None:
    from crm_sink.emulator.soql.select import java_double

    query = f"select {java_double('x')} from (select {number}::double as x)"
    assert duckdb.connect().execute(query).fetchall() == [(text,)]
