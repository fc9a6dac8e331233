"""Texts, picklists and ids, as Salesforce stores and refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_sink.engine import literal
from crm_sink.errors import MappingError
from crm_sink.schema import FieldSchema, FieldType
from tests.transform.conftest import mapping, table

if TYPE_CHECKING:
    from tests.transform.conftest import Run


def text(value: str) -> str:
    return table(literal(value))


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("  a  ", "a"),
        ("\t a\u2003\r\n", "a"),
        ("\u00a0a\u00a0", "\u00a0a\u00a0"),
        ("", None),
        (" \u3000 ", None),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\tb", "a\tb"),
        ('say "hi", it\'s; ok', 'say "hi", it\'s; ok'),
        ("😀" * 20, "😀" * 20),
    ],
)
def test_text_is_stored_as_salesforce_would(run: Run, value: str, stored: str | None) -> None:
    """Trimmed, "" as null; a non-breaking space survives."""
    assert run(mapping("Text(40)"), text(value)).values("F__c") == [stored]


@pytest.mark.parametrize(
    ("type_", "value", "code"),
    [
        ("Text(3)", "abcd", "TEXT_TOO_LONG"),
        ("Text(40)", "😀" * 21, "TEXT_TOO_LONG"),
        ("Text(40)", " #N/A ", "TEXT_IS_NA"),
        ("Picklist('#N/A', Hot)", "#N/A", "TEXT_IS_NA"),
        ("MultiselectPicklist('#N/A', A)", "#N/A;", "TEXT_IS_NA"),
        ("Text(40)", "a\x01b", "CONTROL_CHARACTER"),
        ("Text(40)", "a\x7fb", "CONTROL_CHARACTER"),
        ("Text(40)", "\x0e", "CONTROL_CHARACTER"),
        ("Picklist(a, b)", "a\x01", "CONTROL_CHARACTER"),
        ("Picklist(Hot, Cold)", "hot", "NOT_IN_PICKLIST"),
        ("MultiselectPicklist(A, B)", "A;C", "NOT_IN_PICKLIST"),
        ("Email", "not an email", "NOT_AN_EMAIL"),
        ("Email", "a@b", "NOT_AN_EMAIL"),
        ("Phone", "1" * 41, "TEXT_TOO_LONG"),
        ("Url", "x" * 256, "TEXT_TOO_LONG"),
        ("Lookup(Account)", "001", "NOT_AN_ID"),
        ("Lookup(Account)", "001d0000004nMNiaaa", "ID_CHECKSUM"),
        ("Lookup(Account)", "003D0000004nMNi", "ID_OF_OTHER_OBJECT"),
    ],
)
def test_text_that_does_not_fit_is_a_reject(run: Run, type_: str, value: str, code: str) -> None:
    """Length counts UTF-16 units: describe's byteLength is three bytes for each."""
    assert run(mapping(type_), text(value)).codes() == [(1, "F__c", code)]


@pytest.mark.parametrize(
    ("type_", "value", "stored"),
    [
        ("Picklist(Hot, Cold)", "' Hot '", "Hot"),
        ("Picklist(Hot, Cold)", "null::varchar", None),
        ("Picklist(Hot, Cold)", "'Hot'::enum('Hot', 'X')", "Hot"),
        ("MultiselectPicklist(A, B, C)", "'C; A;;C'", "A;C"),
        ("MultiselectPicklist(A, B, C)", "['B', null, 'A']", "A;B"),
        ("MultiselectPicklist(A, B, C)", "''", None),
        ("MultiselectPicklist(A, B, C)", "' ; ;'", None),
        ("Email", "'o''neil+x@mail.example.co.uk'", "o'neil+x@mail.example.co.uk"),
        ("Lookup(Account)", "'001D000000IqhSL'", "001D000000IqhSLIAZ"),
        ("Lookup(Account)", "'001D000000IqhSLIAZ'", "001D000000IqhSLIAZ"),
        ("Text(40)", "7.0::double", "7"),
        ("Text(40)", "0.5::double", "0.5"),
        ("Text(40)", "9007199254740992::double", "9007199254740992"),
        ("Text(40)", "true", "true"),
        ("Text(40)", "date '2026-11-20'", "2026-11-20"),
    ],
)
def test_other_values_become_text(run: Run, type_: str, value: str, stored: str | None) -> None:
    assert run(mapping(type_), table(value)).values("F__c") == [stored]


@pytest.mark.parametrize("type_", ["Text(40)", "LongTextArea(300)", "Picklist(nan, inf)"])
@pytest.mark.parametrize("value", ["'nan'::double", "'-inf'::float"])
def test_nan_and_infinity_are_no_text(run: Run, type_: str, value: str) -> None:
    result = run(mapping(type_), table(value))
    assert result.codes() == [(1, "F__c", "NOT_FINITE")]


def test_a_picklist_reject_proposes_the_nearest_value_and_lists_them(run: Run) -> None:
    (reject,) = run(mapping("Picklist(Hot, Warm, Cold)"), text("Warmm")).rejects
    assert reject["hint"].startswith("Did you mean Warm? It allows: Hot, Warm, Cold.")


def test_a_picklist_that_is_not_restricted_takes_any_value(run: Run) -> None:
    field = FieldSchema("F__c", FieldType.PICKLIST, length=255, values=("Hot",))
    result = run(mapping("Picklist(Hot)"), text("Daffy"), fields={"F__c": field})
    assert result.values("F__c") == ["Daffy"]


@pytest.mark.parametrize(
    ("value", "stored"),
    [("abcdef", "abcd"), ("abc def", "abc"), ("ab😀😀", "ab😀"), ("abcd", "abcd")],
)
def test_text_is_cut_only_where_the_field_says_so(run: Run, value: str, stored: str) -> None:
    cut = run(mapping("Text(4)", extra="    truncate: true\n"), text(value))
    assert cut.values("F__c") == [stored]


def test_a_text_of_ten_megabytes_is_a_reject_with_its_beginning(run: Run) -> None:
    (reject,) = run(mapping("LongTextArea(131072)"), table("repeat('x', 10000000)")).rejects
    assert (reject["code"], len(reject["value"])) == ("TEXT_TOO_LONG", 255)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("['a', 'b']", "array_to_string"),
        ("[{'feature': 'a'}]", "reasons(x, 3)"),
        ("{'a': 1}", "Name one of its parts"),
        ("encode('a')", "decode(x)"),
    ],
)
def test_lists_structs_and_bytes_are_no_text(run: Run, value: str, words: str) -> None:
    with pytest.raises(MappingError, match="is text, but the expression gives") as caught:
        run(mapping("Text(40)"), table(value))
    assert words in str(caught.value)


def test_a_required_field_takes_no_null(run: Run) -> None:
    """The org would answer REQUIRED_FIELD_MISSING."""
    field = FieldSchema("F__c", FieldType.STRING, length=80, nillable=False)
    result = run(mapping("Text(80)"), text(" "), fields={"F__c": field})
    assert result.codes() == [(1, "F__c", "VALUE_MISSING")]
    kept = run(mapping("Text(80)", extra="    nulls: keep\n"), text(" "), fields={"F__c": field})
    assert kept.values("F__c") == [None]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_text_that_was_coerced_once_stays_as_it_is(run: Run, value: str) -> None:
    once = run(mapping("LongTextArea(1024)"), text(value))
    assert len(once.desired) + len(once.rejects) == 1
    if once.desired and (stored := once.values("F__c")[0]) is not None:
        assert stored == stored.strip(" \t\n\r")
        assert run(mapping("LongTextArea(1024)"), text(stored)).values("F__c") == [stored]


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("v", "1.10"),
        ('"V"', "1.10"),
        ("v + 0", "1.1"),  # an expression sees the number
        ("k", "7.0"),
    ],
)
def test_a_column_of_a_csv_file_is_written_as_the_file_has_it(
    run: Run, value: str, stored: str
) -> None:
    """The key 7.0 is meant as 7: pandas makes floats of whole numbers where one is missing."""
    predictions = "(select 7.0::double as k, '7.0' as \"__text k\", 1.10::double as v, "
    predictions += "'1.10' as \"__text v\")"
    result = run(mapping("Text(9)").replace("value: v", f"value: '{value}'"), predictions)
    assert [(row["key"], row["F__c"]) for row in result.desired] == [("7", stored)]


def test_a_uuid_is_text_in_fields_of_every_type(run: Run) -> None:
    value = "'5f0b7a6e-4f8e-4b8e-9a51-111111111111'::uuid"
    assert run(mapping("Text(36)"), table(value)).values("F__c") == [value[1:37]]
    for type_ in ("Number(5, 2)", "Checkbox", "Date", "DateTime", "Time"):
        assert run(mapping(type_), table(value)).codes()[0][2].startswith("NOT_A_")


def test_control_characters_in_a_list_of_choices_are_a_reject(run: Run) -> None:
    type_ = "MultiselectPicklist(A, B)"
    bad = run(mapping(type_), table("['A', 'B' || chr(1)]"))
    assert bad.codes() == [(1, "F__c", "CONTROL_CHARACTER")]
