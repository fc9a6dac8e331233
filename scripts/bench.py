"""Measure a sync end to end beside simple-salesforce, the bare floor and curl, in one run.

Every contender is a process of its own against a local org that is another process on the same
machine. Printed: client CPU seconds, wall seconds, peak memory and API calls, and ratios.

    scripts/bench                          100,000 and 1,000,000 records
    scripts/bench --records 1000000,10000000
    scripts/bench --org                    the local org itself: 1,000,000 rows, small writes, pages

simple-salesforce, curl and the least sync are left out above 1,000,000 records.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import bench_org
import duckdb

CONTENDERS = Path(__file__).with_name("bench_contenders.py")
MOST_FOR_PEERS = 1_000_000
FULL, SAME = "(a) crm-sink sync", "(a) the same again: no change"
SIMPLE, FLOOR = "(b) simple-salesforce bulk2", "(c) floor: CSV parts, streamed PUTs"
LEAST = "(e) least: floor, reading, comparing"
MAPPING = """\
object: Lead
source: {parquet: PREDICTIONS}
match: {external_id: Prospect_Id__c, column: prospect_id}
fields:
  Bench_Score__c: {value: round(100 * score), type: "Number(3, 0)"}
  Bench_Band__c:
    value: case when score >= 0.8 then 'Hot' when score >= 0.5 then 'Warm' else 'Cold' end
    type: Picklist(Hot, Warm, Cold)
  Bench_Reasons__c: {value: reasons, type: Text(255)}
  Bench_Scored_At__c: {value: scored_at, type: DateTime}
  Bench_Model__c: {value: model_version, type: Text(40)}
  Bench_Rank__c: {value: rank, type: "Number(9, 0)"}
  Bench_Is_Hot__c: {value: score >= 0.8, type: Checkbox}
  Bench_Share__c: {value: 100 * score, type: "Percent(5, 2)"}
"""
PREDICTIONS = """\
copy (
  select printf('P-%06d', i) as prospect_id,
    (hash(i + {shift}) % 10000) / 10000.0 as score,
    'visited the pricing page ' || (i % 9) || ' times; opened ' || (i % 5) || ' mails' as reasons,
    timestamptz '2026-11-20 06:00:00+00' + to_seconds({shift}) as scored_at,
    'bench-{shift}' as model_version, cast(i as integer) as rank
  from range(1, {records} + 1) as leads(i)
) to '{path}' (format parquet)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One contender's run."""

    name: str
    wall: float  # seconds
    cpu: float  # seconds, user and system, of the client process alone
    peak: float  # MB, resident
    calls: int
    stages: dict[str, tuple[float, float]] = field(default_factory=dict)  # wall, CPU seconds
    whole: float = 0  # CPU seconds of the whole process, with the making of its input


def main() -> None:
    """Run the bench and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records")
    parser.add_argument("--only", help="contenders, such as sync,floor")
    parser.add_argument("--org", action="store_true", help="measure the local org itself")
    given = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    if given.org:
        bench_org.main([int(text) for text in (given.records or "1000000").split(",")])
        return
    for text in (given.records or "100000,1000000").split(","):
        records = int(text)
        with tempfile.TemporaryDirectory(prefix="crm_sink-bench-") as folder:
            print(f"\n{records:,} records x 8 fields")
            measured = bench(records, Path(folder), set((given.only or "").split(",")) - {""})
            print(table(measured))


def bench(records: int, folder: Path, only: set[str]) -> list[Measured]:
    """Measure every contender on one fresh org."""
    environment = {**os.environ, "CRM_SINK_HOME": str(folder / "home")}
    crm_sink = [sys.executable, "-m", "crm_sink.cli.main"]
    mapping = folder / "bench.yaml"
    predictions = folder / "predictions.parquet"
    mapping.write_text(MAPPING.replace("PREDICTIONS", str(predictions)))
    org = ["org", "start", "--memory-limit", "4GB", "--daily-calls", "1000000", "--format", "json"]
    started = run([*crm_sink, *org], environment)
    url = json.loads(started)["url"]
    try:
        seed = ["org", "seed", "--mapping", str(mapping), "--leads", str(records), "--no-history"]
        run(
            [*crm_sink, *seed, "--accounts", "0", "--contacts", "0", "--opportunities", "0"],
            environment,
        )
        exported = run([*crm_sink, "org", "env"], environment)
        for line in exported.splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            environment[name] = value
        contest = Contest(records, folder, predictions, mapping, url, environment, crm_sink)
        return contest.all(only)
    finally:
        run([*crm_sink, "org", "stop"], environment)


@dataclass(frozen=True, slots=True)
class Contest:
    """What the contenders share."""

    records: int
    folder: Path
    predictions: Path
    mapping: Path
    url: str
    environment: dict[str, str]
    crm_sink: list[str]

    def all(self, only: set[str]) -> list[Measured]:
        """Run the contenders one after the other, each on changed scores."""
        runs: dict[str, Callable[[], Measured]] = {
            "sync": lambda: self.sync(FULL, shift=1),
            "again": lambda: self.sync(SAME, shift=1),
            "floor": lambda: self.contender(FLOOR, "floor", 2),
            "curl": lambda: self.contender("(d) curl, the same bytes", "curl", 3),
            "simple": lambda: self.contender(SIMPLE, "simple", 4),
            "least": lambda: self.contender(LEAST, "least", 5),
        }
        if self.records > MOST_FOR_PEERS:
            del runs["curl"], runs["simple"], runs["least"]
        return [measure() for name, measure in runs.items() if not only or name in only]

    def predict(self, shift: int) -> None:
        """Write the predictions of another day."""
        duckdb.connect().execute(
            PREDICTIONS.format(records=self.records, shift=shift, path=self.predictions)
        )

    def sync(self, name: str, shift: int) -> Measured:
        """Measure `crm-sink sync`, with the stages that its log tells."""
        self.predict(shift)
        command = [*self.crm_sink, "sync", str(self.mapping), "--log", "json", "--format", "json"]
        measured, printed, log = timed(name, command, self.environment, self.url)
        run_facts = json.loads(printed)
        if run_facts["rejected"] or run_facts["failed"]:
            raise SystemExit(f"{name}: {run_facts['rejected']} rows were rejected")
        stages = {
            event["stage"]: (event["seconds"], event["cpu_seconds"])
            for event in map(json.loads, log.splitlines())
            if event["event"] == "stage_ended"
        }
        return Measured(name, measured.wall, measured.cpu, measured.peak, measured.calls, stages)

    def contender(self, name: str, which: str, shift: int) -> Measured:
        """Measure another contender, in a process of its own."""
        self.predict(shift)
        work = self.folder / which
        work.mkdir()
        command = [sys.executable, str(CONTENDERS), which, str(self.predictions), str(work)]
        measured, printed, _ = timed(name, command, self.environment, self.url)
        shutil.rmtree(work)
        own = json.loads(printed.splitlines()[-1])  # the part that counts: not the making of input
        return Measured(
            name, own["wall"], own["cpu"], own["peak"], measured.calls, whole=measured.cpu
        )


def timed(
    name: str, command: list[str], environment: dict[str, str], url: str
) -> tuple[Measured, str, str]:
    """Run a command; give its figures and what it printed."""
    reset_calls(url)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = os.times().elapsed
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = os.times().elapsed - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        printed, log = out.read().decode(), err.read().decode()
    if process.returncode != 0:
        raise SystemExit(f"{name} failed with {process.returncode}\n{log[-4000:]}")
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(name, wall, cpu, usage.ru_maxrss / 1024, calls(url)), printed, log


def run(command: list[str], environment: dict[str, str]) -> str:
    """Run a command that is not measured."""
    return subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def calls(url: str) -> int:
    """Ask the local org how many calls it answered."""
    with urllib.request.urlopen(f"{url}/__calls__") as answer:
        counted: dict[str, int] = json.load(answer)
    return sum(count for path, count in counted.items() if "__" not in path)


def reset_calls(url: str) -> None:
    """Let the local org count from zero."""
    request = urllib.request.Request(f"{url}/__calls__", method="POST", data=b"")
    with urllib.request.urlopen(request) as answer:
        answer.read()


def table(measured: list[Measured]) -> str:
    """Give the figures and the ratios as text."""
    lines = [f"{'':40} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} {'calls':>6}"]
    for one in measured:
        lines.append(f"{one.name:40} {one.cpu:8.2f} {one.wall:8.2f} {one.peak:8.0f} {one.calls:6}")
        for stage, (wall, cpu) in one.stages.items():
            lines.append(f"    {stage:36} {cpu:8.2f} {wall:8.2f}")
    return "\n".join([*lines, "", *ratios({one.name: one for one in measured})])


def ratios(by_name: dict[str, Measured]) -> list[str]:
    """Compare the contenders of one run."""
    names = (FULL, SAME, FLOOR, SIMPLE, LEAST)
    full, same, floor, simple, least = (by_name.get(name) for name in names)
    lines = []
    if full and simple:
        lines.append(f"client CPU (a)/(b)                 {full.cpu / simple.cpu:6.3f}")
        lines.append(f"the same, with the making of dicts {full.cpu / simple.whole:6.3f}")
    if least and simple:
        lines.append(f"client CPU (e)/(b)                 {least.cpu / simple.cpu:6.3f}")
    if full and floor:
        deliver = full.stages["write"]
        lines.append(f"deliver stage, wall, (a)/(c)       {deliver[0] / floor.wall:6.2f}")
        lines.append(f"deliver stage, CPU, (a)/(c)        {deliver[1] / floor.cpu:6.2f}")
    if full and same:
        lines.append(f"no-change sync / full sync, wall   {same.wall / full.wall:6.2f}")
    return lines


if __name__ == "__main__":
    main()
