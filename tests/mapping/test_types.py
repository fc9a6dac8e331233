"""The texts of `type:`, there and back, within Salesforce's limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_sink.mapping.types import TypeFault, parse_type, type_text
from crm_sink.schema import FieldSchema, FieldType


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Number(3, 0)", FieldSchema("F", FieldType.DOUBLE, precision=3)),
        ("Percent(5, 2)", FieldSchema("F", FieldType.PERCENT, precision=5, scale=2)),
        ("Currency(18, 2)", FieldSchema("F", FieldType.CURRENCY, precision=18, scale=2)),
        ("Text(80)", FieldSchema("F", FieldType.STRING, length=80)),
        ("TextArea", FieldSchema("F", FieldType.TEXTAREA, length=255)),
        ("LongTextArea(1024)", FieldSchema("F", FieldType.TEXTAREA, length=1024)),
        ("Checkbox", FieldSchema("F", FieldType.BOOLEAN, nillable=False)),
        ("Date", FieldSchema("F", FieldType.DATE)),
        ("DateTime", FieldSchema("F", FieldType.DATETIME)),
        ("Time", FieldSchema("F", FieldType.TIME)),
        ("Email", FieldSchema("F", FieldType.EMAIL, length=80)),
        ("Phone", FieldSchema("F", FieldType.PHONE, length=40)),
        ("Url", FieldSchema("F", FieldType.URL, length=255)),
        (
            "Picklist(Hot, Warm)",
            FieldSchema(
                "F", FieldType.PICKLIST, length=255, restricted=True, values=("Hot", "Warm")
            ),
        ),
        (
            "MultiselectPicklist(A, B)",
            FieldSchema(
                "F", FieldType.MULTIPICKLIST, length=4099, restricted=True, values=("A", "B")
            ),
        ),
        (
            "Lookup(Account)",
            FieldSchema("F", FieldType.REFERENCE, length=18, reference_to=("Account",)),
        ),
    ],
)
def test_a_type_is_read_and_written(text: str, field: FieldSchema) -> None:
    assert parse_type(text, field="F") == field
    assert type_text(field) == text


@pytest.mark.parametrize("values", [('6"', '8"'), ("it's", "'90s'"), ('3", wide', "a, b")])
def test_a_quote_that_is_part_of_a_picklist_value_stays(values: tuple[str, ...]) -> None:
    field = FieldSchema("F", FieldType.PICKLIST, length=255, restricted=True, values=values)
    assert parse_type(type_text(field), field="F") == field


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Numbr(3, 0)", "there is no type Numbr Did you mean Number?"),
        ("Number(3)", "takes two whole numbers"),
        ("Number", "takes two whole numbers"),
        ("Number(19, 0)", "1 to 18 digits, not 19"),
        ("Number(0, 0)", "1 to 18 digits, not 0"),
        ("Number(3, 4)", "4 digits behind the point are more than 3"),
        ("Text(0)", "holds 1 to 255 characters"),
        ("Text(256)", "For more: LongTextArea(n)"),
        ("LongTextArea(255)", "Up to 255 characters: Text(n)"),
        ("LongTextArea(131073)", "256 to 131,072"),
        ("Text(eighty)", "takes one whole number"),
        ("Checkbox(1)", "takes nothing in brackets"),
        ("Picklist()", "needs its values"),
        ("Picklist", "needs its values"),
        ("Picklist(A, A)", "has A twice"),
        ("Picklist(A;B)", "no semicolon"),
        ("Lookup()", "takes the object it points to"),
        ("3 digits", "is not a type"),
    ],
)
def test_a_type_that_salesforce_has_not_is_refused(text: str, words: str) -> None:
    fault = parse_type(text)
    assert isinstance(fault, TypeFault)
    assert words in f"{fault.message} {fault.hint}"


def test_case_and_blanks_make_no_difference() -> None:
    assert parse_type(" number( 3,0 ) ") == parse_type("Number(3, 0)")


@given(
    st.lists(
        st.text(
            alphabet=st.characters(categories=["L", "N"], include_characters=" ,()-/&"),
            min_size=1,
            max_size=12,
        )
        .map(str.strip)
        .filter(bool),
        min_size=1,
        max_size=5,
        unique=True,
    )
)
def test_picklist_values_survive_being_written_and_read(values: list[str]) -> None:
    """A value may hold commas and brackets: it then stands in quotes."""
    field = FieldSchema("F", FieldType.PICKLIST, length=255, restricted=True, values=tuple(values))
    assert parse_type(type_text(field), field="F") == field
