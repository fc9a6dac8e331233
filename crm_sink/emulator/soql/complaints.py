"""SOQL refusals in Salesforce's words, with the line, the caret and the row and column.

Not imitated: the exact cut of a long statement's excerpt, of which only a few are on record.
"""

from __future__ import annotations

import re

from crm_sink.emulator.errors import ApiError

# Recorded twice: the excerpt of a long statement begins after the first comma among the 38
# characters before the culprit; what follows the culprit is cut after a few words.
BEFORE = 38
AFTER = 20

CUSTOM_FIELD_HINT = (
    "If you are attempting to use a custom field, be sure to append the '__c' after the custom "
    "field name. Please reference your WSDL or the describe call for the appropriate names."
)
CUSTOM_OBJECT_HINT = (
    "If you are attempting to use a custom object, be sure to append the '__c' after the entity "
    "name. Please reference your WSDL or the describe call for the appropriate names."
)
CUSTOM_RELATIONSHIP_HINT = (
    "If you are attempting to use a custom relationship, be sure to append the '__r' after the "
    "custom relationship name. Please reference your WSDL or the describe call for the "
    "appropriate names."
)


def refuse(soql: str, at: int, code: str, message: str, *, counted_from: int = 1) -> ApiError:
    """Make the 400 that points at a place in the statement.

    Args:
        soql: The whole statement.
        at: Where the culprit begins, counted in characters from 0.
        code: MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE, ...
        message: What follows the row and column.
        counted_from: The number of a line's first column; the caret stands by it.
    """
    row = soql.count("\n", 0, at) + 1
    line_start = soql.rfind("\n", 0, at) + 1
    line_end = soql.find("\n", at)
    line = soql[line_start : len(soql) if line_end < 0 else line_end]
    column = at - line_start
    excerpt, caret = _excerpt(line, column)
    place = f"ERROR at Row:{row}:Column:{column + counted_from}"
    blanks = " " * (caret + counted_from - 1)
    return ApiError(400, code, f"\n{excerpt}\n{blanks}^\n{place}\n{message}")


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """Cut a line around a column; give the cut and where the column is in it."""
    start = 0
    if column > BEFORE:
        before = line[column - BEFORE : column]
        gap = re.search(r",\s*", before) or re.search(r"[\s(]+", before)
        start = column - BEFORE + gap.end() if gap else column - BEFORE
    end = len(line)
    if end - column > AFTER * 2:
        gap = re.search(r"\s", line[column + AFTER :])
        end = column + AFTER + gap.start() + 1 if gap else end
    return line[start:end], column - start


def malformed(soql: str, at: int, message: str) -> ApiError:
    """Make the MALFORMED_QUERY of a statement that does not follow the grammar."""
    return refuse(soql, at, "MALFORMED_QUERY", message)


def unexpected(soql: str, at: int, token: str) -> ApiError:
    """Make the refusal of a token that cannot stand there.

    Its column is counted from 0, and the caret is a character early: so quoted four times, where
    unknown columns and objects are counted from 1. A statement whose very first word is wrong gets
    the bare message (live-org assertion).
    """
    if not soql[:at].strip() and token != "<EOF>":
        return ApiError(400, "MALFORMED_QUERY", f"unexpected token: '{token}'")
    text = f"unexpected token: '{token}'"
    return refuse(soql, at, "MALFORMED_QUERY", text, counted_from=0)


def no_such_column(soql: str, at: int, column: str, entity: str) -> ApiError:
    """Make the INVALID_FIELD of a field that the object does not have (reads say "entity")."""
    text = f"No such column '{column}' on entity '{entity}'. {CUSTOM_FIELD_HINT}"
    return refuse(soql, at, "INVALID_FIELD", text)


def no_such_object(soql: str, at: int, name: str) -> ApiError:
    """Make the INVALID_TYPE of an object that the org does not have."""
    text = f"sObject type '{name}' is not supported. {CUSTOM_OBJECT_HINT}"
    return refuse(soql, at, "INVALID_TYPE", text)


def no_such_relationship(soql: str, at: int, name: str) -> ApiError:
    """Make the INVALID_FIELD of a parent path that leads nowhere."""
    text = f"Didn't understand relationship '{name}' in field path. {CUSTOM_RELATIONSHIP_HINT}"
    return refuse(soql, at, "INVALID_FIELD", text)


def no_such_children(soql: str, at: int, name: str) -> ApiError:
    """Make the INVALID_TYPE of a sub-query over children that do not exist."""
    text = (
        f"Didn't understand relationship '{name}' in FROM part of query call. "
        f"{CUSTOM_RELATIONSHIP_HINT}"
    )
    return refuse(soql, at, "INVALID_TYPE", text)
