"""A desk on which nothing may go wrong silently, badly, or with a secret in the open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from tests.conftest import Desk, desk_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crm_sink.emulator.serve import Running
    from tests.conftest import Said

MAPPING = """\
object: Lead
source: {parquet: p.parquet}
match: {external_id: Ext__c, column: id}
fields:
"""
TOKEN = re.compile(rb"00D\w{12,15}!")


@dataclass(frozen=True)
class Counter:
    """The counter of a shop, at which customers hand in what they have."""

    desk: Desk

    def sync(self, fields: str, rows: str | None = None, *options: str) -> Said:
        """Sync predictions, given as SQL rows, by a mapping with these fields."""
        self.desk.write("lead.yaml", MAPPING + fields)
        if rows is not None:
            self.desk.predict(rows)
        return self.desk.crm_sink("sync", "lead.yaml", *options)

    def rejects(self) -> list[tuple[str, str]]:
        """Give key and code of each reject of the latest run; each has a reason and a cure."""
        file = self.desk.crm_sink("show", "--format", "json").data["rejects_file"]
        rejects = pd.read_csv(file, keep_default_na=False, dtype=str)
        assert rejects["message"].str.len().min() > 5
        assert rejects["hint"].str.len().min() > 5
        return sorted(zip(rejects["key"], rejects["code"], strict=True))

    def holds(self, field: str) -> dict[str, Any]:
        """Give what the org's leads hold in a field, by key."""
        leads = self.desk.look(f"SELECT Ext__c, {field} FROM Lead")
        return {lead["Ext__c"]: lead[field] for lead in leads}


def leads(org: Running) -> None:
    """Put leads a, b and c into an org."""
    desk_fields(org)
    desk = Desk(Path(), org)
    for key in "abc":
        desk.add_lead(key, Score__c=1)


@pytest.fixture
def beginning() -> Callable[[Running], None]:
    return leads


@pytest.fixture
def counter(desk: Desk) -> Iterator[Counter]:
    """Give a counter with leads a, b and c in the org; whatever is tried there, no secret leaks."""
    yield Counter(desk)
    who = desk.org.org.credentials
    secrets = [who.client_secret.encode(), who.session_key.encode(), b"BEGIN PRIVATE KEY"]
    for place, content in _everything(desk):
        assert b"Traceback" not in content, place
        assert not TOKEN.search(content), place
        assert [secret for secret in secrets if secret in content] == [], place


def _everything(desk: Desk) -> Iterator[tuple[str | Path, bytes]]:
    """Give what was said, and what lies in the folder: mapping, ledger, runs, logs."""
    for said in desk.said:
        yield "stdout and stderr", (said.out + said.err).encode()
    for path in desk.folder.rglob("*"):
        if path.is_file() and "org" not in path.parts:
            yield path, path.read_bytes()
