"""Values that no field can hold are rejects with a cure; the rows beside them are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Counter

TEN_MB = 10_000_000


@pytest.mark.parametrize(
    ("expression", "bad", "code"),
    [
        ("x", "'nan'::double", "NOT_FINITE"),
        ("x", "'inf'::double", "NOT_FINITE"),
        ("x", "'-inf'::double", "NOT_FINITE"),
        ("100 / x", "0", "NOT_FINITE"),
        ("100 // x", "0", "EXPRESSION_FAILED"),
        ("100 % x", "0", "EXPRESSION_FAILED"),
        ("ln(x)", "0", "NOT_FINITE"),
        ("x * x * x", "9000000000000000000", "EXPRESSION_FAILED"),
        ("x", "1000", "NUMBER_TOO_LARGE"),
        ("x", "1e300", "NUMBER_TOO_LARGE"),
    ],
)
def test_a_number_that_is_none_is_rejected(
    counter: Counter, expression: str, bad: str, code: str
) -> None:
    said = counter.sync(
        f"  Score__c: {expression}\n", f"from (values ('a', {bad}), ('b', 7)) t(id, x)"
    )
    assert said.code == 3
    assert counter.rejects() == [("a", code)]
    assert counter.holds("Score__c")["a"] == 1
    assert counter.holds("Score__c")["b"] != 1


def test_text_in_the_place_of_a_number_is_rejected(counter: Counter) -> None:
    rows = "from (values ('a', 'twelve'), ('b', ' 12 '), ('c', '')) t(id, x)"
    assert counter.sync("  Score__c: x\n", rows).code == 3
    assert counter.rejects() == [("a", "NOT_A_NUMBER")]
    assert counter.holds("Score__c") == {"a": 1, "b": 12, "c": None}


def test_a_type_that_can_never_fit_is_a_problem_with_its_place(counter: Counter) -> None:
    said = counter.sync("  Score__c: x\n", "select 'a' as id, [1, 2] as x")
    assert said.code == 2
    assert "lead.yaml:5:3  Lead.Score__c is a number, but the expression gives a list" in said.err


def test_a_timestamp_without_zone_is_a_problem_that_names_the_cure(counter: Counter) -> None:
    said = counter.sync("  At__c: x\n", "select 'a' as id, timestamp '2026-11-20 06:00:00' as x")
    assert said.code == 2
    assert "lead.yaml:5:3" in said.err
    assert "at time zone 'UTC'" in said.err
    assert counter.holds("At__c")["a"] is None


def test_texts_of_times_without_zone_are_rejected_one_by_one(counter: Counter) -> None:
    rows = (
        "from (values ('a', '2026-11-20T06:00:00'), ('b', '2026-11-20T06:00:00+02:00'), "
        "('c', 'yesterday')) t(id, x)"
    )
    assert counter.sync("  At__c: x\n", rows).code == 3
    assert counter.rejects() == [("a", "TIMESTAMP_NO_ZONE"), ("c", "NOT_A_DATETIME")]
    assert counter.holds("At__c") == {"a": None, "b": "2026-11-20T04:00:00.000+0000", "c": None}


@pytest.mark.parametrize("api", ["bulk", "collections"])
def test_quotes_line_ends_and_rare_characters_arrive_as_they_are(
    counter: Counter, api: str
) -> None:
    """Commas, quotes, both line ends (Salesforce stores LF), emoji and right-to-left text."""
    texts = {"a": "say \"hi\", 'ok'\n#N/A?", "b": "🦆 𝔘𝔫𝔦 שלום", "c": "x\r\ny"}
    values = ", ".join(f"('{key}', $${text}$$)" for key, text in texts.items())
    said = counter.sync("  Long__c: x\n", f"from (values {values}) t(id, x)", "--api", api)
    assert said.code == 0
    assert counter.holds("Long__c") == {**texts, "c": "x\ny"}


def test_control_characters_are_rejected(counter: Counter) -> None:
    """NUL would end a text, ESC steers terminals; tab and line end are text."""
    rows = (
        "from (values ('a', 'x' || chr(0)), ('b', chr(27) || '[31m'), ('c', 'x' || chr(9) || 'y')) "
        "t(id, x)"
    )
    assert counter.sync("  Long__c: x\n", rows).code == 3
    assert counter.rejects() == [("a", "CONTROL_CHARACTER"), ("b", "CONTROL_CHARACTER")]
    assert counter.holds("Long__c") == {"a": None, "b": None, "c": "x\ty"}


def test_the_text_that_means_clear_in_a_bulk_file_is_rejected(counter: Counter) -> None:
    said = counter.sync("  Note__c: x\n", "select 'a' as id, '#N/A' as x", "--api", "bulk")
    assert said.code == 3
    assert len(counter.rejects()) == 1


def test_a_text_of_ten_megabytes_is_rejected(counter: Counter) -> None:
    rows = f"from (values ('a', repeat('x', {TEN_MB})), ('b', 'short')) t(id, x)"
    assert counter.sync("  Long__c: x\n", rows).code == 3
    assert counter.rejects() == [("a", "TEXT_TOO_LONG")]
    assert counter.holds("Long__c") == {"a": None, "b": "short", "c": None}


def test_a_text_of_ten_megabytes_is_cut_only_where_the_mapping_says_so(counter: Counter) -> None:
    rows = f"select 'a' as id, repeat('ä', {TEN_MB}) as x"
    said = counter.sync("  Long__c: {value: x, truncate: true}\n", rows, "--api", "bulk")
    assert said.code == 0
    assert counter.holds("Long__c")["a"] == "ä" * 131_072


def test_a_value_outside_a_restricted_picklist_is_rejected(counter: Counter) -> None:
    rows = "from (values ('a', 'Boiling'), ('b', 'Hot')) t(id, x)"
    assert counter.sync("  Band__c: x\n", rows).code == 3
    assert [key for key, _ in counter.rejects()] == ["a"]
    assert counter.holds("Band__c") == {"a": None, "b": "Hot", "c": None}
