"""XML in and out of requests, as Bulk 1.0, SOAP and metadata files use it.

A document that declares a type or entities is refused before it is parsed: nothing here needs one,
and entities are how small documents become large ones. Only UTF-8 is read.

Not imitated: other encodings than UTF-8, checks against a schema.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

XSI = "http://www.w3.org/2001/XMLSchema-instance"
# Nothing that is read here is nested half as deep.
DEEPEST = 50
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
# What XML 1.0 cannot carry, escaped or not.
UNSAYABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class BadXml(Exception):
    """The text is no XML document that may be read."""


def parse(content: bytes) -> Element:
    """Read a document.

    Raises:
        BadXml: It is not well-formed, not UTF-8, or declares a document type.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadXml("the document is not encoded in UTF-8") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadXml("DOCTYPE is disallowed")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise BadXml(str(error)) from None
    _check_depth(root)
    return root


def _check_depth(root: Element) -> None:
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise BadXml(f"elements are nested more than {DEEPEST} deep")
        level = [child for element in level for child in element]


def tag(element: Element) -> str:
    """Give an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def named(element: Element, wanted: str) -> Iterator[Element]:
    """Give the children of that name, in any namespace."""
    return (child for child in element if tag(child) == wanted)


def first(element: Element, wanted: str) -> Element | None:
    """Give the first child of that name."""
    return next(named(element, wanted), None)


def text(element: Element, wanted: str) -> str | None:
    """Give the text of the first child of that name, or None when there is none or it is empty."""
    found = first(element, wanted)
    return None if found is None or not (found.text or "").strip() else (found.text or "").strip()


def is_nil(element: Element) -> bool:
    """Say whether an element stands for null."""
    return element.get(f"{{{XSI}}}nil", "").lower() in ("true", "1")


def kind(element: Element) -> str | None:
    """Give an element's `xsi:type` without its prefix."""
    found = element.get(f"{{{XSI}}}type")
    return None if found is None else found.rpartition(":")[2]


def said(value: object) -> str:
    """Write a value as the text of an element."""
    if isinstance(value, bool):
        return str(value).lower()
    return escape(UNSAYABLE.sub("", str(value)))


def wrap(name: str, content: str) -> str:
    """Put markup into an element."""
    return f"<{name}>{content}</{name}>"


def leaf(name: str, value: object) -> str:
    """Write an element that holds a value; None is nil."""
    return f'<{name} xsi:nil="true"/>' if value is None else wrap(name, said(value))
