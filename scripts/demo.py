"""Show the whole trip: a scoring job's output appears on Salesforce records.

Starts the embedded local org, seeds 10,000 leads, scores them, and runs the commands of the README
as a user would, printing each with its output and a word on what to look at. The commands run in
this one process: fifteen starts of Python would take longer than all of the work.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import runpy
import shlex
import shutil
import signal
import sys
import time
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crm_sink.cli.main import run

HOME = Path(".crm_sink") / "demo"
MAPPING = "mappings/lead_score.yaml"
PREDICTIONS = "predictions/lead_scores.parquet"
LEADS = "10000"
DONE, REJECTED = 0, 3  # exit codes


def main() -> None:
    """Run the tour; the org is stopped at its end, unless it went well and is to be kept."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave the local org running")
    keep = parser.parse_args().keep
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    began, went_well = time.monotonic(), False
    start_afresh()
    try:
        before_the_write()
        the_write()
        the_next_day()
        say_pages(keep)
        went_well = True
    finally:
        if not (keep and went_well):
            quiet("org", "stop")
    print(f"\nDone in {time.monotonic() - began:.0f} seconds.")


def start_afresh() -> None:
    """Forget an earlier demo, and whatever org the environment names: this is not for that one."""
    for variable in [name for name in os.environ if name.startswith("CRM_SINK_")]:
        del os.environ[variable]
    os.environ["CRM_SINK_HOME"] = str(HOME)
    if HOME.exists():
        quiet("org", "stop")
        shutil.rmtree(HOME)
    shutil.rmtree(Path(PREDICTIONS).parent, ignore_errors=True)


def before_the_write() -> None:
    """Org, predictions, mapping, plan."""
    title(
        "1. A Salesforce org to try it on",
        "It runs on this machine and answers as Salesforce does. The fields that the mapping",
        "writes to are made, and 10,000 leads of a sales team.",
    )
    command("org", "start")
    command("org", "seed", "--leads", LEADS, "--mapping", MAPPING)
    use_local_org()
    title(
        "2. A scoring job leaves a file of predictions",
        "A logistic regression: how likely is each lead to convert, and why? It knows nothing of",
        "Salesforce. --bad spoils a few rows on purpose: we shall see what becomes of them.",
    )
    score(hours_ago=5, options=("--bad",))
    title(
        "3. Is the mapping right?",
        f"{MAPPING} says which prediction becomes which field. It is checked against",
        "the file's columns and the org's fields, and its own examples are run.",
    )
    command("validate", MAPPING)
    title(
        "4. What would change?",
        "Every lead is read and compared. Nothing is written: the plan waits to be applied.",
    )
    command("plan", MAPPING, "--examples", "3", expect=REJECTED)


def the_write() -> None:
    """Apply, and what was not written."""
    title("5. Write it", "Exactly that plan, as one Bulk API 2.0 job.")
    command("apply", expect=REJECTED)
    title(
        "6. What was not written, and why",
        "No row fails in silence: the exit code was 3, and the reject file has a line for each.",
    )
    show_rejects()


def the_next_day() -> None:
    """Changed scores, then nothing changed."""
    title(
        "7. Some hours later: 300 leads behaved since, and the bad rows were mended",
        "sync is plan and apply in one. Of 10,000 records only those that differ are sent.",
    )
    score(hours_ago=1, options=("--shift", "300"))
    changed = command("sync", MAPPING, expect=DONE)
    print("\nThe same as old → new. An empty field is a lead that was rejected the first time;")
    print("of the others only the fields that differ were sent:")
    command("show", "--changes", "6")
    show_fields_written(changed)
    title(
        "8. Once more, with nothing changed",
        "Compare, find nothing, write nothing: the API calls are the reading.",
    )
    command("sync", MAPPING)
    title("9. What happened so far")
    command("runs")


def score(*, hours_ago: int, options: tuple[str, ...]) -> None:
    """Run the scoring job. The mapping's freshness gate would hold scores that are days old."""
    moment = datetime.now(UTC) - timedelta(hours=hours_ago)
    arguments = ["--leads", LEADS, "--out", PREDICTIONS, "--scored-at", f"{moment:%FT%TZ}"]
    words = ["scripts/scoring_job.py", *arguments, *options]
    print(f"$ python {shlex.join(words)}")
    sys.argv = words
    runpy.run_path(words[0], run_name="__main__")


def use_local_org() -> None:
    """Point the CRM_SINK_ variables at the local org, as the shell would."""
    print('$ eval "$(crm-sink org env)"')
    for line in quiet("org", "env").splitlines():
        variable, _, value = line.removeprefix("export ").partition("=")
        os.environ[variable] = value


def show_rejects() -> None:
    """Print the reject file of the latest run, folded to the width of a terminal."""
    path = Path(json.loads(quiet("show", "--format", "json"))["rejects_file"])
    print(f"{os.path.relpath(path)} holds, one line for each row and field at fault:")
    with path.open(encoding="utf-8", newline="") as file:
        for reject in csv.DictReader(file):
            place = f"row {reject['row']}, {reject['key']}, {reject['field']}"
            print(f"\n  {reject['code']:<16}{place}")
            for name in ("value", "message", "hint"):
                print(f"    {name:<14}{reject[name]}")


def show_fields_written(run_id: str) -> None:
    """Count in how many records of a run each field was written, out of its run folder."""
    import duckdb

    changes = HOME / "runs" / run_id / "changes"
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select columns('.*[.]write').count_if() from read_parquet('{changes}/**/*.parquet')"
        )
        fields = [column[0].removesuffix(".write") for column in found.description]
        (row,) = found.fetchall()
    print(f"\nIn how many records each field was written ({changes} is Parquet):")
    for field, count in zip(fields, row, strict=True):
        print(f"  {field:<24}{count:>6}")


def say_pages(keep: bool) -> None:
    """Print where a person can look, and how to keep the org."""
    url = os.environ["CRM_SINK_INSTANCE_URL"]
    title("Where a sales rep sees it")
    print(f"  a lead that turned hot  {url}/lightning/r/Lead/{lead_that_turned_hot()}/view")
    print(f"  the hottest leads       {url}/lightning/o/Lead/list?filterName=Hottest")
    if keep:
        print("\nThe org keeps running. To go on with it, or to stop it:")
        print(f"  . .venv/bin/activate; export CRM_SINK_HOME={HOME}")
        print("  crm-sink sync lead_score --target local")
        print("  crm-sink org stop")
    else:
        print("\nThe org stops now. To keep it, and look at these pages:  scripts/demo --keep")


def lead_that_turned_hot() -> str:
    """Give the id of the lead whose score rose to the highest."""
    import duckdb

    table = f"read_parquet('{HOME}/runs/*/changes/**/*.parquet')"
    rose = '"Propensity_Score__c" > "Propensity_Score__c.before"'
    query = f'select id from {table} where {rose} order by "Propensity_Score__c" desc, id limit 1'
    with duckdb.connect() as connection:
        ((record,),) = connection.execute(query).fetchall()
    return str(record)


def title(text: str, *words: str) -> None:
    """Print a heading, and what there is to see."""
    bold, end = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold}{text}{end}")
    for line in words:
        print(line)
    print()


def command(*arguments: str, expect: int = DONE) -> str:
    """Print a command and what it prints, and give the latest run's id.

    Raises:
        SystemExit: It did not end as expected.
    """
    print(f"$ crm-sink {shlex.join(arguments)}")
    code = run(list(arguments))
    if code != expect:
        raise SystemExit(f"scripts/demo: the command above ended with exit code {code}")
    if code == REJECTED:
        print("(exit code 3: done, with rejected rows)")
    runs = sorted(path.name for path in HOME.glob("runs/*"))
    return runs[-1] if runs else ""


def quiet(*arguments: str) -> str:
    """Run a command and give what it prints, instead of printing it."""
    said = io.StringIO()
    with redirect_stdout(said):
        run(list(arguments))
    return said.getvalue()


if __name__ == "__main__":
    main()
