"""YAML 1.2 text as plain data, with the place of every part of it.

Works on the parser's events, so that a hostile text (aliases that expand without end, a thousand
brackets, several documents) is refused in bounded time. Knows nothing of mappings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from crm_sink.mapping.file.scalar import Scalar, joined, plain_value, scalar_at
from crm_sink.mapping.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

Path: TypeAlias = tuple[str | int, ...]
Data: TypeAlias = "dict[str, Data] | list[Data] | str | int | float | bool | None"

MAX_BYTES = 1024 * 1024
MAX_NODES = 50_000
MAX_DEPTH = 16  # a mapping file is five deep; predictions in an example may be deeper


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML text says, and where each part of it stands (1-based line and column)."""

    source: str
    data: Data
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    scalars: dict[Path, Scalar] = field(default_factory=dict)

    def place_in(self, path: Path, offset: int) -> tuple[int, int]:
        """Give line and column of a character of a scalar, however the scalar is written.

        Quotes, folding and indentation shift what follows them. The word at the offset is looked
        for in the text between the scalar's marks: its n-th occurrence there is the n-th here.
        """
        scalar = self.scalars[path]
        found = re.match(r"\w+|\S", scalar.text[offset:])
        if found is None:
            return scalar.line, scalar.column
        word = found.group()
        # `core` of `10core` is no word of its own, in the text between the marks neither.
        is_whole = not re.match(r"\w", scalar.text[max(offset - 1, 0) : offset])
        earlier = len(_occurrences(word, scalar.text[:offset] + word, is_whole)) - 1
        here = _occurrences(word, self.source[scalar.start : scalar.end], is_whole)
        if earlier >= len(here):
            return scalar.line, scalar.column
        return place_at(self.source, scalar.start + here[earlier])


def read_document(text: str, *, file: str) -> tuple[Document | None, list[Problem]]:
    """Read a YAML text that holds one mapping of keys.

    Returns:
        The document, or None when the text cannot be read; and what is wrong. Keys that stand
        twice are a problem each, the first of them counts.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    builder = _Builder(text, file)
    try:
        builder.read(YAML(typ="safe", pure=True).parse(text))
    except _Refused as refused:
        return None, [*builder.problems, refused.problem]
    except MarkedYAMLError as error:
        return None, [_syntax_problem(error, text, file)]
    except ReaderError as error:
        at = min(int(error.position), len(text) - 1)
        line, column = place_at(text, at)
        message = f"the character U+{ord(text[at]):04X} may not stand in YAML"
        return None, [Problem(file, line, column, message, "Remove it.")]
    except YAMLError as error:
        return None, [Problem(file, 1, 1, f"this is not YAML: {error}", "")]
    return builder.document, builder.problems


def place_at(text: str, index: int) -> tuple[int, int]:
    """Give the 1-based line and column of a character."""
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1


class _Refused(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Node:
    """A scalar's text, a list's nodes, or a mapping's pairs; with the event that began it."""

    event: object
    scalar: Scalar | None = None
    items: tuple[_Node, ...] = ()
    pairs: tuple[tuple[_Node, _Node], ...] | None = None


class _Builder:
    """Turns events into nodes, and nodes into data and places."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.document = Document(text, None)
        self._text = text
        self._anchors: dict[str, _Node] = {}
        self._nodes = 0

    def read(self, events: Iterator[object]) -> None:
        """Read the whole stream."""
        next(events)  # the stream's start
        first = next(events)
        if _kind(first) == "StreamEnd":
            raise self._refuse(None, "the file is empty", "crm-sink init writes a new mapping.")
        root = self._node(next(events), events, 0)
        next(events)  # the document's end
        after = next(events)
        if _kind(after) != "StreamEnd":
            raise self._refuse(
                after, "a second document begins here", "Keep one mapping in one file."
            )
        if root.pairs is None:
            empty = root.scalar is not None and root.scalar.text in ("", "null", "~")
            message = "the file is empty" if empty else "a mapping file is a set of keys"
            raise self._refuse(root.event, message, "It begins with `object:`.")
        self._nodes = 0
        data = self._data(root, ())
        self.document = Document(self._text, data, self.document.places, self.document.scalars)

    def _node(self, event: object, events: Iterator[object], depth: int) -> _Node:
        if depth > MAX_DEPTH:
            raise self._refuse(event, f"nested more than {MAX_DEPTH} deep", "")
        self._count(event)
        kind, anchor = _kind(event), getattr(event, "anchor", None)
        if kind == "Alias":
            if anchor not in self._anchors:
                raise self._refuse(event, f"*{anchor} names nothing above it", "")
            return self._anchors[anchor]
        if getattr(event, "tag", None) is not None:
            raise self._refuse(event, "YAML tags (!...) are not used in mapping files", "")
        if kind == "Scalar":
            node = _Node(event, scalar=self._scalar(event))
        elif kind == "SequenceStart":
            items: list[_Node] = []
            while _kind(event := next(events)) != "SequenceEnd":
                items.append(self._node(event, events, depth + 1))
            node = _Node(event, items=tuple(items))
        else:
            node = _Node(event, pairs=self._pairs(events, depth))
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _scalar(self, event: object) -> Scalar:
        text = joined(str(getattr(event, "value", "")))
        if text is None:
            raise self._refuse(event, "half a character (a lone surrogate) stands here", "")
        return scalar_at(event, text)

    def _pairs(self, events: Iterator[object], depth: int) -> tuple[tuple[_Node, _Node], ...]:
        pairs: list[tuple[_Node, _Node]] = []
        while _kind(event := next(events)) != "MappingEnd":
            key = self._node(event, events, depth + 1)
            if key.scalar is None:
                raise self._refuse(event, "a key must be a word, not a list or a mapping", "")
            pairs.append((key, self._node(next(events), events, depth + 1)))
        return tuple(pairs)

    def _data(self, node: _Node, path: Path) -> Data:
        self._count(node.event)  # again: an alias is counted each time that it is used
        if node.scalar is not None:
            self.document.scalars[path] = node.scalar
            self.document.places.setdefault(path, (node.scalar.line, node.scalar.column))
            return plain_value(node.scalar)
        if node.pairs is None:
            self.document.places.setdefault(path, _place(node.event))
            return [self._data(item, (*path, i)) for i, item in enumerate(node.items)]
        self.document.places.setdefault(path, _place(node.event))
        result: dict[str, Data] = {}
        for key, value in node.pairs:
            assert key.scalar is not None
            word, place = key.scalar.text, (key.scalar.line, key.scalar.column)
            if word in result:
                message = f"the key {word} stands here twice"
                self.problems.append(Problem(self.file, *place, message, "Keep one of them."))
                continue
            self.document.places[(*path, word)] = place
            result[word] = self._data(value, (*path, word))
        return result

    def _count(self, event: object) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES:,} parts, aliases counted as often as they are used"
            raise self._refuse(event, message, "")

    def _refuse(self, event: object | None, message: str, hint: str) -> _Refused:
        line, column = (1, 1) if event is None else _place(event)
        return _Refused(Problem(self.file, line, column, message, hint))


def _kind(event: object) -> str:
    return type(event).__name__.removesuffix("Event")


def _place(event: object) -> tuple[int, int]:
    mark = getattr(event, "start_mark")  # noqa: B009 - ruamel's events have no types
    return int(mark.line) + 1, int(mark.column) + 1


def _occurrences(word: str, text: str, is_whole: bool) -> list[int]:
    edge = r"\b" if is_whole and re.match(r"\w", word) else ""
    return [match.start() for match in re.finditer(edge + re.escape(word) + edge, text)]


def _syntax_problem(error: object, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    lines = text.splitlines()
    if line <= len(lines) and "\t" in lines[line - 1][: max(column, 1)]:
        return Problem(file, line, column, "a tab may not indent YAML", "Use spaces.")
    words = " ".join(
        str(part)
        for part in (getattr(error, "context", None), getattr(error, "problem", None))
        if part
    )
    hint = ""
    if "mapping values are not allowed" in words:
        hint = "A value that holds `: ` must stand in quotes, or in a block after `|`."
    return Problem(file, line, column, f"this is not YAML: {words}", hint)
