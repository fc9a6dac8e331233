"""What SOQL refuses to read, in the words that were recorded."""

from __future__ import annotations

from datetime import date

import pytest

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.soql.dates import date_range
from crm_sink.emulator.soql.parse import parse
from crm_sink.emulator.soql.tree import Call, Compare, Either, Every, Not, Path


def refusal(soql: str) -> str:
    with pytest.raises(ApiError) as caught:
        parse(soql)
    assert (caught.value.status, caught.value.code) == (400, "MALFORMED_QUERY")
    return caught.value.message


def test_a_wrong_first_word_is_named_and_nothing_else() -> None:
    assert refusal("invalid query") == "unexpected token: 'invalid'"


def test_a_comma_before_from_is_refused_at_from_in_its_own_case() -> None:
    assert refusal("SELECT Id, From Account ") == (
        "\nSELECT Id, From Account \n          ^\nERROR at Row:1:Column:11\n"
        "unexpected token: 'From'"
    )


def test_an_unexpected_word_is_counted_from_0_and_the_caret_stands_before_it() -> None:
    """Both as quoted from live orgs: an OR beside an AND, and a third quote."""
    line = "WHERE AccountId = '0014000000p6XlS' AND LastName LIKE 'test' OR email LIKE 'test'"
    message = refusal(f"SELECT Id, Email, Name\nFROM Contact\n{line}")
    assert message.endswith("ERROR at Row:3:Column:61\nunexpected token: 'OR'")
    quotes = "SELECT Id FROM ContentVersion WHERE ContentDocumentId = '''"
    _, excerpt, caret, place, said = refusal(quotes).splitlines()
    assert excerpt[caret.index("^") :] == "''"
    assert (place, said) == ("ERROR at Row:1:Column:58", "unexpected token: '''")


def test_an_unfinished_statement_ends_in_eof() -> None:
    message = refusal("SELECT Id FROM")
    assert message.endswith("ERROR at Row:1:Column:14\nunexpected token: '<EOF>'")


def test_row_and_column_count_lines() -> None:
    message = refusal("SELECT Id\nFROM Account\nWHERE Name ~ 'x'")
    assert message == (
        "\nWHERE Name ~ 'x'\n          ^\nERROR at Row:3:Column:11\nunexpected token: '~'"
    )


def test_and_and_or_need_parentheses_to_mix() -> None:
    message = refusal("SELECT Id FROM Lead WHERE A = 1 AND B = 2 OR C = 3")
    assert message.endswith("unexpected token: 'OR'")


@pytest.mark.parametrize(
    "soql",
    ["SELECT Id FROM Lead WHERE Name = 'x", 'SELECT Id FROM Lead WHERE Name = "x"',
     "SELECT Id FROM Lead LIMIT many", "SELECT Id FROM Lead WHERE Name IN ()", "SELECT FROM Lead",
     "SELECT Id FROM Lead; DROP TABLE Lead", "SELECT * FROM Lead", "UPDATE Lead SET Name = 'x'"],
)  # fmt: skip
def test_what_is_no_soql_is_refused(soql: str) -> None:
    assert "unexpected token" in refusal(soql)


def test_a_statement_that_nests_without_end_is_refused() -> None:
    assert refusal(f"SELECT Id FROM Lead WHERE {'(' * 5000}Id != null{')' * 5000}") == (
        "The query is nested too deeply"
    )


def test_a_statement_of_more_than_100000_characters_is_refused() -> None:
    assert "100000" in refusal("SELECT Id FROM Lead WHERE Name = '" + "x" * 100_000 + "'")


def test_words_of_the_grammar_are_names_where_names_stand() -> None:
    found = parse("select Group, Order, Like, Limit from Group order by Order desc nulls last")
    assert [item.operand for item in found.items] == [
        Path(("Group",), 7), Path(("Order",), 14), Path(("Like",), 21), Path(("Limit",), 27),
    ]  # fmt: skip
    assert found.target.text == "Group"
    assert (found.order[0].descending, found.order[0].nulls_last) == (True, True)


def test_conditions_nest() -> None:
    found = parse("SELECT Id FROM X WHERE a = 1 AND (b IN (2) OR NOT c.d LIKE 'e%')").where
    assert isinstance(found, Every)
    first, second = found.conditions
    assert isinstance(first, Compare)
    assert isinstance(second, Either)
    assert isinstance(second.conditions[1], Not)


def test_for_view_and_using_scope_are_read_and_ignored() -> None:
    found = parse("SELECT Id FROM X USING SCOPE mine WHERE a = 1 LIMIT 3 FOR VIEW FOR REFERENCE")
    assert found.limit == 3


def test_functions_carry_their_field() -> None:
    found = parse("SELECT COUNT_DISTINCT(Owner.Name) n FROM X")
    assert found.items[0].operand == Call("COUNT_DISTINCT", Path(("Owner", "Name"), 22), 7)
    assert found.items[0].alias == "n"


@pytest.mark.parametrize(
    ("literal", "first", "after"),
    [
        ("TODAY", "2026-11-20", "2026-11-21"),
        ("tomorrow", "2026-11-21", "2026-11-22"),
        ("THIS_WEEK", "2026-11-15", "2026-11-22"),  # weeks begin on Sunday
        ("LAST_WEEK", "2026-11-08", "2026-11-15"),
        ("NEXT_MONTH", "2026-12-01", "2027-01-01"),
        ("THIS_QUARTER", "2026-10-01", "2027-01-01"),
        ("LAST_YEAR", "2025-01-01", "2026-01-01"),
        ("THIS_FISCAL_YEAR", "2026-01-01", "2027-01-01"),
        ("LAST_90_DAYS", "2026-08-22", "2026-11-21"),
        ("LAST_N_DAYS:7", "2026-11-13", "2026-11-21"),  # today's records are included
        ("NEXT_N_DAYS:2", "2026-11-21", "2026-11-23"),
        ("N_DAYS_AGO:3", "2026-11-17", "2026-11-18"),
        ("LAST_N_MONTHS:2", "2026-09-01", "2026-11-01"),
        ("N_QUARTERS_AGO:1", "2026-07-01", "2026-10-01"),
        ("NEXT_N_YEARS: 2", "2027-01-01", "2029-01-01"),
    ],
)
def test_a_date_literal_is_a_range_of_days(literal: str, first: str, after: str) -> None:
    today = date(2026, 11, 20)
    assert date_range(literal, today) == (date.fromisoformat(first), date.fromisoformat(after))


@pytest.mark.parametrize(
    ("literal", "first", "after"),
    [
        ("LAST_N_YEARS:5000", date.min, date(2026, 1, 1)),
        ("NEXT_N_WEEKS:999999999", date(2026, 11, 22), date.max),
        ("N_DAYS_AGO:999999", date.min, date.min),
    ],
)
def test_a_literal_that_leaves_the_calendar_ends_with_it(
    literal: str, first: date, after: date
) -> None:
    assert date_range(literal, date(2026, 11, 20)) == (first, after)


@pytest.mark.parametrize(
    "literal",
    ["SOON", "LAST_N_DAYS", "N_DAYS:3", "LAST_N_DAYS_AGO:3", "LAST_N_DAYS:" + "9" * 5000],
)
def test_an_unknown_date_literal_is_none(literal: str) -> None:
    assert date_range(literal, date(2026, 11, 20)) is None
