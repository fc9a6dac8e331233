"""The JSON Schema that editors read, and the reference that people read: both of the model."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.mapping.file.shape import MODELS
from crm_sink.mapping.json_schema import EXAMPLES, json_schema
from crm_sink.mapping.reference import SECTIONS, reference
from crm_sink.mapping.types import parse_type
from crm_sink.schema import FieldSchema

if TYPE_CHECKING:
    from collections.abc import Iterator


def schema() -> Any:
    return json_schema()


def objects(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield whole
    yield from whole["$defs"].values()


def test_the_schema_is_of_draft_2020_12_and_refuses_unknown_keys() -> None:
    whole = schema()
    assert whole["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert all(part["additionalProperties"] is False for part in objects(whole))


def test_every_key_has_a_description_of_its_own() -> None:
    for part in objects(schema()):
        assert all(
            spec.get("description") or "$ref" in spec for spec in part["properties"].values()
        )
    match = schema()["$defs"]["MatchSpec"]["properties"]
    assert match["external_id"]["description"] == "The external id field to match on"


def test_a_field_is_accepted_in_its_short_form() -> None:
    short, long = schema()["properties"]["fields"]["additionalProperties"]["anyOf"]
    assert short["type"] == ["string", "number", "boolean"]
    assert long == {"$ref": "#/$defs/FieldSpec"}


def test_rules_between_keys_are_said() -> None:
    parts = schema()["$defs"]
    assert parts["MatchSpec"]["oneOf"] == [{"required": ["external_id"]}, {"required": ["field"]}]
    assert parts["FieldSpec"]["oneOf"] == [{"required": ["value"]}, {"required": ["constant"]}]
    assert parts["SourceSpec"]["dependentRequired"]["query"] == ["database"]

    assert parts["VolumeGate"]["anyOf"] == [
        {"required": ["hold_if_rows_change"]},
        {"required": ["hold_if_changes_exceed"]},
    ]
    assert parts["MatchSpec"]["then"] == {"properties": {"missing": {"enum": ["reject"]}}}


@pytest.mark.parametrize(
    "text",
    [
        *("Number(3, 0)", "NUMBER(3,0)", "Number", "Number(3)", "Number(19, 0)", "Numbr(3, 0)"),
        *("Text(255)", "Text(256)", "Text(0)", "Text", "LongTextArea(255)", "LongTextarea(256)"),
        *("LongTextArea(131072)", "LongTextArea(131073)", "TextArea", "TextArea(9)", "Date(3)"),
        *("Picklist(a)", "Picklist()", "Picklist", "Picklist(a,\n b)", "Picklist(a;b)"),
        *("MultiSelectPicklist(a, b)", " date ", "dateTime", "Lookup(Account)", "Lookup(A, B)"),
    ],
)
def test_a_type_is_one_for_the_schema_where_it_is_one_for_validate(text: str) -> None:
    pattern = schema()["$defs"]["FieldSpec"]["properties"]["type"]["pattern"]
    assert bool(re.search(pattern, text)) == isinstance(parse_type(text), FieldSchema)


def test_an_empty_expression_is_none() -> None:
    whole = schema()
    short, _ = whole["properties"]["fields"]["additionalProperties"]["anyOf"]
    value = whole["$defs"]["FieldSpec"]["properties"]["value"]
    for place in (short, value, whole["properties"]["when"]):
        assert not re.search(place["pattern"], " ")


def test_every_set_of_keys_has_a_place_where_its_keys_are_known() -> None:
    """A place that is missing here costs its problems the hint."""
    sets = {each.__name__ for each in MODELS.values()}
    assert sets == {"Mapping", *schema()["$defs"]}


def test_no_key_proposes_null() -> None:
    assert "'type': 'null'" not in str(schema())
    assert ": None" not in str(schema())


@pytest.mark.parametrize("owner_and_key", EXAMPLES)
def test_examples_stand_beside_their_keys(owner_and_key: tuple[str, str]) -> None:
    owner, key = owner_and_key
    whole = schema()
    part = whole if owner == "Mapping" else whole["$defs"][owner]
    assert part["properties"][key]["examples"] == EXAMPLES[owner_and_key]


def test_the_help_page_ends_with_the_reference_of_the_model() -> None:
    """Make it anew with `crm_sink.mapping.reference.reference()` when a description changes."""
    page = files("crm_sink").joinpath("help", "mapping.md").read_text(encoding="utf-8")
    assert page.endswith(reference())


def test_the_reference_has_every_key_with_its_description() -> None:
    text = reference()
    for model in SECTIONS.values():
        for name, info in model.model_fields.items():
            assert f"- `{name}`" in text
            assert info.description
            assert info.description in text
