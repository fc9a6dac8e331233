"""A metadata component as plain values: what its XML or JSON says, and the XML of it again.

Texts are texts; elements that hold elements are dictionaries; repeated ones are lists.

Not imitated: a check of element names against the WSDL (unknown ones are kept, without effect).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.xml import is_nil, leaf, tag, wrap

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Body = dict[str, Any]


class Refused(Exception):
    """A component that cannot be saved: a status code and words, one of many in a reply."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def from_xml(element: Element) -> Body:
    """Read the elements of a component."""
    body: Body = {}
    for child in element:
        if is_nil(child):
            continue
        key, value = tag(child), from_xml(child) if len(child) else (child.text or "").strip()
        if key in body:
            body[key] = [*listed(body, key), value]
        else:
            body[key] = value
    return body


def to_xml(body: Body) -> str:
    """Write a component's elements, in alphabetical order but for the name, as Salesforce does."""
    keys = sorted(body, key=lambda key: (key != "fullName", key))
    return "".join(_element(key, one) for key in keys for one in listed(body, key))


def _element(key: str, value: object) -> str:
    return wrap(key, to_xml(value)) if isinstance(value, dict) else leaf(key, value)


def listed(body: Body, key: str) -> list[Any]:
    """Give the values of a key that may come once, several times or not at all."""
    found = body.get(key)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def elements(body: Body, key: str) -> list[Body]:
    """Give the same of a key whose elements hold elements; one that holds none is empty."""
    return [one if isinstance(one, dict) else {} for one in listed(body, key)]


def said(body: Body, key: str) -> str | None:
    """Give the text of a key, of several the last; None when there is none."""
    texts = [one for one in listed(body, key) if not isinstance(one, dict)]
    return str(texts[-1]) if texts else None


def is_true(body: Body, key: str) -> bool:
    """Say whether a key says true, as a text or as JSON's own."""
    return str(body.get(key, "")).lower() == "true"


def number(body: Body, key: str, kind: str) -> int:
    """Give the whole number of a key.

    Raises:
        Refused: It is missing, or none.
    """
    text = str(body.get(key) if body.get(key) is not None else "")
    if not text:
        raise invalid(f"Must specify '{key}' for a CustomField of type {kind}")
    found = count_in(text)
    if found is None:
        raise invalid(f"Invalid '{key}': {text}")
    return found


def invalid(message: str) -> Refused:
    """Make the refusal of a field that contradicts itself."""
    return Refused("FIELD_INTEGRITY_EXCEPTION", message)


def unknown(kind: str, full_name: str) -> Refused:
    """Make the refusal of a component that names another that is not there."""
    return Refused("INVALID_CROSS_REFERENCE_KEY", f"no {kind} named {full_name} found")
