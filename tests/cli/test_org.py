"""`crm-sink org`: the local org as a process of its own, with what becomes of its records."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Desk

MAPPING = Path(__file__).parents[2] / "mappings" / "lead_score.yaml"
SCORES = (
    "select 'P-000001' as prospect_id, 0.9 as score, ['visits'] as top_factors, 'm' as "
    "model_version, 'Enterprise' as segment, now() as scored_at"
)


def test_a_day_with_the_local_org(home: Desk) -> None:
    """Started, seeded, synced to, stopped, started, killed, started: the score is there."""
    started = home.shell("org", "start", "--format", "json")
    assert (started.code, started.data["state"]) == (0, "running")
    seeded = home.shell("org", "seed", "--leads", "3", "--mapping", str(MAPPING))
    assert "made: 3 leads" in seeded.out
    home.predict(SCORES, "predictions/lead_scores.parquet")
    synced = home.shell("sync", str(MAPPING), "--target", "local")
    assert synced.code == 0
    assert synced.out.rstrip().endswith("lead_score.yaml --target local")  # the next command
    planned = home.shell("plan", str(MAPPING), "--target", "local", "--format", "json").data["run"]
    early = home.shell("retry", planned, "--target", "local")
    assert f"crm-sink apply {planned} --target local" in early.err

    assert home.shell("org", "stop").code == 0
    assert home.shell("org", "status").code == 1
    pid = home.shell("org", "start", "--format", "json").data["pid"]
    os.kill(pid, signal.SIGKILL)
    assert home.shell("org", "status", "--format", "json").data["state"] == "stopped"

    assert home.shell("org", "start").code == 0
    again = home.shell("sync", str(MAPPING), "--target", "local", "--format", "json")
    assert (again.code, again.data["unchanged"]) == (0, 1)


def test_starting_twice_gives_the_one_that_runs(home: Desk) -> None:
    first = home.shell("org", "start", "--format", "json").data
    assert home.shell("org", "start", "--format", "json").data == first
    assert home.crm_sink("org", "status", "--format", "json").data == first


def test_the_environment_of_the_running_org_logs_in(
    home: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.shell("org", "start")
    for line in home.crm_sink("org", "env").out.splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        monkeypatch.setenv(name, value)
    assert home.crm_sink("doctor").code == 0


def test_reset_deletes_the_records_and_keeps_the_port(home: Desk) -> None:
    before = home.shell("org", "start", "--format", "json").data
    home.crm_sink("org", "seed", "--leads", "1")
    assert "already" in home.crm_sink("org", "seed", "--leads", "1").err
    assert home.shell("org", "reset", "--yes").code == 0
    after = home.crm_sink("org", "status", "--format", "json").data
    assert after["url"] == before["url"]
    assert home.crm_sink("org", "seed", "--leads", "1").code == 0


def test_a_stopped_org_is_seeded_too(home: Desk) -> None:
    said = home.shell("org", "seed", "--leads", "2", "--format", "json")
    assert (said.code, said.data["records"]["leads"]) == (0, 2)
    assert home.crm_sink("org", "status").code == 1


def test_a_port_in_use_is_1_and_says_what_to_do(home: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = home.shell("org", "start", "--port", str(port))
    assert said.code == 1
    assert f"port {port}" in said.err
    assert "try: crm-sink org start --port 0" in said.err


def test_with_no_local_org_it_says_how_to_start_one(home: Desk) -> None:
    said = home.crm_sink("doctor", "--target", "local")
    assert said.code == 2
    assert "try: crm-sink org start" in said.out
    assert home.crm_sink("org", "stop").code == 0
    assert home.crm_sink("org", "env").code == 2


def test_rows_of_a_csv_file_that_do_not_fit_are_told(home: Desk) -> None:
    home.write("deals.csv", "deal,stage,closed,amount\nd-1,Won,3/1/2017,12\nd-2,Won,soon,13\n")
    columns = ("Deal__c:Text(20):external_id=deal", "Name=deal", "StageName=stage")
    said = home.shell(
        *("org", "seed", "--csv", "deals.csv", "--object", "Opportunity"),
        *(part for one in columns for part in ("--column", one)),
        *("--column", "CloseDate=closed", "--column", "Amount=amount"),
        *("--value", "StageName:Won=Closed Won", "--date-format", "%m/%d/%Y"),
    )
    assert said.code == 3
    assert "1 of 2 rows inserted" in said.out
    assert "row 2: closed: not a value of type date" in said.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--csv", "deals.csv"], "--csv needs --object and --column"),
        (["--csv", "deals.csv", "--object", "Lead", "--column", "Name"], "NAME=VALUE"),
        (["--csv", "nothing.csv"], "does not exist"),
    ],
)
def test_a_seed_that_cannot_be_meant_is_2(home: Desk, options: list[str], said: str) -> None:
    home.write("deals.csv", "deal\nd-1\n")
    done = home.crm_sink("org", "seed", *options)
    assert done.code == 2
    assert said in done.err


def test_of_fields_with_a_wrong_one_none_is_made(home: Desk) -> None:
    (home.folder / "m.yaml").write_text(
        "object: Lead\nmatch: {external_id: Prospect_Id__c, column: k}\nfields:\n"
        "  Good__c: {value: a, type: Text(9)}\n  At__c: {value: b, type: Time}\n"
    )
    home.shell("org", "start")
    seeded = home.crm_sink("org", "seed", "--mapping", "m.yaml")
    assert (seeded.code, seeded.out) == (1, "")
    assert "Lead.At__c: the local org does not imitate fields of type Time" in seeded.err
    (home.folder / "m.yaml").write_text(
        (home.folder / "m.yaml").read_text().replace("type: Time", "type: Date")
    )
    again = home.crm_sink("org", "seed", "--mapping", "m.yaml")
    assert again.out.strip() == "fields added: Lead.Prospect_Id__c, Lead.Good__c, Lead.At__c"


def test_a_file_of_the_users_folder_stands_in_for_no_library(home: Desk) -> None:
    """`python -m` looks in the folder first: a user's own `json.py` there would be imported."""
    (home.folder / "json.py").write_text("raise SystemExit('the file of the user')\n")
    command = [sys.executable, "-P", "-m", "crm_sink.cli.main", "org", "start"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
