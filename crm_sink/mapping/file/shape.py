"""A document held against the model: unknown, missing and ill-typed keys, in plain words.

pydantic does the checking; what it says is put into the words of a mapping file, one problem for
each place, with the key's own description as the cure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from crm_sink.mapping.model import (
    DriftGate,
    Example,
    FieldSpec,
    FlagLeavers,
    FreshnessGate,
    Gates,
    LeaversGate,
    Mapping,
    MatchSpec,
    NewestTwin,
    SourceSpec,
    VolumeGate,
)
from crm_sink.mapping.names import did_you_mean
from crm_sink.mapping.problem import Problem

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from crm_sink.mapping.file.document import Data, Document, Path

# Which model a place of the document is held against; `*` stands for any name or number.
MODELS: dict[tuple[str, ...], type[BaseModel]] = {
    (): Mapping,
    ("source",): SourceSpec,
    ("match",): MatchSpec,
    ("match", "twins"): NewestTwin,
    ("fields", "*"): FieldSpec,
    ("leavers",): FlagLeavers,
    ("gates",): Gates,
    ("gates", "freshness"): FreshnessGate,
    ("gates", "volume"): VolumeGate,
    ("gates", "leavers"): LeaversGate,
    ("gates", "drift"): DriftGate,
    ("examples", "*"): Example,
}
FIELD = "it must be an expression, or a set of keys"
CLEARING = 'value: "null" clears the field.'


def shape(document: Document, data: Data, *, file: str) -> tuple[Mapping | None, list[Problem]]:
    """Make a mapping of a document's data, or say what is wrong with it."""
    try:
        return Mapping.model_validate(data), []
    except ValidationError as error:
        found: dict[Path, Problem] = {}
        for detail in error.errors(include_url=False):
            path, problem = _problem(detail, document, data, file)
            found.setdefault(path, problem)
        # Where a word or a set of keys may stand, what is wrong in the set says more.
        deeper = {path[:end] for path in found for end in range(len(path))}
        keep = [each for path, each in found.items() if path not in deeper]
        return None, keep


def model_at(path: Path) -> type[BaseModel] | None:
    """Give the model that a place of the document is held against, if it is a set of keys."""
    words = tuple(
        "*" if isinstance(part, int) or (path[:1] == ("fields",) and at == 1) else part
        for at, part in enumerate(path)
    )
    return MODELS.get(words)


def description_at(path: Path) -> str:
    """Give the description of a key, as the reference has it."""
    owner = model_at(path[:-1]) if path else None
    field = owner.model_fields.get(str(path[-1])) if owner is not None else None
    return (field.description or "") if field is not None else ""


def _problem(
    detail: ErrorDetails, document: Document, data: Data, file: str
) -> tuple[Path, Problem]:
    kind = detail["type"]
    path = _known_part(detail["loc"], data)
    key = str(path[-1]) if path else "the file"
    line, column = _place(document, path)
    if kind == "extra_forbidden":
        owner = model_at(path[:-1])
        keys = list(owner.model_fields) if owner is not None else []
        hint = did_you_mean(key, keys, say="Keys here are")
        return path, Problem(file, line, column, f"there is no key {key} here", hint)
    if kind == "missing":
        missing = (*path, str(detail["loc"][-1]))
        within = ".".join(str(part) for part in path) or "the file"
        message = f"{within} needs the key {missing[-1]}"
        return missing, Problem(file, line, column, message, _sentence(description_at(missing)))
    if "[key]" in detail["loc"]:
        if path[:1] == ("examples",):
            return path, Problem(file, line, column, "a column of the example has no name", "")
        message = f"{key} is no field name"
        hint = "A field's API name, or Relationship.External_Id__c for a lookup."
        return path, Problem(file, line, column, message, hint)
    value = _value_at(data, path)
    message = f"{key} cannot be {_shown(value)}"
    hint = CLEARING if kind == "empty" and key == "value" else _sentence(description_at(path))
    reason = FIELD if path[:1] == ("fields",) and len(path) == 2 else _reason(detail)
    if reason:
        message = f"{message}: {reason}"
    return path, Problem(file, line, column, message, hint)


def _known_part(loc: tuple[str | int, ...], data: Data) -> Path:
    """Give the part of an error's place that is in the document; the rest names union members."""
    path: list[str | int] = []
    at: Data = data
    for part in loc:
        inner = _child(at, part)
        if inner is not None:
            at = inner[0]
            path.append(part)
        elif part == "[key]" or not isinstance(at, dict):
            break  # anything else is the name of a union's member, such as `NewestTwin`
    return tuple(path)


def _child(data: Data, part: str | int) -> tuple[Data] | None:
    if isinstance(data, dict) and isinstance(part, str) and part in data:
        return (data[part],)
    if isinstance(data, list) and isinstance(part, int) and part < len(data):
        return (data[part],)
    return None


def _place(document: Document, path: Path) -> tuple[int, int]:
    for end in range(len(path), -1, -1):
        if path[:end] in document.places:
            return document.places[path[:end]]
    return 1, 1


def _value_at(data: Data, path: Path) -> Data:
    for part in path:
        inner = _child(data, part)
        data = inner[0] if inner is not None else None
    return data


def _shown(value: Data) -> str:
    if value is None or (isinstance(value, str) and not value.strip()) or value in ({}, []):
        return "empty"
    if isinstance(value, dict):
        return "a set of keys"
    if isinstance(value, list):
        return "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _reason(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    kind = detail["type"]
    if kind in ("literal_error",):
        return f"it is one of {str(context.get('expected', '')).replace(chr(39), '')}"
    if kind == "string_too_long":
        return f"at most {context.get('max_length')} characters"
    if kind in ("greater_than_equal", "greater_than"):
        word = "at least" if kind.endswith("equal") else "more than"
        return f"it must be {word} {context.get('ge', context.get('gt'))}"
    if kind == "too_short":
        return "at least one is needed"
    plain = {
        "string_type": "it must be text",
        "bool_type": "it must be true or false",
        "bool_parsing": "it must be true or false",
        "float_type": "it must be a number",
        "float_parsing": "it must be a number",
        "finite_number": "it must be a finite number",
        "dict_type": "it must be a set of keys",
        "model_type": "it must be a set of keys",
        "tuple_type": "it must be a list",
    }
    return plain.get(kind, "")


def _sentence(text: str) -> str:
    return text if not text or text.endswith(".") else f"{text}."
