"""The JSON Schema of mapping files, so that editors complete and check them as people type.

Made of the model and its descriptions. pydantic's schema knows what each key holds; the short
forms and the rules between keys are added here. What only an expression's text or an org can tell
is not in it: `crm-sink validate` says the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from crm_sink.mapping.model import Mapping

if TYPE_CHECKING:
    from crm_sink.mapping.file.document import Data

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPE_PATTERN = (
    r"^\s*([Nn]umber|[Pp]ercent|[Cc]urrency|[Tt]ext|[Tt]ext[Aa]rea|[Ll]ong[Tt]ext[Aa]rea|"
    r"[Cc]heckbox|[Dd]ate|[Dd]ate[Tt]ime|[Tt]ime|[Pp]icklist|[Mm]ultiselect[Pp]icklist|[Ee]mail|"
    r"[Pp]hone|[Uu]rl|[Ll]ookup)\s*(\(.*\))?\s*$"
)
EXAMPLES: dict[tuple[str, str], list[str | int | float]] = {
    ("Mapping", "object"): ["Lead"],
    ("Mapping", "when"): ["score is not null"],
    ("SourceSpec", "parquet"): ["predictions/lead_scores.parquet", "predictions/*.parquet"],
    ("SourceSpec", "csv"): ["predictions/lead_scores.csv"],
    ("SourceSpec", "query"): ["select * from scores where day = current_date"],
    ("SourceSpec", "database"): ["SCORES_DATABASE_URL"],
    ("MatchSpec", "external_id"): ["Prospect_Id__c"],
    ("MatchSpec", "field"): ["Id"],
    ("MatchSpec", "column"): ["prospect_id"],
    ("FieldSpec", "value"): [
        "round(100 * score)",
        "band(score, 'Hot', 0.8, 'Warm', 0.5, 'Cold')",
        "reasons(top_factors, 3)",
    ],
    ("FieldSpec", "type"): ["Number(3, 0)", "Picklist(Hot, Warm, Cold)", "DateTime"],
    ("FieldSpec", "tolerance"): [1],
    ("FreshnessGate", "hold_after"): ["48h"],
    ("VolumeGate", "hold_if_rows_change"): ["50%"],
}


def json_schema() -> dict[str, Data]:
    """Give the JSON Schema (draft 2020-12) of a mapping file."""
    schema = cast("dict[str, Data]", Mapping.model_json_schema())
    parts = _part(schema, "$defs")
    for owner, name in EXAMPLES:
        model = schema if owner == "Mapping" else _part(parts, owner)
        _part(_part(model, "properties"), name)["examples"] = list(EXAMPLES[owner, name])
    for model in [schema, *(_part(parts, name) for name in parts)]:
        _without_nulls(model)
    _add_rules(parts)
    _accept_short_fields(schema)
    return {"$schema": DIALECT, "title": "crm_sink mapping", **_untitled(schema)}


def _part(node: dict[str, Data], key: str) -> dict[str, Data]:
    return cast("dict[str, Data]", node[key])


def _without_nulls(model: dict[str, Data]) -> None:
    """Optional keys are left out, not set to null: an editor should not offer `null`."""
    properties = model.get("properties")
    for spec in properties.values() if isinstance(properties, dict) else ():
        if not isinstance(spec, dict):
            continue
        choices = spec.get("anyOf")
        if isinstance(choices, list):
            kept = [choice for choice in choices if choice != {"type": "null"}]
            del spec["anyOf"]
            only = cast("dict[str, Data]", kept[0]) if len(kept) == 1 else {"anyOf": kept}
            for key, part in only.items():
                spec.setdefault(key, part)  # the key's own description says more than its type's
        if not isinstance(spec.get("default", ""), str | int | float):
            del spec["default"]  # nothing, or nothing but empty keys


def _add_rules(parts: dict[str, Data]) -> None:
    """Add the rules between keys that JSON Schema can say (see `rules`)."""
    _part(parts, "MatchSpec")["oneOf"] = _each_requires("external_id", "field")
    source = _part(parts, "SourceSpec")
    source["oneOf"] = _each_requires("parquet", "csv", "query")
    source["dependentRequired"] = {"query": ["database"], "database": ["query"]}
    field = _part(parts, "FieldSpec")
    field["oneOf"] = _each_requires("value", "constant")
    _part(_part(field, "properties"), "type")["pattern"] = TYPE_PATTERN
    # YAML reads `value: 5` as a number; it is the expression 5 all the same.
    value = _part(_part(field, "properties"), "value")
    value["type"] = ["string", "number", "boolean"]
    _part(parts, "Example")["oneOf"] = _each_requires("expect", "reject")


def _each_requires(*keys: str) -> list[Data]:
    return [{"required": [key]} for key in keys]


def _accept_short_fields(schema: dict[str, Data]) -> None:
    """Accept `Field__c: expression` beside the long form."""
    fields = _part(_part(schema, "properties"), "fields")
    short: dict[str, Data] = {
        "type": ["string", "number", "boolean"],
        "description": "A SQL expression over the prediction columns",
        "examples": ["round(100 * score)"],
    }
    fields["additionalProperties"] = {"anyOf": [short, {"$ref": "#/$defs/FieldSpec"}]}
    when = _part(_part(schema, "properties"), "when")
    when["type"] = ["string", "boolean"]
    names = fields.pop("patternProperties", None)
    if isinstance(names, dict):
        pattern = next(iter(names))
        fields["propertyNames"] = {"pattern": pattern}


def _untitled(node: Data) -> dict[str, Data]:
    """Drop the titles that pydantic makes of names: they say nothing that the name does not."""
    return cast("dict[str, Data]", _walk(node))


def _walk(node: Data, *, named: bool = False) -> Data:
    if isinstance(node, list):
        return [_walk(item) for item in node]
    if not isinstance(node, dict):
        return node
    keep = node if named else {key: value for key, value in node.items() if key != "title"}
    return {key: _walk(value, named=key in ("properties", "$defs")) for key, value in keep.items()}
