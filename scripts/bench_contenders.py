"""The contenders of the bench, each run as `bench_contenders.py NAME PREDICTIONS FOLDER`.

Prints one JSON line: wall and CPU seconds of the part that counts (without the making of its
input), and peak memory in MB. CPU of a child process (curl) is counted in.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

API = "/services/data/v62.0"
CSV = {"Content-Type": "text/csv"}
NAMES = [
    f"Bench_{name}__c"
    for name in ("Score", "Band", "Reasons", "Scored_At", "Model", "Rank", "Is_Hot", "Share")
]
FIELDS = """
  cast(cast(round(100 * score) as integer) as varchar) as "Bench_Score__c",
  case when score >= 0.8 then 'Hot' when score >= 0.5 then 'Warm' else 'Cold' end
    as "Bench_Band__c",
  reasons as "Bench_Reasons__c",
  strftime(scored_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.000Z') as "Bench_Scored_At__c",
  model_version as "Bench_Model__c", cast(rank as varchar) as "Bench_Rank__c",
  cast(score >= 0.8 as varchar) as "Bench_Is_Hot__c",
  cast(cast(100 * score as decimal(5, 2)) as varchar) as "Bench_Share__c"
"""
# As a user's DataFrame holds them; the datetime is text already, for the library drops its zone.
TYPED_FIELDS = """
  cast(round(100 * score) as integer) as "Bench_Score__c",
  case when score >= 0.8 then 'Hot' when score >= 0.5 then 'Warm' else 'Cold' end
    as "Bench_Band__c",
  reasons as "Bench_Reasons__c",
  strftime(scored_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.000Z') as "Bench_Scored_At__c",
  model_version as "Bench_Model__c", rank as "Bench_Rank__c", score >= 0.8 as "Bench_Is_Hot__c",
  round(100 * score, 2) as "Bench_Share__c"
"""


class Org:
    """A bare session with the org of the environment."""

    def __init__(self) -> None:
        self.url = os.environ["CRM_SINK_INSTANCE_URL"]
        self.session = requests.Session()
        form = {
            "grant_type": "client_credentials",
            "client_id": os.environ["CRM_SINK_CLIENT_ID"],
            "client_secret": os.environ["CRM_SINK_CLIENT_SECRET"],
        }
        answer = self.session.post(f"{self.url}/services/oauth2/token", data=form, timeout=60)
        self.token = answer.json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {self.token}"

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Make one call and fail on anything but success."""
        answer = self.session.request(method, f"{self.url}{path}", timeout=600, **arguments)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def open_job(self) -> str:
        """Create an upsert job."""
        job = {"object": "Lead", "operation": "upsert", "externalIdFieldName": "Prospect_Id__c"}
        return str(self.call("POST", f"{API}/jobs/ingest", json=job)["id"])

    def save(self, path: str, file: Path) -> str:
        """Download into a file; give the locator of the next page, or `null`."""
        with (
            self.session.get(f"{self.url}{path}", timeout=600, stream=True) as answer,
            file.open("wb") as out,
        ):
            answer.raise_for_status()
            out.writelines(answer.iter_content(1 << 20))
            return str(answer.headers.get("Sforce-Locator", "null"))

    def finish(self, job: str) -> None:
        """Close a job and wait until every row was accepted."""
        self.call("PATCH", f"{API}/jobs/ingest/{job}", json={"state": "UploadComplete"})
        while True:
            now = self.call("GET", f"{API}/jobs/ingest/{job}")
            if now["state"] in {"JobComplete", "Failed", "Aborted"}:
                break
            time.sleep(0.25)
        if now["state"] != "JobComplete" or now["numberRecordsFailed"]:
            raise SystemExit(f"the job ended as {now}")


def parts(predictions: Path, folder: Path) -> list[Path]:
    """Write the predictions as CSV parts of 90 MB."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false; set memory_limit = '224MB'")
    connection.execute(
        f"copy (select prospect_id as \"Prospect_Id__c\", {FIELDS} from '{predictions}') "
        f"to '{folder / 'parts'}' (format csv, header, nullstr '#N/A', file_size_bytes '90MB')"
    )
    return sorted((folder / "parts").iterdir())


def floor(predictions: Path, folder: Path) -> dict[str, float]:
    """CSV parts and streamed PUTs, two in flight, polling; nothing else."""
    meter = Meter()
    org = Org()

    def send(part: Path) -> None:
        job = org.open_job()
        with part.open("rb") as file:
            org.call("PUT", f"{API}/jobs/ingest/{job}/batches", data=file, headers=CSV)
        org.finish(job)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send, parts(predictions, folder)))
    return meter.read()


def least(predictions: Path, folder: Path) -> dict[str, float]:
    """The least for a sync that reads and compares: floor, present values, results; no checks."""
    import duckdb

    meter = Meter()
    org = Org()
    connection = duckdb.connect()
    connection.execute("set preserve_insertion_order = false; set memory_limit = '224MB'")
    present = all_leads(org, folder / "present")
    records = f"read_csv('{present}/*.csv', header = true, all_varchar = true)"
    wanted = f"(select prospect_id as \"Prospect_Id__c\", {FIELDS} from '{predictions}')"
    differs = " or ".join(f"d.{name} is distinct from p.{name}" for name in NAMES)
    connection.execute(
        f'copy (select p."Id", d.* from {wanted} d join {records} p using ("Prospect_Id__c") '
        f"where {differs}) to '{folder / 'parts'}' "
        "(format csv, header, nullstr '#N/A', file_size_bytes '90MB')"
    )

    def send(part: Path) -> None:
        job = org.open_job()
        with part.open("rb") as file:
            org.call("PUT", f"{API}/jobs/ingest/{job}/batches", data=file, headers=CSV)
        org.finish(job)
        org.save(f"{API}/jobs/ingest/{job}/successfulResults", folder / f"{part.name}-results.csv")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send, sorted((folder / "parts").iterdir())))
    results = f"read_csv('{folder}/*-results.csv', header = true, all_varchar = true)"
    connection.execute(
        f"copy (select sf__Id, sf__Created from {results}) to '{folder / 'outcomes.parquet'}'"
    )
    return meter.read()


def all_leads(org: Org, folder: Path) -> Path:
    """Read keys and present values of every lead through a Bulk query, page by page."""
    folder.mkdir()
    columns = ", ".join(["Id", "Prospect_Id__c", *NAMES])
    query = {"operation": "query", "query": f"SELECT {columns} FROM Lead"}
    job = org.call("POST", f"{API}/jobs/query", json=query)["id"]
    while org.call("GET", f"{API}/jobs/query/{job}")["state"] != "JobComplete":
        time.sleep(0.25)
    locator, number = "", 0
    while locator != "null":
        path = f"{API}/jobs/query/{job}/results?maxRecords=250000&locator={locator}"
        locator = org.save(path.removesuffix("&locator="), folder / f"{number}.csv")
        number += 1
    return folder


def curl(predictions: Path, folder: Path) -> dict[str, float]:
    """The same bytes, sent by curl."""
    files = parts(predictions, folder)
    org = Org()
    config = folder / "curl.conf"
    config.touch(mode=0o600)  # the token stays off the command line
    config.write_text(
        f'header = "Authorization: Bearer {org.token}"\nheader = "Content-Type: text/csv"\n'
    )
    meter = Meter()
    for part in files:
        job = org.open_job()
        target = f"{org.url}{API}/jobs/ingest/{job}/batches"
        subprocess.run(
            ["curl", "--silent", "--fail", "--config", config, "--upload-file", part, target],
            check=True,
        )
        org.finish(job)
    return meter.read()


def simple(predictions: Path, folder: Path) -> dict[str, float]:
    """simple-salesforce's bulk2, given the same records as dicts."""
    import duckdb
    from requests.adapters import HTTPAdapter
    from simple_salesforce.api import Salesforce

    class PlainHttp(HTTPAdapter):
        """The library always says https; the local org speaks http."""

        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            request.url = request.url.replace("https://", "http://", 1)
            return super().send(request, *args, **kwargs)

    frame = (
        duckdb.connect()
        .execute(f"select prospect_id as \"Prospect_Id__c\", {TYPED_FIELDS} from '{predictions}'")
        .df()
    )
    records = frame.to_dict("records")
    del frame
    org = Org()
    session = requests.Session()
    session.mount("https://", PlainHttp())
    meter = Meter()
    client: Any = Salesforce(
        instance=org.url.removeprefix("http://"), session_id=org.token, session=session
    )
    results = client.bulk2.Lead.upsert(
        records=records, external_id_field="Prospect_Id__c", batch_size=250_000, wait=0.01
    )
    failed = sum(int(result["numberRecordsFailed"]) for result in results)
    if failed:
        raise SystemExit(f"{failed} records failed")
    return meter.read()


class Meter:
    """Wall and CPU seconds since it was made, and the peak memory of the process."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), cpu_seconds()

    def read(self) -> dict[str, float]:
        """Give the figures."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {
            "wall": time.monotonic() - self._wall,
            "cpu": cpu_seconds() - self._cpu,
            "peak": peak,
        }


def cpu_seconds() -> float:
    """Give the CPU seconds of this process and of its children that have ended."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    name, predictions, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    contenders = {"floor": floor, "least": least, "curl": curl, "simple": simple}
    figures = contenders[name](predictions, folder)
    print(json.dumps(figures))
