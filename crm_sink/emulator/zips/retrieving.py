"""A retrieve: the components that a manifest names, in the zip of a deployment (facts 8.3).

Files lie in `unpackaged/`, or at the top with `singlePackage`; what cannot be found is told in a
message and is no failure.

Not imitated: packages by name, `specificFiles`. Likely but not on record: the words for a type that
is none.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm_sink.emulator.altering import Alteration, RolledBack, altering
from crm_sink.emulator.metadata import custom_object, permission_set
from crm_sink.emulator.metadata.body import Body, Refused, listed
from crm_sink.emulator.metadata.kinds import kind_of
from crm_sink.emulator.metadata.properties import file_of
from crm_sink.emulator.soap.envelope import METADATA
from crm_sink.emulator.xml import HEAD, leaf

if TYPE_CHECKING:
    from crm_sink.emulator.org import Org

INDENT = "    "
MISSING = "Entity of type '{}' named '{}' cannot be found"
ELEMENTS = {child.TYPE: element for element, child in custom_object.CHILDREN.items()}
FIXED_TIME = (2026, 1, 1, 0, 0, 0)  # the same zip for the same components


@dataclass(slots=True)
class Package:
    """What was found: bodies by file and root element, components by type, and complaints."""

    files: dict[str, tuple[str, Body]] = field(default_factory=dict)
    found: dict[str, list[str]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)


def collect(org: Org, members: dict[str, list[str]]) -> Package:
    """Find what a manifest names; `*` is all of a type, but for standard objects."""
    package = Package()
    with altering(org) as change:
        for kind, names in members.items():
            _take_type(change, package, kind, names)
        raise RolledBack
    return package


def pack(package: Package, version: str, folder: str) -> bytes:
    """Give the zip, with a manifest of what is in it."""
    content = io.BytesIO()
    texts = {file: _document(root, body) for file, (root, body) in sorted(package.files.items())}
    texts["package.xml"] = _manifest(package, version)
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, text in texts.items():
            archive.writestr(zipfile.ZipInfo(f"{folder}{file}", FIXED_TIME), text)
    return content.getvalue()


def _take_type(change: Alteration, package: Package, kind: str, names: list[str]) -> None:
    try:
        known = kind_of(kind)
    except Refused as refused:
        package.messages.append(refused.message)
        return
    for name in names:
        if name != "*":
            _take(change, package, kind, name)
        elif kind == custom_object.TYPE:
            for target in change.definitions.values():
                if target.custom:
                    _take(change, package, kind, target.name)
        else:
            for one in known.names(change):
                _take(change, package, kind, one)


def _take(change: Alteration, package: Package, kind: str, name: str) -> None:
    body = kind_of(kind).read(change, name)
    if body is None:
        package.messages.append(MISSING.format(kind, name))
        return
    full_name = str(body["fullName"])
    if full_name in package.found.get(kind, ()):
        return
    package.found.setdefault(kind, []).append(full_name)
    file = file_of(kind, full_name)
    own = {key: value for key, value in body.items() if key != "fullName"}
    if kind == permission_set.TYPE:
        package.files[file] = (kind, own)
        return
    if kind in ELEMENTS:
        element = ELEMENTS[kind]
        own = {element: [custom_object.child_of(change, element, full_name)]}
    _merge(package, file, own)


def _merge(package: Package, file: str, own: Body) -> None:
    """Put children into the file of their object, each once."""
    _, body = package.files.setdefault(file, (custom_object.TYPE, {}))
    for element, children in own.items():
        before = listed(body, element)
        taken = {str(one["fullName"]) for one in before}
        body[element] = [*before, *(one for one in children if one["fullName"] not in taken)]


def _manifest(package: Package, version: str) -> str:
    types = [
        {"members": sorted(names), "name": kind} for kind, names in sorted(package.found.items())
    ]
    body: Body = {"types": types} if types else {}
    return _document("Package", {**body, "version": version})


def _document(root: str, body: Body) -> str:
    """Write a file as Salesforce does: elements by the alphabet, indented by four blanks."""
    lines = "".join(_lines(body, 1))
    return f'{HEAD}\n<{root} xmlns="{METADATA}">\n{lines}</{root}>\n'


def _lines(body: Body, depth: int) -> list[str]:
    lines: list[str] = []
    keys = sorted(body, key=lambda key: (key != "fullName", key))
    for key in keys:
        for one in listed(body, key):
            blanks = INDENT * depth
            if isinstance(one, dict):
                inside = "".join(_lines(one, depth + 1))
                lines.append(f"{blanks}<{key}>\n{inside}{blanks}</{key}>\n")
            else:
                lines.append(f"{blanks}{leaf(key, one)}\n")
    return lines
