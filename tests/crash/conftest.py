"""A local org, a mapping that creates, updates and is refused, and processes that die on it."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from crm_sink.clock import SystemClock
from crm_sink.emulator.seed.demo import add_missing
from crm_sink.emulator.seed.fields import custom_field
from crm_sink.emulator.serve import Running, running
from crm_sink.ledger.store import open_ledger
from tests.crash import victim

MAPPING = """
object: Lead
source: {{parquet: {source}}}
match: {{external_id: Ext__c, column: id, missing: create}}
fields:
  Score__c: score
  Code__c: {{value: code, nulls: keep}}
  LastName: "'Nobody'"
  Company: "'None'"
edits: overwrite
"""
# Three leads to update, two to create, and one that the org refuses: its code is another's.
ROWS = """
from (values ('a', null), ('b', null), ('c', null), ('twin', 'taken'), ('new-{n}-1', null),
  ('new-{n}-2', null)) t(id, code) select id, code, {n} as score
"""
ACCOUNTED = {"planned": 6, "created": 2, "updated": 3, "rejected": 1, "failed": 1, "unchanged": 0}
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.crash.victim"])


@dataclass
class Crash:
    """Runs on one org and one ledger, of which one after the other dies."""

    org: Running
    folder: Path
    ledger_url: str | None
    trial: int = 0

    def prepare(self) -> None:
        """Score anew, so that every record differs."""
        self.trial += 1
        source = self.folder / "scores.parquet"
        duckdb.sql(ROWS.format(n=self.trial)).write_parquet(str(source))
        (self.folder / "mapping.yaml").write_text(MAPPING.format(source=source))

    def sync(self, api: str, step: int | str | None) -> bool:
        """Sync, and die at that step of writing, or stop of planning; False when it was done."""
        code = self._run(["sync", str(self.folder / "mapping.yaml"), "--api", api], step)
        assert code in (-signal.SIGKILL, 3), self.said()
        return code == -signal.SIGKILL

    def resume(self) -> None:
        code = self._run(["resume"], None)
        assert code == 3, self.said()  # done, with a rejected row

    def accounted(self) -> dict[str, int]:
        """Give the figures of the latest run."""
        with open_ledger(self.ledger_url, self.folder / "home", SystemClock()) as ledger:
            totals = ledger.find().totals
        return {name: getattr(totals, name) for name in ACCOUNTED}

    def written(self, since: str) -> dict[str, int]:
        """Count, by the org's own write log, the records and the changes of them."""
        counts = self._counts(since)
        return {name: counts[name] for name in ("records", "changes", "most")}

    def last(self) -> str:
        return str(self._counts("0")["last"])

    def scored(self) -> int:
        """Count the records that hold the newest score."""
        query = f"SELECT COUNT(Id) n FROM Lead WHERE Score__c = {self.trial}"
        return int(self._get("/query", q=query)["records"][0]["n"])

    def job_states(self) -> set[str]:
        return {job["state"] for job in self._get("/jobs/ingest")["records"]}

    def said(self) -> str:
        return (self.folder / "log").read_text()

    def _run(self, arguments: list[str], step: int | str | None) -> int | None:
        environ = {
            "CRM_SINK_INSTANCE_URL": self.org.url,
            "CRM_SINK_ACCESS_TOKEN": self.org.token(),
            "CRM_SINK_HOME": str(self.folder / "home"),
            "CRM_SINK_PARALLEL_JOBS": "1",
        }
        if self.ledger_url is not None:
            environ["CRM_SINK_LEDGER_URL"] = self.ledger_url
        log = self.folder / "log"
        process = PROCESSES.Process(target=victim.main, args=(arguments, environ, step, log))
        process.start()
        process.join(60)
        assert process.exitcode is not None, "it did not end"
        return process.exitcode

    def _counts(self, since: str) -> Any:
        query = {"object": "Lead", "since": since}
        return requests.get(f"{self.org.url}/__log__/counts", params=query, timeout=30).json()

    def _get(self, path: str, **query: str) -> Any:
        answer = requests.get(
            f"{self.org.url}/services/data/v62.0{path}",
            params=query,
            headers={"Authorization": f"Bearer {self.org.token()}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()


def kill_at_every_step(crash: Crash, api: str) -> int:
    """Kill a sync at its first step of writing, the next at its second, and so on.

    Returns:
        How many steps there were.
    """
    step = 0
    while True:
        step += 1
        crash.prepare()
        since = crash.last()
        dies = crash.sync(api, step)
        if dies:
            crash.resume()
        assert crash.written(since) == {"records": 5, "changes": 5, "most": 1}, f"step {step}"
        assert crash.scored() == 5, f"step {step}"
        assert crash.accounted() == ACCOUNTED, f"step {step}"
        if not dies:
            return step - 1


def leads(org: Running) -> None:
    """Put four leads into an org, and one whose code is taken."""
    fields = (
        custom_field("Ext__c", "Text(40)", external_id=True),
        custom_field("Code__c", "Text(20)", unique=True),
        custom_field("Score__c", "Number(5, 0)"),
    )
    add_missing(org.org.store, "Lead", fields)
    for values in ({"Ext__c": key} for key in ("a", "b", "c", "twin")):
        _create(org, values)
    _create(org, {"Code__c": "taken"})


@pytest.fixture
def beginning() -> Callable[[Running], None]:
    return leads


@pytest.fixture
def crash(org_folder: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Crash]:
    """Give such an org; the ledger is where the test's parameter says."""
    url = str(request.getfixturevalue("postgres_url")) if request.param == "postgres" else None
    with running(org_folder) as org:
        yield Crash(org, tmp_path, url)


def _create(org: Running, values: dict[str, str]) -> None:
    answer = requests.post(
        f"{org.url}/services/data/v62.0/sobjects/Lead",
        json={"LastName": "Nobody", "Company": "None", **values},
        headers={"Authorization": f"Bearer {org.token()}"},
        timeout=30,
    )
    answer.raise_for_status()
