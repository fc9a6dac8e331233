"""The sound part of a mapping file with problems: what can still be checked.

A person who is told of a typing error, mends it, and is only then told of a column that is missing
has been made to wait twice. So what has no problem of its own goes on to the checks against the
source and the org. Nothing is ever written from a part of a mapping.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crm_sink.mapping.file.document import Data, Document, Path
    from crm_sink.mapping.problem import Problem


def sound_part(document: Document, data: Data, problems: Iterable[Problem]) -> Data:
    """Leave out each key and each field in whose lines there is a problem, and the examples.

    Args:
        document: Where everything stands.
        data: The document's data, with short fields written out.
        problems: What is wrong, by line.
    """
    if not isinstance(data, dict):
        return data
    lines = {problem.line for problem in problems}
    fields = data.get("fields")
    places: dict[str | Path, Path] = {
        key: (key,) for key in data if key not in ("fields", "examples")
    }
    if isinstance(fields, dict):
        places |= {("fields", field): ("fields", field) for field in fields}
    first = sorted(
        line
        for path, (line, _) in document.places.items()
        if len(path) == 1 or (len(path) == 2 and path[0] == "fields")
    )
    sound = {key for key, path in places.items() if not lines & _lines(document, path, first)}
    part = {key: value for key, value in data.items() if key in sound}
    if isinstance(fields, dict):
        part["fields"] = {
            field: spec for field, spec in fields.items() if ("fields", field) in sound
        }
    return part


def _lines(document: Document, path: Path, first: list[int]) -> set[int]:
    """Give the lines of a part of the document: from its own to the next part's."""
    begin = document.places.get(path, (0, 0))[0]
    end = next((line for line in first if line > begin), len(document.source.splitlines()) + 1)
    return set(range(begin, end))
