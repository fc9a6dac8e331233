"""Settings, homes and ledgers that cannot be used: said before anything is written."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import Counter

FIELDS = "  Score__c: x\n"
ROWS = "select 'a' as id, 7 as x"


@pytest.fixture
def unwritten(counter: Counter) -> Iterator[Counter]:
    """Give the counter with a good mapping, and make sure that nothing is written to the org."""
    counter.desk.predict(ROWS)
    yield counter
    assert counter.holds("Score__c") == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize(
    ("variable", "value", "code", "told"),
    [
        ("INSTANCE_URL", "acme.my.salesforce.com", 2, "is not a URL such as https://"),
        ("INSTANCE_URL", "http://acme.my.salesforce.com", 2, "is plain http to acme.my"),
        ("INSTANCE_URL", "https://[::1", 2, "is not a URL such as https://"),
        ("INSTANCE_URL", "http://127.0.0.1:99999", 2, "is not a URL such as https://"),
        ("INSTANCE_URL", "https://acme my.salesforce.com", 2, "is not a URL such as https://"),
        ("API_VERSION", "62", 2, "CRM_SINK_API_VERSION"),
        ("API_VERSION", "20.0", 1, "has been retired or removed"),
        ("BUGDET", "80%", 2, "CRM_SINK_BUGDET is not a setting: did you mean CRM_SINK_BUDGET?"),
        ("ACCES_TOKEN", "s3cr3t", 2, "did you mean CRM_SINK_ACCESS_TOKEN?"),
        ("PARALLEL_JOBS", "0", 2, "CRM_SINK_PARALLEL_JOBS"),
        ("MEMORY_LIMIT", "lots", 2, "CRM_SINK_MEMORY_LIMIT"),
        ("MEMORY_LIMIT", "99999999TB", 2, "CRM_SINK_MEMORY_LIMIT"),
        ("MEMORY_LIMIT", "1MB", 1, "memory"),
        ("JWT_KEY_FILE", "key.pem", 2, "CRM_SINK_CLIENT_SECRET and CRM_SINK_JWT_KEY_FILE"),
        ("LEDGER_URL", "nonsense", 2, "CRM_SINK_LEDGER_URL is not a database URL"),
        ("LEDGER_URL", "mysql://u:s3cr3t@db/x", 2, "SQLite or PostgreSQL, not in mysql"),
        ("LEDGER_URL", "postgresql://u:s3cr3t@127.0.0.1:1/x", 1, "no database answers there"),
        ("LEDGER_URL", "sqlite://", 2, "a ledger in memory would forget"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    unwritten: Counter,
    monkeypatch: pytest.MonkeyPatch,
    *,
    variable: str,
    value: str,
    code: int,
    told: str,
) -> None:
    monkeypatch.setenv(f"CRM_SINK_{variable}", value)
    said = unwritten.sync(FIELDS)
    assert said.code == code
    assert told in said.err
    assert "try: " in said.err
    assert "s3cr3t" not in said.err


@pytest.mark.parametrize("variable", ["CRM_SINK_SCORES_DATABASE", "CRM_SINK_LEDGER_URL_2"])
def test_a_variable_of_the_users_own_is_left_alone(
    counter: Counter, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "sqlite:///scores.db")
    assert counter.sync(FIELDS, ROWS).code == 0


@pytest.mark.parametrize("arguments", ["sync lead.yaml", "runs", "doctor", "org start"])
@pytest.mark.parametrize("inside", ["", "below"])
def test_a_home_that_is_no_folder_is_named(
    unwritten: Counter, monkeypatch: pytest.MonkeyPatch, arguments: str, inside: str
) -> None:
    unwritten.desk.write("lead.yaml", "object: Lead\nmatch: {field: Id, column: id}\nfields: {}")
    unwritten.sync(FIELDS, ROWS + " where false")
    file = unwritten.desk.write("file", "")
    monkeypatch.setenv("CRM_SINK_HOME", str(file / inside))
    said = unwritten.desk.crm_sink(*arguments.split())
    assert said.code == 1
    assert str(file) in said.err + said.out
    assert "try: set CRM_SINK_HOME to a folder that you may write to" in said.err + said.out


@pytest.fixture
def ledger(unwritten: Counter) -> Path:
    """Give a ledger that was made by a run in which nothing changed."""
    unwritten.sync(FIELDS, "select 'a' as id, 1 as x")
    unwritten.desk.predict(ROWS)
    return unwritten.desk.folder / ".crm_sink" / "ledger.db"


@pytest.mark.parametrize("verb", ["sync lead.yaml", "runs", "show", "doctor"])
def test_a_file_that_is_no_ledger_is_named(unwritten: Counter, ledger: Path, verb: str) -> None:
    ledger.write_bytes(b"garbage" * 1000)
    said = unwritten.desk.crm_sink(*verb.split())
    assert said.code == 1
    assert f"{ledger}  the file is not a ledger" in said.err + said.out


def test_a_damaged_ledger_is_named(unwritten: Counter, ledger: Path) -> None:
    content = ledger.read_bytes()
    ledger.write_bytes(content[:4096] + b"\xab" * (len(content) - 4096))
    said = unwritten.desk.crm_sink("sync", "lead.yaml")
    assert said.code == 1
    assert f"{ledger}  the ledger's file is damaged" in said.err


def test_a_locked_ledger_is_named(
    unwritten: Counter, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SINK_LEDGER_URL", f"sqlite:///{ledger}?timeout=0.1")
    other = sqlite3.connect(ledger)
    other.execute("begin immediate")
    said = unwritten.desk.crm_sink("sync", "lead.yaml")
    other.close()
    assert said.code == 1
    assert f"{ledger}  another process holds the ledger's lock" in said.err


@pytest.mark.parametrize("blocks", [8, 80, 200])
def test_a_disk_that_takes_no_more_is_told(unwritten: Counter, ledger: Path, blocks: int) -> None:
    """No file may grow over 4, 40 or 100 KB: the ledger, or the run's own files, do not fit."""
    unwritten.desk.predict("select 'k' || i as id, 7 as x from range(100000) r(i)")
    done = subprocess.run(
        ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *MAIN, "sync", "lead.yaml"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(ledger.parent) in done.stderr
    assert "try: " in done.stderr


# -B: Python does not look whether the bytecode that it keeps was written whole.
MAIN = [sys.executable, "-B", "-m", "crm_sink.cli.main"]
