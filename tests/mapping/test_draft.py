"""A drafted mapping loads as it is, and guesses what can be guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_sink.mapping.check import check
from crm_sink.mapping.draft import draft
from crm_sink.mapping.load import loads
from crm_sink.mapping.model import SourceSpec
from crm_sink.mapping.pairing import pair
from crm_sink.schema import FieldSchema, FieldType, ObjectSchema

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.mapping.model import LoadedMapping

    Load = Callable[[str], LoadedMapping]

COLUMNS = {
    "prospect_id": "VARCHAR",
    "score": "DOUBLE",
    "note": "VARCHAR",
    "scored_at": "TIMESTAMP",
}


def test_a_draft_loads_and_fits_source_and_org(load: Load, lead: ObjectSchema) -> None:
    text = draft(lead, COLUMNS, source=SourceSpec(parquet="a folder/scores.parquet"))
    loaded = load(text)
    assert check(loaded, columns=COLUMNS, schema=lead, related={}) == []
    mapping = loaded.mapping
    assert (mapping.match.external_id, mapping.match.column) == ("Prospect_Id__c", "prospect_id")
    assert mapping.source.parquet == "a folder/scores.parquet"
    assert mapping.fields["Score__c"].value == "round(100 * score)"
    assert mapping.fields["Note__c"].value == "note"
    assert mapping.gates is not None
    assert mapping.gates.freshness is not None


def test_columns_without_a_field_are_listed(lead: ObjectSchema) -> None:
    assert "#   scored_at (TIMESTAMP)" in draft(lead, COLUMNS)


@pytest.mark.parametrize(("column", "is_warned"), [("note", False), ("verdict", True)])
def test_a_pair_that_fits_by_type_alone_is_said_to(column: str, is_warned: bool) -> None:
    """It passes `validate`, and would write into a field that nobody chose."""
    field = FieldSchema("Note__c", FieldType.STRING, length=40)
    schema = ObjectSchema("X__c", "X", "a00", {"note__c": field})
    text = draft(schema, {"id": "VARCHAR", column: "VARCHAR"})
    assert ("fits by its type alone: change it" in text) == is_warned


def test_a_timestamp_without_a_zone_says_that_it_is_utc() -> None:
    field = FieldSchema("Scored_At__c", FieldType.DATETIME)
    schema = ObjectSchema("X__c", "X", "a00", {"scored_at__c": field})
    assert "value: scored_at at time zone 'UTC'" in draft(schema, COLUMNS)


def test_without_an_external_id_records_are_matched_on_id(load: Load) -> None:
    field = FieldSchema("Note__c", FieldType.STRING, length=40)
    schema = ObjectSchema("X__c", "X", "a00", {"note__c": field})
    assert load(draft(schema, {"record_id": "VARCHAR", "note": "VARCHAR"})).mapping.match == (
        load("object: X\nmatch: {field: Id, column: record_id}\nfields: {A: b}\n").mapping.match
    )


@pytest.mark.parametrize(
    "column", ["order", "null", "user", 'a "b" c', "a: b #c", "é", "yes", "a\nb"]
)
def test_a_column_of_any_name_is_drafted(load: Load, column: str) -> None:
    field = FieldSchema("Only__c", FieldType.STRING, length=40)
    schema = ObjectSchema("X__c", "X", "a00", {"only__c": field})
    loaded = load(draft(schema, {"id": "VARCHAR", column: "VARCHAR"}))
    assert [use.name for use in loaded.expressions["fields", "Only__c", "value"].columns] == [
        column
    ]


def fields(*names: str) -> dict[str, FieldSchema]:
    return {one.lower(): FieldSchema(one, FieldType.DOUBLE, precision=3) for one in names}


@pytest.mark.parametrize(
    ("column", "names", "chosen"),
    [
        ("score", ("Propensity_Score__c",), "Propensity_Score__c"),
        ("churn_risk_score", ("ChurnRisk__c", "Days__c"), "ChurnRisk__c"),
        ("score", ("Propensity_Score__c", "Churn_Score__c"), None),  # either may be meant
        ("score", ("AnnualScoreCount",), None),  # no field of ours
        ("score", ("Scores__c", "Score__c"), "Score__c"),
        ("é", ("Propensity_Score__c",), None),
    ],
)
def test_a_column_finds_the_one_field_that_has_its_words(
    column: str, names: tuple[str, ...], chosen: str | None
) -> None:
    schema = ObjectSchema("X__c", "X", "a00", fields(*names))
    found = pair(schema, {"id": "VARCHAR", column: "DOUBLE"}, "id", None)
    assert {one: field.name for one, field in found.items()} == (
        {column: chosen} if chosen is not None else {}
    )


def test_a_field_goes_to_the_column_that_has_its_very_name() -> None:
    schema = ObjectSchema("X__c", "X", "a00", fields("Score__c"))
    found = pair(schema, {"id": "VARCHAR", "scores": "DOUBLE", "score": "DOUBLE"}, "id", None)
    assert list(found) == ["score"]


def test_an_object_without_writable_fields_still_gives_a_file_that_loads(load: Load) -> None:
    loaded = load(draft(ObjectSchema("X__c", "", "a00", {}), {"id": "VARCHAR"}))
    assert list(loaded.mapping.fields) == ["Field_To_Choose__c"]


def test_a_picklist_that_no_type_can_name_is_drafted_without_one() -> None:
    field = FieldSchema("Size__c", FieldType.PICKLIST, restricted=True, values=("6\", 'tall'",))
    schema = ObjectSchema("Lead", "Lead", "00Q", {"size__c": field})
    assert "type:" not in draft(schema, {"k": "VARCHAR", "size": "VARCHAR"})


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        # A source refuses columns without a name (`source.columns.check_names`).
        st.text(min_size=1, max_size=10).filter(lambda text: "\0" not in text and text.strip()),
        st.sampled_from(["VARCHAR", "DOUBLE", "TIMESTAMP", "STRUCT(a INTEGER)[]", "BOOLEAN"]),
        min_size=1,
        max_size=4,
    )
)
def test_every_draft_loads(columns: dict[str, str]) -> None:
    fields = [
        FieldSchema("Ext__c", FieldType.STRING, length=40, external_id=True),
        FieldSchema("Score__c", FieldType.DOUBLE, precision=3),
        FieldSchema("Note__c", FieldType.TEXTAREA, length=1024),
        FieldSchema("Flag__c", FieldType.BOOLEAN),
        FieldSchema("At__c", FieldType.DATETIME),
    ]
    schema = ObjectSchema("X__c", "X\ny", "a00", {field.name.lower(): field for field in fields})
    text = draft(schema, columns)
    loaded, problems = loads(text, file="m.yaml", name="m")
    assert loaded is not None, (text, problems)
    assert loaded.mapping.match.column in columns
