"""The schema of every table that one stage hands to the next, written down once.

Words, the same everywhere:

    run        one trip from predictions to records, or one plan made and not yet applied
    plan       what a run will write, at rest in the ledger: changes, cut into chunks
    change     one record to create or update, with the old and new value of each field
    chunk      the changes that travel together: one Bulk job, or one Collections call
    ticket     what must be remembered of a chunk that was sent, to collect its outcomes
    outcome    what the CRM did with one change
    reject     a row that will not be written, with the reason and the cure
    conflict   a field that a person changed since our last write, and that we leave alone
    gate       a check of the whole batch; its verdict is pass, warn or hold
    leaver     a record that carries values of ours and is no longer in the predictions

Each table has fixed columns, given here, and (where said) one or more columns for every mapped
field, named by the field's API name F as the mapping file's canonical spelling has it
(`Propensity_Score__c`, `Account.Ext__c`):

    desired   fixed + F
    present   fixed + F             what the org holds now
    changes   fixed + F (after) + "F.before" + "F.write"
    outcomes, rejects, conflicts    fixed only

The DuckDB type of F is `sql_type(field)`. Text is trimmed and never empty (Salesforce stores ""
as null), datetimes are UTC and whole seconds, percent fields hold 10 for 10 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import name
from crm_sink.schema import NUMBER_TYPES, FieldType

if TYPE_CHECKING:
    from crm_sink.schema import FieldSchema

EXACT_DIGITS = 15  # what any double keeps of a decimal number

# Predictions that passed the transform. One row for each prediction; keys are unique.
DESIRED = {
    "row": "BIGINT",  # 1-based row number in the source; never null
    "key": "VARCHAR",  # the key as the source has it, as text, trimmed; never null
    "match_key": "VARCHAR",  # `key` as the org compares it (lower case, 15-character Id); unique
}

# Records of the org, as read by `Crm.read`.
PRESENT = {
    "id": "VARCHAR",  # 18 characters; never null
    "match_key": "VARCHAR",  # the key field as the org compares it; null when the field is null
    "modified": "TIMESTAMP",  # SystemModstamp, UTC
}

# What a plan holds. An update names only the fields whose "F.write" is true.
CHANGES = {
    "chunk": "INTEGER",  # which chunk the change travels in
    "row": "BIGINT",  # source row; null for a leaver
    "key": "VARCHAR",  # never null
    "id": "VARCHAR",  # 18 characters; null for a record to create
    "action": "VARCHAR",  # create, update, clear (a leaver) or delete (undoing a create)
    "modified": "TIMESTAMP",  # SystemModstamp when the plan was made; null for a create
}

# One for each change of a chunk.
OUTCOMES = {
    "chunk": "INTEGER",
    "row": "BIGINT",
    "key": "VARCHAR",
    "id": "VARCHAR",  # the change's own, if it has one; null when nothing was created
    "ok": "BOOLEAN",  # never null
    "created": "BOOLEAN",  # true when a record was made; null when that cannot be told
    "code": "VARCHAR",  # Salesforce's status code; null when ok
    "message": "VARCHAR",  # Salesforce's text; null when ok
    "fields": "VARCHAR",  # field names, comma-separated; null when the org named none
}

# Rows that are not written. A row with two bad fields stands here twice.
REJECTS = {
    "row": "BIGINT",  # source row; null for a leaver
    "key": "VARCHAR",
    "id": "VARCHAR",  # record id where it is known
    "stage": "VARCHAR",  # source, transform, match, plan or write
    "field": "VARCHAR",  # the field at fault, or null for the whole row
    "value": "VARCHAR",  # the value at fault as text, at most 255 characters
    "code": "VARCHAR",  # ours (TEXT_TOO_LONG) or Salesforce's; upper case
    "message": "VARCHAR",  # what is wrong, in a sentence
    "hint": "VARCHAR",  # the cure, in a sentence
    "attempts": "INTEGER",  # how often the row was sent to the org
}

# Fields that are not overwritten.
CONFLICTS = {
    "row": "BIGINT",
    "key": "VARCHAR",
    "id": "VARCHAR",
    "field": "VARCHAR",
    "written": "VARCHAR",  # what we wrote last, as text
    "present": "VARCHAR",  # what the org holds now, as text
    "desired": "VARCHAR",  # what the prediction says, as text
    "modified": "TIMESTAMP",  # when the record was last changed, by anybody or anything
    "changed_by": "VARCHAR",  # who changed it last: a name, or an id; null when not known
    "changed_at": "TIMESTAMP",  # when that was (LastModifiedDate), UTC
}


def sql_type(field: FieldSchema) -> str:
    """Give the DuckDB type that holds a field's values at every stage.

    Numbers are DOUBLE because that is what Salesforce stores (`xsd:double`), even for a
    Number(18, 0).
    """
    if field.type in NUMBER_TYPES:
        return "DOUBLE"
    return {
        FieldType.BOOLEAN: "BOOLEAN",
        FieldType.INT: "INTEGER",
        FieldType.DATE: "DATE",
        FieldType.DATETIME: "TIMESTAMP",
        FieldType.TIME: "TIME",
    }.get(field.type, "VARCHAR")


def match_key(field: FieldSchema, expression: str) -> str:
    """Give the SQL for a key as the org compares it, so that equal keys are equal texts.

    An Id is compared by its 15 case-sensitive characters; text is compared without case unless
    the field says otherwise; a number by its value (`7`, `7.0` and `07` are one key).
    """
    if field.type in (FieldType.ID, FieldType.REFERENCE):
        return f"left(cast({expression} as varchar), 15)"
    if field.type in NUMBER_TYPES or field.type is FieldType.INT:
        return f"cast(try_cast({expression} as double) as varchar)"
    text = f"cast({expression} as varchar)"
    # To trim every key takes five times as long as to see which need it.
    blank = f"{text} like ' %' or {text} like '% '"
    trimmed = f"case when {blank} then trim({text}) else {text} end"
    return trimmed if field.case_sensitive else f"lower({trimmed})"


def own_text(column: str) -> str:
    """Give the quoted column that holds a typed CSV column as the file has it: `1.10`, not 1.1."""
    return name(f"__text {column.lower()}")


def before(field_name: str) -> str:
    """Give the quoted column that holds a field's old value in `changes`."""
    return name(f"{field_name}.before")


def write(field_name: str) -> str:
    """Give the quoted column that tells whether a change writes the field."""
    return name(f"{field_name}.write")


def text_of(field: FieldSchema, expression: str) -> str:
    """Give the SQL for a value as text that both people and Salesforce read.

    Numbers never carry an exponent, and whole ones no point when the scale is 0: an int field
    refuses `250.0`. Datetimes are `2026-11-20T06:00:00.000Z`.
    """
    if field.type in NUMBER_TYPES:
        # Salesforce does not enforce the scale: what others wrote may have more digits, and is
        # told, and put back by an undo, with all of them.
        exact = f"cast(cast(cast({expression} as varchar) as decimal(38, 18)) as varchar)"
        return (
            f"case when {expression} = round({expression}, {field.scale}) "
            f"then {_in_scale(field, expression)} else rtrim(rtrim({exact}, '0'), '.') end"
        )
    if field.type is FieldType.DATETIME:
        return f"strftime({expression}, '%Y-%m-%dT%H:%M:%S.000Z')"
    if field.type is FieldType.TIME:
        return f"strftime(date '1970-01-01' + {expression}, '%H:%M:%S.000Z')"
    return f"cast({expression} as varchar)"


def _in_scale(field: FieldSchema, expression: str) -> str:
    if field.scale == 0:
        return f"cast(cast({expression} as hugeint) as varchar)"
    number = expression
    if (field.precision or 18) > EXACT_DIGITS:
        # The engine multiplies to make a decimal of a double, which beyond 15 digits is a
        # cent off now and then. The double's own text is exact.
        number = f"cast({expression} as varchar)"
    return f"cast(cast({number} as decimal(38, {field.scale})) as varchar)"


def same_change(change: str, outcome: str) -> str:
    """Give the SQL condition that an outcome is that of a change.

    A key alone does not tell: it may have moved from a leaver's record to another. Only a record
    that is created has no id in its change.
    """
    return (
        f"{change}.chunk = {outcome}.chunk and {change}.key = {outcome}.key "
        f"and coalesce({change}.id = {outcome}.id, true)"
    )


def empty(table: dict[str, str]) -> str:
    """Give a query with a fixed table's columns and no rows."""
    columns = ", ".join(f"cast(null as {kind}) as {name(column)}" for column, kind in table.items())
    return f"select {columns} where false"
