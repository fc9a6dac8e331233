"""Find the predictions that a mapping names, before any of them is read.

The engine may open only the files that are found here, so this comes first. Reading is `stage`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from crm_sink.errors import SourceError
from crm_sink.source.contents import require_contents

if TYPE_CHECKING:
    from crm_sink.mapping.model import SourceSpec


class Kind(StrEnum):
    """How predictions come in."""

    PARQUET = "parquet"
    CSV = "csv"
    QUERY = "query"
    FRAME = "frame"


@dataclass(frozen=True, slots=True)
class Located:
    """Predictions that were found and not yet read.

    Attributes:
        kind: How they come in.
        shown: Where they are, as a person may see it.
        files: Absolute paths in reading order; empty unless they are files.
        below: Of each file its folder within the one that was searched, whose `key=value` parts
            are columns; empty unless a folder was.
        query: A SQL query for the database at `url`.
        url: Its SQLAlchemy URL; may hold a password, so it is never shown.
        frame: A DataFrame, an Arrow table or stream.
    """

    kind: Kind
    shown: str
    files: tuple[Path, ...] = ()
    below: tuple[Path, ...] = ()
    query: str = ""
    url: str = field(default="", repr=False)
    frame: object | None = field(default=None, repr=False)


def locate(spec: SourceSpec, frame: object | None, *, environ: Mapping[str, str]) -> Located:
    """Find the predictions: the frame when there is one, else what the mapping names.

    Args:
        spec: The mapping's `source`.
        frame: A pandas DataFrame, or an Arrow (or Polars) table or stream; or None.
        environ: The environment, for the variable that holds the database URL.

    Raises:
        SourceError: Nothing is there, or it may not be read.
    """
    if frame is not None:
        return Located(Kind.FRAME, f"the {type(frame).__name__}", frame=frame)
    if spec.parquet is not None:
        return _located_files(Kind.PARQUET, spec.parquet)
    if spec.csv is not None:
        return _located_files(Kind.CSV, spec.csv)
    if spec.query is not None:
        return _located_query(spec.query, spec.database, environ)
    raise SourceError(
        "the mapping names no source, and no table was handed in",
        hint="add `source: {parquet: predictions.parquet}` to the mapping",
    )


def _located_query(query: str, variable: str | None, environ: Mapping[str, str]) -> Located:
    if variable is None:
        raise SourceError(
            "the source has a query and no database",
            hint="add `database: DATABASE_URL`, the name of a variable that holds its URL",
        )
    shown = f"the query on ${variable}"
    url = environ.get(variable, "").strip()
    if not url:
        fault = "is empty" if variable in environ else "is not set"
        near = [one for one in get_close_matches(variable, environ, n=1) if one != variable]
        hint = f"did you mean ${near[0]}?" if near else f"export {variable}=postgresql://..."
        raise SourceError(f"the environment variable {variable} {fault}", where=shown, hint=hint)
    return Located(Kind.QUERY, shown, query=query, url=url)


def _located_files(kind: Kind, text: str) -> Located:
    if "://" in text:
        raise SourceError(
            "only files of this machine can be read", where=text, hint="copy them here first"
        )
    path = Path(text).expanduser()
    if path.is_dir():
        files = _files_below(path, kind)
    elif not path.exists() and has_magic(str(path)):
        found = sorted(Path(match) for match in glob(str(path), recursive=True))
        files = [match for match in found if match.is_file()]
        if not files:
            raise _missing(path, "no file matches", text)
    else:
        files = [path]
    # A link such as latest.parquet beside its file is the same predictions, not more of them.
    once = {file.resolve(): file for file in reversed(files)}
    files = [file for file in files if once[file.resolve()] == file]
    for file in files:
        _require_readable(file, text if len(files) == 1 else str(file), kind)
    below = tuple(file.parent.relative_to(path) for file in files) if path.is_dir() else ()
    return Located(kind, text, files=tuple(file.resolve() for file in files), below=below)


def _files_below(folder: Path, kind: Kind) -> list[Path]:
    """List a folder's files in sorted order, without the side files that jobs leave (_SUCCESS)."""
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.name.endswith((f".{kind}", ".csv.gz") if kind is Kind.CSV else f".{kind}")
        and not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
        and path.is_file()
    ]
    if not files:
        raise SourceError(
            f"the folder holds no .{kind} file", where=str(folder), hint=f"ls {folder}"
        )
    return files


def _require_readable(path: Path, shown: str, kind: Kind) -> None:
    if not path.exists():
        raise _missing(path, "there is no such file", shown)
    try:
        require_contents(path, shown, is_csv=kind is Kind.CSV)
    except OSError as error:
        raise SourceError(
            f"the file cannot be read: {error.strerror}", where=shown, hint=f"ls -l {path}"
        ) from error


def _missing(path: Path, message: str, shown: str) -> SourceError:
    """Say what is missing, with the nearest name in the nearest folder that exists."""
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    wanted = path.relative_to(folder).parts[0]
    readable = os.access(folder, os.R_OK)
    near = get_close_matches(wanted, os.listdir(folder) if readable else [], n=1, cutoff=0.5)
    hint = f"did you mean {folder / near[0]}?" if near else f"ls {folder}"
    return SourceError(message, where=shown, hint=hint)
