"""A field's `type:` and literal values held against what the org says of the field.

A declared type may ask for less than the field has, never for more: a value that passes here must
fit there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.mapping.names import did_you_mean
from crm_sink.mapping.types import parse_type, type_text
from crm_sink.schema import NUMBER_TYPES, FieldSchema, FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.mapping.file.document import Path
    from crm_sink.mapping.model import FieldSpec

LEAVE_OUT = "Leave it out."
PICKLISTS = frozenset({FieldType.PICKLIST, FieldType.MULTIPICKLIST})
NUMBERS = NUMBER_TYPES | {FieldType.INT}
# Types that hold free text, and may stand for one another where the length allows it.
TEXTS = frozenset(
    {
        FieldType.STRING,
        FieldType.TEXTAREA,
        FieldType.COMBOBOX,
        FieldType.ENCRYPTED,
        FieldType.EMAIL,
        FieldType.PHONE,
        FieldType.URL,
    }
)


def type_faults(
    path: str, spec: FieldSpec, field: FieldSchema, owner: str
) -> Iterator[tuple[Path, str, str]]:
    """Give how a declared type contradicts the org's field."""
    declared = parse_type(spec.type, field=path) if spec.type is not None else None
    if not isinstance(declared, FieldSchema):
        return
    at: Path = ("fields", path, "type")
    name, has = f"{owner}.{field.name}", type_text(field)
    hint = f"Write type: {has}, or change the field in Setup."
    if not _same_family(declared, field):
        yield at, f"{name} is {_article(has)} in the org, not {_article(spec.type or '')}", hint
    elif declared.type in NUMBERS:
        digits, room = declared.precision - declared.scale, field.precision - field.scale
        if field.precision and digits > room:
            yield at, f"{name} holds {room} digits before the point, not {digits}", hint
        if declared.scale > field.scale:
            yield (
                at,
                f"{name} shows {field.scale} digits behind the point, not {declared.scale}",
                hint,
            )
    elif declared.type in PICKLISTS:
        yield from _unknown_values(at, declared.values, field, name)
    elif declared.length > field.length > 0 and declared.type is not FieldType.REFERENCE:
        yield at, f"{name} holds {field.length:,} characters, not {declared.length:,}", hint
    elif declared.type is FieldType.REFERENCE and not _points_alike(declared, field):
        yield at, f"{name} points to {' or '.join(field.reference_to)}", hint


def value_faults(
    path: str, spec: FieldSpec, field: FieldSchema, owner: str
) -> Iterator[tuple[Path, str, str]]:
    """Give the constants and literal results that a restricted picklist does not have."""
    if not (field.restricted and field.values and field.type in PICKLISTS):
        return
    name = f"{owner}.{field.name}"
    if isinstance(spec.constant, str):
        values = [spec.constant]
        if field.type is FieldType.MULTIPICKLIST:
            values = [part.strip() for part in spec.constant.split(";")]
        yield from _unknown_values(("fields", path, "constant"), tuple(values), field, name)
    if spec.value is not None and field.type is FieldType.PICKLIST:
        results = tuple(literal_results(spec.value))
        yield from _unknown_values(("fields", path, "value"), results, field, name)


def option_faults(
    path: str, spec: FieldSpec, field: FieldSchema, owner: str
) -> Iterator[tuple[Path, str, str]]:
    """Give the options that mean nothing for a field of this type."""
    name = f"{owner}.{field.name}"
    if spec.tolerance and field.type not in NUMBERS:
        yield ("fields", path, "tolerance"), f"{name} is no number: it has no tolerance", LEAVE_OUT
    if spec.truncate and field.type not in TEXTS:
        yield ("fields", path, "truncate"), f"{name} is no text that could be cut", LEAVE_OUT


def literal_results(text: str) -> list[str]:
    """Give the literal texts that an expression can come to: of CASE, coalesce, if and band.

    Example: `case when s > 0.8 then 'Hot' else 'Cold' end` → `Hot`, `Cold`.
    """
    import sqlglot

    from crm_sink.mapping.sql.form import in_brackets

    return list(dict.fromkeys(_results(sqlglot.parse_one(in_brackets(text), dialect="duckdb"))))


def _results(node: object) -> Iterator[str]:
    from sqlglot import exp

    if isinstance(node, exp.Paren):
        yield from _results(node.this)
    elif isinstance(node, exp.Literal) and node.is_string:
        yield str(node.this)
    elif isinstance(node, exp.Case):
        for branch in node.args.get("ifs") or ():
            yield from _results(branch.args.get("true"))
        yield from _results(node.args.get("default"))
    elif isinstance(node, exp.If):
        yield from _results(node.args.get("true"))
        yield from _results(node.args.get("false"))
    elif isinstance(node, exp.Coalesce):
        for part in (node.this, *node.expressions):
            yield from _results(part)
    elif isinstance(node, exp.Anonymous) and str(node.this).lower() == "band":
        arguments = node.expressions[1:]
        labels = arguments[::2]  # band(score, label, from, label, from, ..., label)
        for label in labels:
            yield from _results(label)


def _unknown_values(
    at: Path, values: tuple[str, ...], field: FieldSchema, name: str
) -> Iterator[tuple[Path, str, str]]:
    if not (field.restricted and field.values):
        return
    for value in values:
        if value not in field.values:
            hint = did_you_mean(value, field.values, say="It allows")
            yield at, f"{name} is a restricted picklist without the value {value!r}", hint


def _same_family(declared: FieldSchema, field: FieldSchema) -> bool:
    if declared.type is field.type:
        return True
    if declared.type in TEXTS:
        return field.type in TEXTS
    # Number(n, 0) is `double` for a custom field and `int` for some standard ones.
    return declared.type is FieldType.DOUBLE and field.type is FieldType.INT and not declared.scale


def _points_alike(declared: FieldSchema, field: FieldSchema) -> bool:
    targets = {target.lower() for target in field.reference_to}
    return {target.lower() for target in declared.reference_to} <= targets


def _article(type_: str) -> str:
    return f"an {type_}" if type_[:1].upper() in "AEIOU" else f"a {type_}"
