"""What the first line of an uploaded CSV file says, and how a job fails when it says it wrongly.

Rules and texts: facts 4.4, 4.5, 4.8, and the recorded experiment on relationship headers. Only the
first bad column is told.

Not imitated: the limit of 32,000 characters for a field that older texts name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.bulk2 import DELIMITERS, LINE_ENDS
from crm_sink.emulator.dml.staging import Column, Lookup
from crm_sink.emulator.rest.rows import is_key, points_to

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.schema import Field, ObjectType

MOST_COLUMNS = 5000
LONGEST_HEADER = 32_000
UNCLOSED = "Failed to parse CSV. EOF reached before closing an opened quote"
MORE_TEXT = "Failed to parse CSV. Not expecting more text after end quote"
UNESCAPED = (
    "Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote"
)


class BadFile(Exception):
    """The whole job fails with this `errorMessage`."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header line as it was written, and what its columns mean."""

    line: str
    columns: tuple[Column, ...]


def read_header(body: Path, job: Job, objects: dict[str, ObjectType]) -> Header:
    """Read and check a file's header.

    Raises:
        BadFile: A column is no field of the object, or the file breaks the CSV rules.
    """
    line = _first_line(body, job)
    names = split_line(line, DELIMITERS[job.column_delimiter])
    return Header(line, columns_of(names, job, objects))


def columns_of(
    names: Sequence[str], job: Job, objects: dict[str, ObjectType]
) -> tuple[Column, ...]:
    """Find what column names mean to a job's object.

    Raises:
        BadFile: One of them is no field, one comes twice, or an upsert's key is not among them.
    """
    if len(names) > MOST_COLUMNS:
        raise BadFile(f"InvalidBatch : Exceeded max number of columns per record : {MOST_COLUMNS}")
    target = objects[job.object.lower()]
    columns = tuple(_column(place, name, target, objects) for place, name in enumerate(names))
    own = [column.field.name for column in columns if column.lookup is None]
    for name in own:
        if own.count(name) > 1:
            raise BadFile(f"InvalidBatch : Duplicate field name found : {name}")
    wanted = job.external_id_field
    if job.operation == "upsert" and wanted and wanted.lower() not in map(str.lower, own):
        raise BadFile(f"InvalidBatch : External ID field {wanted} is missing")
    return columns


def split_line(line: str, delimiter: str) -> list[str]:
    """Split one CSV record into its values.

    Raises:
        BadFile: A quote stands where none may, in the words of Salesforce's own reader.
    """
    edge = re.escape(delimiter)
    cell = re.compile(rf'(?:"((?:[^"]|"")*)"|([^"{edge}]*))(?:{edge}|$)')
    values, start = [], 0
    while start <= len(line):
        found = cell.match(line, start)
        if found is None:
            raise BadFile(f"InvalidBatch : {_complaint(line[start:])}")
        quoted, bare = found.groups()
        values.append(quoted.replace('""', '"') if quoted is not None else bare)
        if found.end() == len(line) and not found.group().endswith(delimiter):
            break
        start = found.end()
    return values


def wrong_end(job: Job) -> BadFile:
    """Make the refusal of a file whose lines do not end as the job says (facts 4.4)."""
    return BadFile(
        "ClientInputError : LineEnding is invalid on user data. "
        f"Current LineEnding setting is {job.line_ending}"
    )


def _complaint(rest: str) -> str:
    if not rest.startswith('"'):
        return UNESCAPED
    if re.match(r'"(?:[^"]|"")*$', rest):
        return UNCLOSED
    return MORE_TEXT


def _first_line(body: Path, job: Job) -> str:
    """Give the first record without its end, which must be the job's (facts 4.4)."""
    end = LINE_ENDS[job.line_ending]
    if not body.exists() or body.stat().st_size == 0:
        raise BadFile("InvalidBatch : Records not found")
    with body.open("rb") as file:
        raw = file.readline(LONGEST_HEADER * 4)
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadFile("ClientInputError : The file is not encoded in UTF-8") from None
    if not line.endswith(end) or (end == "\n" and line.endswith("\r\n")):
        raise wrong_end(job)
    line = line.removesuffix(end)
    if len(line) > LONGEST_HEADER:
        raise BadFile("InvalidBatch : Exceeded max length for one record")
    return line


def _column(place: int, header: str, target: ObjectType, objects: dict[str, ObjectType]) -> Column:
    kind, colon, path = header.rpartition(":")
    relationship, dot, key = path.partition(".")
    if not dot:
        found = None if colon else target.find(header)
        if found is None:
            raise BadFile(f"InvalidBatch : Field name not found : {header}")
        return Column(place, found)
    reference = relation(target, relationship)
    if reference is None:
        raise BadFile(f"InvalidBatch : Unable to find relationship: {relationship}")
    if colon and len(reference.reference_to) == 1:
        raise BadFile(
            "InvalidBatch : type is not needed for non polymorphic foreign key references: "
            + relationship
        )
    if not colon and len(reference.reference_to) > 1:
        raise BadFile(
            "InvalidBatch : type is needed for polymorphic foreign key references: " + relationship
        )
    named = kind or reference.reference_to[0]
    other = objects.get(named.lower())
    by = other.find(key) if other is not None and points_to(reference, named) else None
    if other is None or by is None or not is_key(by):
        raise BadFile(f"InvalidBatch : Field name not found : {header}")
    return Column(place, reference, Lookup(other, by))


def relation(target: ObjectType, relationship: str) -> Field | None:
    """Give the reference field of that relationship name."""
    for field in target.fields.values():
        if field.relationship and field.relationship.lower() == relationship.lower():
            return field
    return None
