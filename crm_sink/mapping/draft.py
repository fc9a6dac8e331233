"""The text of a new mapping file, from a prediction table's columns and an object's describe.

Guesses the key and which column belongs to which field, and says in comments what it guessed. What
it cannot guess stands there as a comment to fill in, so that the file loads as it is.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from crm_sink.mapping.pairing import is_factors, key_of, pair, placeholder
from crm_sink.mapping.sql.functions import keywords
from crm_sink.mapping.types import parse_type, type_text
from crm_sink.schema import FieldSchema, FieldType

if TYPE_CHECKING:
    from crm_sink.mapping.model import SourceSpec
    from crm_sink.schema import ObjectSchema

PERCENTAGE = re.compile(r"prob|score|risk|propensity|likelihood|rate|share|confidence", re.I)
PLACEHOLDER = "  # No column has found its field. This one fits by its type alone: change it."
TIME_NAMES = re.compile(r"scored|timestamp|_at$|_time$", re.I)


def draft(
    schema: ObjectSchema, columns: dict[str, str], *, source: SourceSpec | None = None
) -> str:
    """Write a new mapping.

    Args:
        schema: The destination, as the org describes it.
        columns: Name and DuckDB type of each prediction column.
        source: Where the predictions are; left out of the file when None.
    """
    key, key_field = key_of(schema, columns)
    pairs = pair(schema, columns, key, key_field)
    warning = [] if pairs else [PLACEHOLDER]
    if not pairs:
        pairs = dict(placeholder(schema, columns, key, key_field))
    if not pairs:
        pairs = {key: FieldSchema("Field_To_Choose__c", FieldType.STRING, length=255)}
    parts = [
        f"# {_one_line(schema.label or schema.name)}: what these predictions become in Salesforce.",
        "# Drafted by `crm-sink init`: look at each guess, then crm-sink validate this file.",
        "# What may stand here: crm-sink help mapping. Functions: crm-sink help functions.",
        "",
        f"object: {schema.name}",
        *_source(source),
        *_match(key, key_field),
        "fields:",
        *warning,
        *(line for column, field in pairs.items() for line in _field(column, field, columns)),
        *_unmatched(pairs, columns, key),
        *_rest(columns),
    ]
    return "\n".join(parts) + "\n"


def _source(source: SourceSpec | None) -> list[str]:
    if source is None:
        return []
    given = [(key, value) for key, value in source.model_dump().items() if value is not None]
    return ["source:", *(f"  {key}: {_quoted(str(value))}" for key, value in given)]


def _match(key: str, field: FieldSchema | None) -> list[str]:
    lines = ["match:"]
    if field is None:
        lines.append("  field: Id # no external id was found: the column must hold record ids")
    else:
        lines.append(f"  external_id: {field.name} # a guess: the field that holds the key")
    lines.append(f"  column: {_quoted(key)}")
    lines.append("  missing: reject # or create")
    return lines


def _field(column: str, field: FieldSchema, columns: dict[str, str]) -> list[str]:
    lines = [
        f"  {field.name}:",
        f"    value: {_quoted(_expression(column, field, columns[column]))}",
    ]
    text = type_text(field)
    if field.type in (FieldType.PICKLIST, FieldType.MULTIPICKLIST):
        written = parse_type(text)
        if not isinstance(written, FieldSchema) or written.values != field.values:
            return lines  # without values, or with some that a type cannot name
    return [*lines, f"    type: {_quoted(text)}"]


def _expression(column: str, field: FieldSchema, kind: str) -> str:
    sql = column if _is_plain_column(column) else _identifier(column)
    if kind.startswith("TIMESTAMP") and "TIME ZONE" not in kind:
        # Without a zone: the commonest is UTC, and it has to be said.
        return f"{sql} at time zone 'UTC'" if field.type is FieldType.DATETIME else sql
    if field.type is FieldType.TEXTAREA and is_factors(kind):
        return f"reasons({sql}, 3)"
    fraction = kind in ("DOUBLE", "FLOAT") and PERCENTAGE.search(column)
    if fraction and field.type is FieldType.PERCENT:
        return f"pct({sql})"
    if fraction and field.type is FieldType.DOUBLE and field.scale == 0:
        return f"round(100 * {sql})"
    return sql


def _is_plain_column(column: str) -> bool:
    """Tell whether a column's bare name is an expression that gives it: `order` is not."""
    return re.fullmatch(r"[a-z_][a-z0-9_]*", column) is not None and column not in keywords()


def _identifier(column: str) -> str:
    doubled = column.replace('"', '""')
    return f'"{doubled}"'


def _unmatched(pairs: dict[str, FieldSchema], columns: dict[str, str], key: str) -> list[str]:
    left = [column for column in columns if column not in pairs and column != key]
    if not left:
        return []
    lines = ["  # Columns for which no field was found:"]
    return [*lines, *(f"  #   {_one_line(f'{column} ({columns[column]})')}" for column in left)]


def _rest(columns: dict[str, str]) -> list[str]:
    lines = [
        "# A value that a person changed since our last write: protect it, or overwrite.",
        "edits: protect",
        "# Records that are no longer in the predictions: keep, clear, or {flag: A_Checkbox__c}.",
        "leavers: keep",
    ]
    times = [c for c, kind in columns.items() if kind.startswith("TIMESTAMP")]
    times.sort(key=lambda column: TIME_NAMES.search(column) is None)
    gates = ["gates:"]
    if times:
        column = _quoted(times[0]) if re.fullmatch(r"\w+", times[0]) else _double(times[0])
        gates.append(f"  freshness: {{column: {column}, warn_after: 26h, hold_after: 48h}}")
    gates.append("  volume: {hold_if_rows_change: 50%}")
    return [*lines, *gates]


def _one_line(text: str) -> str:
    return re.sub(r"[^\x20-\x7e\xa0-\ud7ff]", "?", text)


def _quoted(text: str) -> str:
    """Write a text so that YAML reads it back as it is, plain where that is safe."""
    plain = re.fullmatch(r"[A-Za-z_./]([A-Za-z0-9_./*() ,'\-]*[A-Za-z0-9_./*)'])?", text)
    return text if plain and not _is_word(text) else _double(text)


def _is_word(text: str) -> bool:
    return text.lower() in ("null", "true", "false", "yes", "no", "on", "off", "~", "y", "n")


def _double(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub(r"[^\x20-\x7e\xa0-\ud7ff\U00010000-\U0010ffff]", _escaped, quoted)


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
