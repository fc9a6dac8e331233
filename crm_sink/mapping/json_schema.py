"""The JSON Schema of mapping files, so that editors complete and check them as people type.

Made of the model and its descriptions. pydantic's schema knows what each key holds; the short
forms and the rules between keys are added here. What only an expression's text or an org can tell
is not in it: `crm-sink validate` says the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from crm_sink.mapping.model import Mapping
from crm_sink.mapping.types import NUMBERS, PICKLISTS, SPELLINGS

if TYPE_CHECKING:
    from crm_sink.mapping.file.document import Data

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# What stands in the brackets of a type (see `types`); a type that is not named here has none.
ARGUMENTS = {
    **dict.fromkeys(NUMBERS, r"0*([1-9]|1[0-8])\s*,\s*0*([0-9]|1[0-8])"),
    "text": r"0*([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])",
    "longtextarea": r"0*(25[6-9]|2[6-9][0-9]|[3-9][0-9]{2}|[1-9][0-9]{3,4}|1[0-2][0-9]{4}"
    r"|130[0-9]{3}|1310[0-6][0-9]|13107[0-2])",
    **dict.fromkeys(PICKLISTS, r"[^;]*[^;,'\"\s][^;]*"),
    "lookup": r"[A-Za-z][A-Za-z0-9_]*",
}
FILLED = r"\S"  # an expression of blanks is none
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
    match = _part(parts, "MatchSpec")
    match["oneOf"] = _each_requires("external_id", "field")
    # Records cannot be created with an Id of ours.
    by_id: Data = {"required": ["field"], "properties": {"field": {"pattern": "^[Ii][Dd]$"}}}
    match["if"], match["then"] = by_id, {"properties": {"missing": {"enum": ["reject"]}}}
    for gate, *limits in (
        ("FreshnessGate", "warn_after", "hold_after"),
        ("VolumeGate", "hold_if_rows_change", "hold_if_changes_exceed"),
    ):
        _part(parts, gate)["anyOf"] = _each_requires(*limits)
    source = _part(parts, "SourceSpec")
    source["oneOf"] = _each_requires("parquet", "csv", "query")
    source["dependentRequired"] = {"query": ["database"], "database": ["query"]}
    field = _part(parts, "FieldSpec")
    field["oneOf"] = _each_requires("value", "constant")
    _part(_part(field, "properties"), "type")["pattern"] = _type_pattern()
    # YAML reads `value: 5` as a number; it is the expression 5 all the same.
    value = _part(_part(field, "properties"), "value")
    value |= {"type": ["string", "number", "boolean"], "pattern": FILLED}
    _part(parts, "Example")["oneOf"] = _each_requires("expect", "reject")


def _type_pattern() -> str:
    """Give the pattern of `type:`. Upper and lower case are one, which patterns cannot say."""
    kinds = []
    for kind in SPELLINGS:
        letters = "".join(f"[{letter.upper()}{letter}]" for letter in kind)
        inside = rf"\s*\(\s*{ARGUMENTS[kind]}\s*\)" if kind in ARGUMENTS else ""
        kinds.append(letters + inside)
    return rf"^\s*({'|'.join(kinds)})\s*$"


def _each_requires(*keys: str) -> list[Data]:
    return [{"required": [key]} for key in keys]


def _accept_short_fields(schema: dict[str, Data]) -> None:
    """Accept `Field__c: expression` beside the long form."""
    fields = _part(_part(schema, "properties"), "fields")
    short: dict[str, Data] = {
        "type": ["string", "number", "boolean"],
        "pattern": FILLED,
        "description": "A SQL expression over the prediction columns",
        "examples": ["round(100 * score)"],
    }
    fields["additionalProperties"] = {"anyOf": [short, {"$ref": "#/$defs/FieldSpec"}]}
    when = _part(_part(schema, "properties"), "when")
    when |= {"type": ["string", "number", "boolean"], "pattern": FILLED}
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
