"""Column names that the predictions may have, and how types of several files fit together.

Names are compared without case, as SQL compares them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW = "__row"
HELD_BY_FLOAT = {"FLOAT", "TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", '"NULL"', "NULL"}
SAME_TYPES = "write all files with the same types"

# DuckDB types that hold one kind of value: files may differ within a family.
FAMILIES = {
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT"), "number"
    ),
    **dict.fromkeys(("UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"), "number"),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "timestamp"),
    **dict.fromkeys(
        ("TIMESTAMPTZ", "TIMESTAMPTZ_NS", "TIMESTAMP WITH TIME ZONE"), "timestamp with time zone"
    ),
    "VARCHAR": "text",
    '"NULL"': "null",
    "NULL": "null",
}


def check_names(names: Sequence[str], where: str) -> None:
    """Refuse names that an expression could not tell apart, or that we need ourselves.

    Raises:
        SourceError: A name is empty, doubled or taken.
    """
    seen: dict[str, str] = {}
    for place, name in enumerate(names, start=1):
        if not name.strip():
            raise SourceError(f"column {place} has no name", where=where, hint="name it")
        if name.lower() == ROW:
            raise SourceError(
                f"a column may not be named {ROW}: the row number is kept there",
                where=where,
                hint="rename it",
            )
        if name.lower() in seen:
            other = seen[name.lower()]
            same = "twice" if other == name else f"beside {other!r}, and SQL knows no case"
            raise SourceError(f"column {name!r} is there {same}", where=where, hint="rename one")
        seen[name.lower()] = name


def family(kind: str) -> str:
    """Give the family of a DuckDB type; a type of its own where it has none."""
    return FAMILIES.get(kind.partition("(")[0], kind)


def scale(kind: str) -> int:
    """Give the digits behind the point that a DuckDB type keeps; 0 when it is no decimal."""
    return int(kind.removesuffix(")").rpartition(",")[2]) if kind.startswith("DECIMAL") else 0


def check_types(kinds: Sequence[tuple[str, dict[str, str]]]) -> None:
    """Refuse files that hold different kinds of value under one name.

    Args:
        kinds: For each file, its name and its columns with their DuckDB types.

    Raises:
        SourceError: Two files do not fit together.
    """
    first: dict[str, tuple[str, str]] = {}
    for file, columns in kinds:
        for name, kind in columns.items():
            if family(kind) == "null":
                continue
            other, known = first.setdefault(name.lower(), (file, kind))
            if family(known) != family(kind):
                raise SourceError(
                    f"column {name!r} is {kind} here, and {known} in {other}",
                    where=file,
                    hint=SAME_TYPES,
                )


def check_digits(kinds: Sequence[tuple[str, dict[str, str]]], united: dict[str, str]) -> None:
    """Refuse numbers that would be rounded when files are united.

    DuckDB takes the smaller scale when digits before and behind the point do not fit together, and
    of a FLOAT beside whole numbers or decimals a FLOAT, which keeps seven digits.

    Args:
        kinds: For each file, its name and its columns with their DuckDB types.
        united: The types of the columns when the files are read as one.

    Raises:
        SourceError: A file's column would lose digits.
    """
    taken = {name.lower(): kind for name, kind in united.items()}
    for file, columns in kinds:
        for name, kind in columns.items():
            whole = taken[name.lower()]
            loses = whole.startswith("DECIMAL") and scale(whole) < scale(kind)
            if loses or (whole == "FLOAT" and kind not in HELD_BY_FLOAT):
                raise SourceError(
                    f"column {name!r} is {kind} here, and {whole} over all files",
                    where=file,
                    hint=SAME_TYPES,
                )
