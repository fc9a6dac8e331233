"""Orgs over http and https for clients that others wrote."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from crm_sink.emulator import certificates
from crm_sink.emulator.serve import running
from tests.conftest import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def clients_template(org_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an org with a certificate and the fields that these tests write to."""
    folder = tmp_path_factory.mktemp("clients_template") / "org"
    shutil.copytree(org_template, folder)
    certificates.load_or_make(folder)
    with running(folder) as org:
        desk = Desk(folder, org)
        desk.add_fields(
            "Lead",
            Ext__c="Text(80)",
            Score__c="Number(3, 0)",
            Band__c="Picklist(Hot, Cold)",
            Note__c="Text(20)",
        )
        for parent in ("Account", "Contact"):
            desk.add_fields(parent, Ext__c="Text(80)")
    return folder


@pytest.fixture
def desk(clients_template: Path, tmp_path: Path) -> Iterator[Desk]:
    """Sit down before an org over http."""
    folder = shutil.copytree(clients_template, tmp_path / "org")
    with running(folder) as org:
        yield Desk(tmp_path, org)


@pytest.fixture
def secure_desk(
    clients_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """Sit down before an org over https, whose authority this process trusts for the time."""
    folder = shutil.copytree(clients_template, tmp_path / "org")
    tls = certificates.load_or_make(folder)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.bundle))
    with running(folder, tls=tls) as org:
        yield Desk(tmp_path, org)
