"""Measure the local org itself: ingest, small writes, many clients at once, and its pages.

Run by `scripts/bench --org`. The org is a process of its own, started as a user starts it; its CPU
seconds and its peak of memory are read from /proc. The floor of the ingest is a bare DuckDB that
reads the same CSV into a typed table at rest and writes one result line for each row.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import duckdb
from bench_org_calls import API, CALLS, limits, update

PART = 500_000  # rows of a job: 1,000,000 rows x 8 columns are more than the 150 MB of one upload
PIECE = 1 << 20
MAPPING = """\
object: Lead
source: {parquet: none.parquet}
match: {external_id: Prospect_Id__c, column: k}
fields:
  Bench_Score__c: {value: a, type: "Number(3, 0)"}
  Bench_Band__c: {value: b, type: "Picklist(Hot, Warm, Cold)"}
  Bench_Reasons__c: {value: c, type: Text(255)}
  Bench_Scored_At__c: {value: d, type: DateTime}
  Bench_Model__c: {value: e, type: Text(40)}
"""
# Eight columns: three of every lead's, five of a prediction's; the key comes on top.
ROWS = """
select printf('P-%07d', i) as "Prospect_Id__c", 'Lead ' || i as "LastName",
  'Company ' || (i % 9973) as "Company", 'Open - Not Contacted' as "Status",
  (hash(i + {shift}) % 101)::varchar as "Bench_Score__c",
  case when hash(i + {shift}) % 101 >= 80 then 'Hot' else 'Warm' end as "Bench_Band__c",
  'visited the pricing page ' || (i % 9) || ' times; opened ' || (i % 5) || ' mails'
    as "Bench_Reasons__c",
  '2026-11-20T06:00:00.000Z' as "Bench_Scored_At__c", 'bench-{shift}' as "Bench_Model__c"
from range({first}, {last}) as t(i)
"""
QUIET = "set enable_progress_bar = false"
COLLECTIONS, FEWER, CLIENTS, REQUESTS = 60, 20, 50, 20


@dataclass(frozen=True, slots=True)
class Effort:
    """What a piece of work cost the org: seconds, and CPU seconds of its process."""

    wall: float
    cpu: float


class Org:
    """A running org, and one connection to it."""

    def __init__(self, url: str, pid: int, token: str) -> None:
        self.url, self.pid, self.token = url, pid, token
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=600)

    def again(self) -> Org:
        """Give another connection to it."""
        return Org(self.url, self.pid, self.token)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Make one call; anything but success ends the bench."""
        if isinstance(body, dict):
            body, headers = json.dumps(body), {**headers, "Content-Type": "application/json"}
        login = {"Authorization": f"Bearer {self.token}", "Sforce-Auto-Assign": "FALSE"}
        self._connection.request(method, path, body, {**login, **headers})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:500]!r}")
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return json.loads(text) if text and is_json else text

    def cpu(self) -> float:
        """Give the CPU seconds of its process so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak(self) -> float:
        """Give its largest resident memory so far, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


def main(sizes: list[int]) -> None:
    """Measure a new org for each number of records, and print the figures."""
    for records in sizes:
        bench(records)


def bench(records: int) -> None:
    """Measure one org."""
    with tempfile.TemporaryDirectory(prefix="crm_sink-bench-") as folder:
        place = Path(folder)
        environment = {**os.environ, "CRM_SINK_HOME": str(place / "home")}
        org = start(place, environment)
        try:
            print(f"\nthe local org: {records:,} rows x 8 columns")
            measure(org, records, place)
        finally:
            crm_sink(environment, "org", "stop")


def start(place: Path, environment: dict[str, str]) -> Org:
    """Start an org with its default memory, and give it the fields of the bench."""
    options = ["--daily-calls", "1000000", "--format", "json"]
    state = json.loads(crm_sink(environment, "org", "start", *options))
    (place / "bench.yaml").write_text(MAPPING)
    none = [part for one in ("leads", "accounts", "contacts") for part in (f"--{one}", "0")]
    seed = ["org", "seed", "--mapping", str(place / "bench.yaml"), "--opportunities", "0"]
    crm_sink(environment, *seed, *none, "--no-history")
    lines = crm_sink(environment, "org", "env").splitlines()
    named = dict(line.removeprefix("export CRM_SINK_").split("=", 1) for line in lines)
    form = {
        "grant_type": "client_credentials",
        "client_id": named["CLIENT_ID"],
        "client_secret": named["CLIENT_SECRET"],
    }
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    org = Org(state["url"], state["pid"], "")
    said = org.call("POST", "/services/oauth2/token", urlencode(form), **kind)
    return Org(state["url"], state["pid"], said["access_token"])


def crm_sink(environment: dict[str, str], *arguments: str) -> str:
    """Run a command that is not measured."""
    command = [sys.executable, "-m", "crm_sink.cli.main", *arguments]
    return subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def measure(org: Org, records: int, place: Path) -> None:
    """Measure everything, one after the other."""
    for shift, operation in ((1, "insert"), (2, "upsert")):
        parts = write_parts(place, records, shift)
        bare = floor(place, parts)
        effort = ingest(org, parts, operation)
        line = f"Bulk {operation}, from the first call to the last JobComplete"
        tell(line, f"{effort.wall:.1f} s, {effort.cpu:.1f} CPU s, peak {org.peak():.0f} MB")
        tell("  the floor: bare DuckDB", f"{bare.wall:.1f} s, {bare.cpu:.1f} CPU s")
        tell(
            "  ratio to the floor",
            f"{effort.wall / bare.wall:.2f}, CPU {effort.cpu / bare.cpu:.2f}",
        )
    ids = leads(org)
    one, before = trips(org, lambda number: limits(org)), org.cpu()
    many = trips(org, lambda number: update(org, ids, number))
    cpu = (org.cpu() - before) / COLLECTIONS * 1000
    text = f"{many[0]:.1f} ms, slowest tenth {many[1]:.1f}, {cpu:.1f} CPU ms"
    tell("Collections of 200 x 4 fields, median", text)
    tell("  the floor: GET /limits", f"{one[0]:.1f} ms; ratio {many[0] / one[0]:.1f}")
    for name, call in CALLS.items():
        before = org.cpu()
        one = trips(org, lambda number, call=call: call(org, ids, number), FEWER)
        cpu = (org.cpu() - before) / FEWER * 1000
        tell(name, f"{one[0]:.1f} ms, slowest tenth {one[1]:.1f}, {cpu:.1f} CPU ms")
    effort, errors = crowd(org, ids)
    done = CLIENTS * REQUESTS
    text = f"{done / effort.wall:.0f} calls/s, {effort.cpu / done * 1000:.1f} CPU ms a call"
    tell(f"{CLIENTS} clients at once, {done:,} calls", f"{errors} errors, {text}")
    for name, path in PAGES.items():
        tell(f"page: {name}", f"{page(org, path):.0f} ms")
    tell("peak memory of the org", f"{org.peak():.0f} MB")
    if errors:
        raise SystemExit(f"{errors} of {done:,} calls failed")


PAGES = {
    "hottest leads": "/lightning/o/Lead/list?filterName=Hottest",
    "their page 5,000": "/lightning/o/Lead/list?filterName=Hottest&page=5000",
    "leads by company": "/lightning/o/Lead/list?filterName=All&sort=Company",
    "a search": "/lightning/o/Lead/list?filterName=All&q=Lead+99",
    "home": "/",
    "newest changes": "/lightning/changes",
}


def tell(name: str, figures: str) -> None:
    """Print one line."""
    print(f"{name:62} {figures}", flush=True)


def write_parts(place: Path, records: int, shift: int) -> list[Path]:
    """Write the CSV files of the jobs."""
    parts = []
    for first in range(1, records + 1, PART):
        path = place / f"{shift}-{first}.csv"
        query = ROWS.format(shift=shift, first=first, last=min(first + PART, records + 1))
        with duckdb.connect() as base:
            base.execute(QUIET)
            base.execute(f"copy ({query}) to '{path}' (format csv, header)")
        parts.append(path)
    return parts


def floor(place: Path, parts: list[Path]) -> Effort:
    """Let a bare DuckDB, in a process of its own, read the files and write results."""
    code = f"""
import duckdb
config = {{"memory_limit": "700MB", "threads": 2}}
base = duckdb.connect({str(place / "floor.duckdb")!r}, config=config)
base.execute({QUIET!r})
base.execute("set preserve_insertion_order = false")
base.execute("create or replace table t as select Prospect_Id__c, LastName, Company, Status, "
  "try_cast(Bench_Score__c as double) as s, Bench_Band__c, Bench_Reasons__c, "
  "try_cast(Bench_Scored_At__c as timestamptz) as w, Bench_Model__c "
  "from read_csv({[str(part) for part in parts]!r}, all_varchar = true, header = true)")
base.execute("copy t to {str(place / "floor.csv")!r} (format csv, force_quote *)")
"""
    before, began = os.times(), time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True)
    wall, after = time.monotonic() - began, os.times()
    spent = after.children_user + after.children_system
    return Effort(wall, spent - before.children_user - before.children_system)


def ingest(org: Org, parts: list[Path], operation: str) -> Effort:
    """Hand the files in as jobs and wait until all of them are applied."""
    before, began = org.cpu(), time.monotonic()
    key = {"externalIdFieldName": "Prospect_Id__c"} if operation == "upsert" else {}
    jobs = []
    for part in parts:
        job = org.call(
            "POST", f"{API}/jobs/ingest", {"object": "Lead", "operation": operation, **key}
        )
        upload(org, f"/{job['contentUrl']}", part)
        org.call("PATCH", f"{API}/jobs/ingest/{job['id']}", {"state": "UploadComplete"})
        jobs.append(job["id"])
    for job in jobs:
        while (said := org.call("GET", f"{API}/jobs/ingest/{job}"))["state"] != "JobComplete":
            if said["state"] in ("Failed", "Aborted"):
                raise SystemExit(f"job {job}: {said}")
            time.sleep(0.1)
        if said["numberRecordsFailed"]:
            raise SystemExit(f"job {job}: {said['numberRecordsFailed']} rows failed")
    return Effort(time.monotonic() - began, org.cpu() - before)


def upload(org: Org, path: str, part: Path) -> None:
    """Stream a file into a job."""
    size = {"Content-Length": str(part.stat().st_size), "Content-Type": "text/csv"}
    with part.open("rb") as file:
        org.call("PUT", path, iter(lambda: file.read(PIECE), b""), **size)


def leads(org: Org) -> list[str]:
    """Give the ids of a few thousand leads."""
    query = urlencode({"q": "SELECT Id FROM Lead LIMIT 2000"})
    return [row["Id"] for row in org.call("GET", f"{API}/query?{query}")["records"]]


def page(org: Org, path: str) -> float:
    """Give the median time of a page, in ms."""
    return trips(org, lambda _: org.call("GET", path), 5)[0]


def trips(org: Org, call: Any, times: int = COLLECTIONS) -> tuple[float, float]:
    """Make calls one after the other; give the median and the slowest tenth, in ms."""
    spent = []
    for number in range(times):
        began = time.perf_counter()
        call(number)
        spent.append((time.perf_counter() - began) * 1000)
    return median(spent), sorted(spent)[int(len(spent) * 0.9)]


def crowd(org: Org, ids: list[str]) -> tuple[Effort, int]:
    """Let 50 clients at once read, query and write; count what went wrong."""

    def work(client: int) -> int:
        own, wrong = org.again(), 0
        for number in range(REQUESTS):
            one = ids[(client * REQUESTS + number) % len(ids)]
            query = urlencode({"q": f"SELECT Id, Name FROM Lead WHERE Id = '{one}'"})
            try:
                if number % 3 == 0:
                    own.call("PATCH", f"{API}/sobjects/Lead/{one}", {"Bench_Score__c": number})
                elif number % 3 == 1:
                    own.call("GET", f"{API}/sobjects/Lead/{one}")
                else:
                    own.call("GET", f"{API}/query?{query}")
            except (SystemExit, OSError, http.client.HTTPException) as error:
                print(error, file=sys.stderr)
                wrong += 1
        return wrong

    before, began = org.cpu(), time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as clients:
        errors = sum(clients.map(work, range(CLIENTS)))
    return Effort(time.monotonic() - began, org.cpu() - before), errors
