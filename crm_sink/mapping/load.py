"""A mapping file read, checked for everything that needs neither data nor an org.

All problems are found at once, each with its file:line:column. What needs the prediction columns
or the org's describe is `check`; what needs an engine is `transform`.
"""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from typing import TYPE_CHECKING

from crm_sink.mapping.file.document import MAX_BYTES, read_document
from crm_sink.mapping.file.rules import rule_problems
from crm_sink.mapping.file.shape import shape
from crm_sink.mapping.file.sound import sound_part
from crm_sink.mapping.model import LoadedMapping, Mapping
from crm_sink.mapping.problem import Problem
from crm_sink.mapping.sql.expression import Column, Expression, Judge, open_judge

if TYPE_CHECKING:
    from pathlib import Path as FilePath

    from crm_sink.mapping.file.document import Data, Document, Path


def load_mapping(
    path: FilePath, *, partial: bool = False, judge: Judge | None = None
) -> tuple[LoadedMapping | None, list[Problem]]:
    """Read a mapping file.

    Args:
        path: The file.
        partial: Of a file with problems, give the part without any, so that it can be checked
            further; never to write from.
        judge: Of expressions, for those who read many files; without it one is opened.

    Returns:
        The mapping, or None when it has problems; and all of them, in the order of the file.
    """
    file = str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"the mapping file cannot be read: {error.strerror or error}"
        return None, [Problem(file, 1, 1, message, "crm-sink init writes a new one.")]
    if len(raw) > MAX_BYTES:
        return None, [Problem(file, 1, 1, "the file is larger than 1 MB", "Split the mapping.")]
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        message = "the file begins with a byte order mark"
        return None, [Problem(file, 1, 1, message, "Save it as UTF-8 without BOM.")]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        message = f"the byte 0x{raw[error.start]:02x} is not UTF-8"
        return None, [Problem(file, line, column, message, "Save the file as UTF-8.")]
    return loads(text, file=file, name=path.stem, partial=partial, judge=judge)


def loads(
    text: str, *, file: str, name: str, partial: bool = False, judge: Judge | None = None
) -> tuple[LoadedMapping | None, list[Problem]]:
    """Read the text of a mapping file; see `load_mapping`.

    Args:
        text: The YAML.
        file: What to call it in problems.
        name: The mapping's name, under which the ledger keeps its runs.
        partial: See `load_mapping`.
        judge: See `load_mapping`.
    """
    if len(text) > MAX_BYTES:
        return None, [Problem(file, 1, 1, "the file is larger than 1 MB", "Split the mapping.")]
    document, problems = read_document(text, file=file)
    if document is None:
        return None, problems
    data = _normalised(document)
    mapping, shape_problems = shape(document, data, file=file)
    expressions, faults = _expressions(document, data, file, judge)
    problems += shape_problems + faults + rule_problems(document, data, file=file)
    problems = sorted(set(problems), key=lambda each: (each.line, each.column, each.message))
    if problems and partial:
        mapping, _ = shape(document, sound_part(document, data, problems), file=file)
    if mapping is None or (problems and not partial):
        return None, problems
    loaded = LoadedMapping(
        name=name,
        file=file,
        mapping=mapping,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        places=document.places,
        expressions=_of(mapping, expressions),
    )
    return loaded, problems


def _of(mapping: Mapping, expressions: dict[Path, Expression]) -> dict[Path, Expression]:
    """Leave out the expressions of what is not in the mapping."""
    return {
        path: expression
        for path, expression in expressions.items()
        if (path == ("when",) and mapping.when is not None)
        or (path[1:2] and path[1] in mapping.fields)
    }


def _normalised(document: Document) -> Data:
    """Give the data with short fields written out and expressions as the text they were."""
    data = document.data
    if not isinstance(data, dict):
        return data
    result = dict(data)
    if "when" in result and ("when",) in document.scalars and result["when"] is not None:
        result["when"] = document.scalars["when",].text
    fields = result.get("fields")
    if isinstance(fields, dict):
        result["fields"] = {
            field: _field(document, ("fields", field), spec) for field, spec in fields.items()
        }
    return result


def _field(document: Document, path: Path, spec: Data) -> Data:
    if spec is None:
        return {}  # `rules` says what is missing
    if isinstance(spec, list):
        return spec
    if not isinstance(spec, dict):
        return {"value": document.scalars[path].text}
    value = (*path, "value")
    if spec.get("value") is not None and value in document.scalars:
        return {**spec, "value": document.scalars[value].text}
    return spec


def _expressions(
    document: Document, data: Data, file: str, judge: Judge | None
) -> tuple[dict[Path, Expression], list[Problem]]:
    """Judge every expression. The place of a short field's expression is the field's own."""
    found: dict[Path, Expression] = {}
    problems: list[Problem] = []
    texts = _texts(document, data)
    if not texts:
        return found, problems
    with open_judge() if judge is None else nullcontext(judge) as opened:
        for path, scalar_path in texts.items():
            text = document.scalars[scalar_path].text
            columns, faults = _judged(opened, document, scalar_path, text)
            if faults:
                problems += [
                    Problem(file, *place, message, hint) for place, message, hint in faults
                ]
            else:
                found[path] = Expression(text, columns)
    return found, problems


def _judged(
    judge: Judge, document: Document, path: Path, text: str
) -> tuple[tuple[Column, ...], list[tuple[tuple[int, int], str, str]]]:
    uses, faults = judge.judge(text)
    columns = [Column(use.name, *document.place_in(path, use.offset)) for use in uses]
    placed = [(document.place_in(path, f.offset), f.message, f.hint) for f in faults]
    return tuple(columns), placed


def _texts(document: Document, data: Data) -> dict[Path, Path]:
    """Give where expressions stand: their path in the mapping, and in the document."""
    if not isinstance(data, dict):
        return {}
    texts: dict[Path, Path] = {}
    if isinstance(data.get("when"), str) and ("when",) in document.scalars:
        texts["when",] = ("when",)
    fields = data.get("fields")
    for field, spec in fields.items() if isinstance(fields, dict) else ():
        if isinstance(spec, dict) and isinstance(spec.get("value"), str):
            path: Path = ("fields", field, "value")
            short: Path = ("fields", field)
            texts[path] = path if path in document.scalars else short
    return texts
