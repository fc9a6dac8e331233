"""Retrieves by SOAP: `retrieve` and `checkRetrieveStatus`.

A retrieve is done when it is answered; whoever asks is told so at once, with the zip in Base64
unless `includeZip` is false. It is kept in a file and forgotten with the org.

Not imitated: retrieves that expire once their zip was fetched, that fail, or that are large.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from crm_sink.emulator import ids
from crm_sink.emulator.altering import RolledBack, altering
from crm_sink.emulator.metadata import properties
from crm_sink.emulator.soap.envelope import Fault
from crm_sink.emulator.xml import first, leaf, text, wrap
from crm_sink.emulator.zips import retrieving
from crm_sink.emulator.zips.archive import members_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.requests import Request

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.soap.envelope import Call
    from crm_sink.emulator.zips.retrieving import Package

PREFIX = "09S"
FOLDER = "unpackaged/"


def retrieve(request: Request, call: Call) -> str:
    """Take a request; the reply is that of a retrieve that waits."""
    org: Org = request.app.state.org
    # The WSDL says `retrieveRequest`; jsforce, and so the sf CLI, say `request`.
    asked = first(call.body, "retrieveRequest")
    if asked is None:
        asked = first(call.body, "request")
    if asked is None:
        raise Fault("INVALID_TYPE", "Missing retrieveRequest")
    version = text(asked, "apiVersion") or request.path_params["version"]
    manifest = first(asked, "unpackaged")
    members = {} if manifest is None else members_of(manifest)
    package = retrieving.collect(org, members)
    folder = "" if text(asked, "singlePackage") == "true" else FOLDER
    content = retrieving.pack(package, version, folder)
    with org.store.writing() as cursor:
        retrieve_id = ids.record_id(PREFIX, org.store.reserve(cursor, "_retrieve", 1))
    told = _told(org, package, folder, retrieve_id)
    kept = {"result": told, "zip": base64.b64encode(content).decode()}
    path = _path(org, retrieve_id)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(kept), encoding="utf-8")
    waits = leaf("done", False) + leaf("id", retrieve_id) + leaf("state", "Queued")
    return wrap("result", waits)


def status(request: Request, call: Call) -> str:
    """Tell what was retrieved."""
    asked = text(call.body, "asyncProcessId") or ""
    known = ids.normal(asked)
    path = _path(request.app.state.org, known) if known else None
    if path is None or not path.exists():
        raise Fault("INVALID_LOCATOR", f"retrieve result is not available for id {asked}")
    kept = json.loads(path.read_text(encoding="utf-8"))
    content = str(kept["result"])
    if text(call.body, "includeZip") != "false":
        content += leaf("zipFile", kept["zip"])
    return wrap("result", content)


def _told(org: Org, package: Package, folder: str, retrieve_id: str) -> str:
    """Give the elements of the result but for the zip, by the alphabet."""
    entries = ""
    named_ones = [(kind, one) for kind, names in package.found.items() for one in names]
    with altering(org) as change:
        for kind, full_name in [*named_ones, ("Package", f"{folder}package.xml")]:
            entry = properties.told(change, kind, full_name, folder=folder)
            entries += wrap("fileProperties", entry)
        raise RolledBack
    messages = "".join(
        wrap("messages", leaf("fileName", f"{folder}package.xml") + leaf("problem", one))
        for one in package.messages
    )
    end = leaf("status", "Succeeded") + leaf("success", True)
    return leaf("done", True) + entries + leaf("id", retrieve_id) + messages + end


def _path(org: Org, retrieve_id: str) -> Path:
    return org.store.folder / "retrieves" / f"{retrieve_id}.json"


OPERATIONS: Mapping[str, Callable[[Request, Call], str]] = {
    "retrieve": retrieve,
    "checkRetrieveStatus": status,
}
