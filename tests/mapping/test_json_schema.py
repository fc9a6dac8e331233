"""The JSON Schema that editors read, and the reference that people read: both of the model."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.mapping.json_schema import EXAMPLES, json_schema
from crm_sink.mapping.reference import SECTIONS, reference

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
