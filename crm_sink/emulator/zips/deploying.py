"""Carries a deployment out, and says what became of each component.

All components are one transaction: with `rollbackOnError`, one failure undoes all; with
`checkOnly`, nothing stays. The counts still list what would have gone in (facts 8.1).

Not imitated: tests of Apex, deployments that take time. Likely but not on record: the words for
a component that the manifest names and the zip lacks, or the other way round.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from crm_sink.emulator.altering import RolledBack, altering
from crm_sink.emulator.metadata import components
from crm_sink.emulator.metadata.body import Refused
from crm_sink.emulator.metadata.kinds import KINDS, kind_of
from crm_sink.emulator.zips.archive import Archive, BadArchive, Part, read

if TYPE_CHECKING:
    from crm_sink.emulator.altering import Alteration
    from crm_sink.emulator.org import Org


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a deployment that matter here."""

    check_only: bool = False
    rollback_on_error: bool = True
    allow_missing_files: bool = False
    ignore_warnings: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What became of one component."""

    type: str
    full_name: str
    file: str
    id: str | None = None
    problem: str | None = None
    created: bool = False
    changed: bool = False
    deleted: bool = False
    is_manifest: bool = False


def read_options(given: dict[str, Any]) -> Options:
    """Read options, whose booleans may be texts (facts 8.1)."""

    def asked(key: str, otherwise: bool) -> bool:
        return str(given.get(key, otherwise)).lower() == "true"

    return Options(
        check_only=asked("checkOnly", False),
        rollback_on_error=asked("rollbackOnError", True),
        allow_missing_files=asked("allowMissingFiles", False),
        ignore_warnings=asked("ignoreWarnings", False),
    )


def deploy(org: Org, content: bytes, options: Options) -> dict[str, Any]:
    """Deploy a zip and give what there is to know of it; see `deployments`."""
    error = None
    messages: list[Message] = []
    try:
        archive = read(content)
    except BadArchive as bad:
        error = str(bad)
        messages = [Message("", "package.xml", "package.xml", problem=error, is_manifest=True)]
    else:
        with altering(org) as change:
            messages = _carry_out(change, archive, options)
            failed = any(one.problem for one in messages)
            if options.check_only or (failed and options.rollback_on_error):
                raise RolledBack
    return {
        "options": asdict(options),
        "status": _status(messages, options),
        "error": error,
        "messages": [asdict(one) for one in messages],
    }


def _carry_out(change: Alteration, archive: Archive, options: Options) -> list[Message]:
    messages = [Message("", "package.xml", "package.xml", changed=True, is_manifest=True)]
    before, after = _deletions(archive)
    messages += [_delete(change, part) for part in before]
    for part in archive.parts:
        if part.problem or archive.is_listed(part):
            messages.append(_save(change, part))
        elif part.type not in ("CustomField", "ListView"):
            problem = f"Entity of type '{part.type}' named '{part.full_name}' is not in package.xml"
            messages.append(Message(part.type, part.full_name, part.file, problem=problem))
    messages += [_delete(change, part) for part in after]
    if not options.allow_missing_files:
        messages += _missing(archive)
    return messages


def _save(change: Alteration, part: Part) -> Message:
    try:
        if part.problem:
            raise Refused("UNKNOWN_EXCEPTION", part.problem)
        kind = kind_of(part.type)
        before = kind.read(change, part.full_name)
        created = kind.save(change, part.full_name, part.body, mode="upsert")
        changed = created or kind.read(change, part.full_name) != before
    except Refused as refused:
        return Message(part.type, part.full_name, part.file, problem=refused.message)
    saved = components.find(change.cursor, part.type, part.full_name)
    own_id = saved.id if saved else None
    return Message(
        part.type, part.full_name, part.file, id=own_id, created=created, changed=changed
    )


def _delete(change: Alteration, part: Part) -> Message:
    try:
        kind_of(part.type).delete(change, part.full_name)
    except Refused as refused:
        return Message(part.type, part.full_name, part.file, problem=refused.message)
    return Message(part.type, part.full_name, part.file, changed=True, deleted=True)


def _deletions(archive: Archive) -> tuple[list[Part], list[Part]]:
    early = [part for part in archive.deleted if part.file == "destructiveChangesPre.xml"]
    return early, [part for part in archive.deleted if part not in early]


def _missing(archive: Archive) -> list[Message]:
    """Tell what the manifest names and the zip lacks."""
    held = {(part.type, part.full_name.lower()) for part in archive.parts}
    return [
        Message(
            kind,
            member,
            "package.xml",
            problem=f"An object '{member}' of type {kind} was named in package.xml, but was not "
            "found in zipped directory",
        )
        for kind, members in archive.members.items()
        if kind in KINDS and kind != "CustomObject"
        for member in members
        if member != "*" and (kind, member.lower()) not in held
    ]


def _status(messages: list[Message], options: Options) -> str:
    if not any(one.problem for one in messages):
        return "Succeeded"
    good = any(not one.problem and not one.is_manifest for one in messages)
    return "SucceededPartial" if good and not options.rollback_on_error else "Failed"
