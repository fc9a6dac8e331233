"""The zip of a deployment: its manifest, and the components that its files hold (facts 8.3).

A file `objects/X.object` holds the fields and list views of an object; what else it holds is a
component too, of a type that cannot be deployed here. Nothing is written to disk.

Not imitated: several packages in one zip, files in source format, elements of an object itself
(its label, sharing, search layouts), which are passed over.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm_sink.emulator.metadata.body import Body, from_xml
from crm_sink.emulator.xml import BadXml, named, parse, tag, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

MANIFEST = "package.xml"
# What to delete, before or after the rest.
DESTRUCTIVE = ("destructiveChangesPre.xml", "destructiveChanges.xml", "destructiveChangesPost.xml")
MOST_FILES, LARGEST = 10_000, 400 * 1024 * 1024
CHILDREN = {
    "fields": "CustomField",
    "listViews": "ListView",
    "compactLayouts": "CompactLayout",
    "recordTypes": "RecordType",
    "validationRules": "ValidationRule",
    "webLinks": "WebLink",
    "fieldSets": "FieldSet",
    "indexes": "Index",
    "businessProcesses": "BusinessProcess",
    "sharingReasons": "SharingReason",
}
FOLDERS = {
    "permissionsets": "PermissionSet",
    "layouts": "Layout",
    "flexipages": "FlexiPage",
    "profiles": "Profile",
    "classes": "ApexClass",
    "triggers": "ApexTrigger",
    "applications": "CustomApplication",
    "tabs": "CustomTab",
    "flows": "Flow",
    "reports": "Report",
    "dashboards": "Dashboard",
}
# What reading a zip raises when it is none or is damaged, by the way in which it is packed; and
# (NotImplementedError) when it is packed in an unknown one.
BAD_ZIP = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError),
    NotImplementedError,
)
ENCRYPTED = 1  # the bit of a file's flags
# Fields come before what speaks of them.
ORDER = {"CustomField": 0, "ListView": 1}


class BadArchive(Exception):
    """The whole deployment fails with this message."""


@dataclass(frozen=True, slots=True)
class Part:
    """One component of a deployment; `problem` says why its file could not be read."""

    type: str
    full_name: str
    file: str
    body: Body = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """What a zip asks for: members by type as the manifest lists them, parts, and deletions."""

    members: dict[str, list[str]]
    parts: tuple[Part, ...]
    deleted: tuple[Part, ...]

    def is_listed(self, part: Part) -> bool:
        """Say whether the manifest asks for a part, by name, by `*`, or by its object."""
        found = [one.lower() for one in self.members.get(part.type, ())]
        if "*" in found or part.full_name.lower() in found:
            return True
        owners = [one.lower() for one in self.members.get("CustomObject", ())]
        owner = part.full_name.partition(".")[0].lower()
        return part.type in CHILDREN.values() and ("*" in owners or owner in owners)


def read(content: bytes) -> Archive:
    """Read a zip.

    Raises:
        BadArchive: It is none, is too large, or has no manifest.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = _files(archive)
    except BAD_ZIP as error:
        raise BadArchive(f"INVALID_ZIP: The zip cannot be read: {error}") from None
    if MANIFEST not in files:
        raise BadArchive("No package.xml found")
    parts = [part for name, raw in files.items() for part in _parts(name, raw)]
    parts.sort(key=lambda part: ORDER.get(part.type, len(ORDER)))
    deleted = [
        Part(kind, member, name)
        for name in DESTRUCTIVE
        if name in files
        for kind, members in _members(name, files[name]).items()
        for member in members
    ]
    return Archive(_members(MANIFEST, files[MANIFEST]), tuple(parts), tuple(deleted))


def _files(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """Unpack in memory; one folder around everything is taken away."""
    found = [one for one in archive.infolist() if not one.is_dir()]
    if len(found) > MOST_FILES:
        raise BadArchive("INVALID_OPERATION: Too many files in zip")
    if sum(one.file_size for one in found) > LARGEST:
        raise BadArchive("LIMIT_EXCEEDED: Maximum size of request reached")
    if any(one.flag_bits & ENCRYPTED for one in found):
        raise BadArchive("INVALID_ZIP: The zip cannot be read: it is encrypted")
    files = {one.filename: archive.read(one) for one in found}
    tops = {name.partition("/")[0] for name in files}
    if MANIFEST not in files and len(tops) == 1:
        return {name.partition("/")[2]: raw for name, raw in files.items()}
    return files


def _parts(name: str, raw: bytes) -> Iterator[Part]:
    folder, _, file = name.partition("/")
    stem = file.rpartition(".")[0]
    if name in (MANIFEST, *DESTRUCTIVE) or file.endswith("-meta.xml"):
        return
    kind = "CustomObject" if folder == "objects" else FOLDERS.get(folder, folder)
    if kind in ("ApexClass", "ApexTrigger"):
        yield Part(kind, stem, name)
        return
    try:
        root = parse(raw)
    except BadXml as error:
        yield Part(kind, stem, name, problem=f"Error parsing file: {error}")
        return
    if folder != "objects":
        yield Part(kind, stem, name, from_xml(root))
        return
    for child in root:
        if tag(child) in CHILDREN:
            full_name = f"{stem}.{text(child, 'fullName') or ''}"
            yield Part(CHILDREN[tag(child)], full_name, name, _without_name(child))


def _without_name(element: Element) -> Body:
    body = from_xml(element)
    body.pop("fullName", None)
    return body


def _members(name: str, raw: bytes) -> dict[str, list[str]]:
    try:
        root = parse(raw)
    except BadXml as error:
        raise BadArchive(f"{name}: Error parsing file: {error}") from None
    return members_of(root)


def members_of(manifest: Element) -> dict[str, list[str]]:
    """Give the names that a manifest lists, by the type of component."""
    found: dict[str, list[str]] = {}
    for group in named(manifest, "types"):
        members = [(one.text or "").strip() for one in named(group, "members")]
        found.setdefault(text(group, "name") or "", []).extend(members)
    return found
