"""Show the whole trip: a scoring job's output appears on Salesforce records.

Starts the embedded local org, seeds 10,000 leads, scores them, and runs the commands of the README
as a user would, printing each with its output. Ends with the pages to look at.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HOME = Path(".crm_sink") / "demo"
MAPPING = "mappings/lead_score.yaml"
LEADS = 10_000
SCORED_AT = "2026-11-20T06:00:00Z"
RESCORED_AT = "2026-11-21T06:00:00Z"
REJECTED = 3  # the exit code of a run with rejected rows


def main() -> None:
    """Run the tour."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave the local org running")
    keep = parser.parse_args().keep
    os.environ["CRM_SINK_HOME"] = str(HOME)
    began = time.monotonic()
    quiet("crm-sink", "org", "stop")
    shutil.rmtree(HOME, ignore_errors=True)
    try:
        tour()
        say_pages(keep)
    finally:
        if not keep:
            quiet("crm-sink", "org", "stop")
    print(f"\nDone in {time.monotonic() - began:.0f} seconds.")


def tour() -> None:
    """Walk the trip, one command after the other."""
    title("A local Salesforce org, with 10,000 leads")
    show("crm-sink", "org", "start")
    show("crm-sink", "org", "seed", "--leads", str(LEADS))
    use_local_org()
    title("A scoring job leaves predictions (a few of them deliberately bad)")
    score(SCORED_AT, "--bad")
    title("Check the mapping, its examples, the source and the org")
    show("crm-sink", "validate", MAPPING)
    title("What would change? Nothing is written yet")
    show("crm-sink", "plan", MAPPING, expect=REJECTED)
    title("Write exactly that plan")
    show("crm-sink", "apply", expect=REJECTED)
    title("The rows that were not written, each with its reason and its cure")
    show_rejects()
    title("A day later some leads behaved differently: only what changed is written")
    score(RESCORED_AT, "--shift", "300")
    show("crm-sink", "sync", MAPPING, expect=None)
    show("crm-sink", "show", "--changes", "4")
    title("Once more, with nothing changed: no write call at all")
    show("crm-sink", "sync", MAPPING, expect=None)
    title("What happened so far")
    show("crm-sink", "runs")


def score(scored_at: str, *options: str) -> None:
    """Run the scoring job."""
    out = ["--leads", str(LEADS), "--out", "predictions/lead_scores.parquet"]
    show("python", "scripts/scoring_job.py", *out, "--scored-at", scored_at, *options)


def use_local_org() -> None:
    """Point the CRM_SINK_ variables at the local org, as `eval "$(crm-sink org env)"` does."""
    print('$ eval "$(crm-sink org env)"')
    for line in run("crm-sink", "org", "env").stdout.splitlines():
        variable, _, value = line.removeprefix("export ").partition("=")
        os.environ[variable] = value


def show_rejects() -> None:
    """Print the reject file that the latest run names."""
    path = json.loads(run("crm-sink", "show", "--format", "json").stdout)["rejects_file"]
    show("cat", os.path.relpath(path))


def say_pages(keep: bool) -> None:
    """Print where a person can look."""
    url = os.environ["CRM_SINK_INSTANCE_URL"]
    hottest = hottest_lead()
    title("Where a sales rep sees it")
    print(f"  a lead        {url}/lightning/r/Lead/{hottest}/view")
    print(f"  the hottest   {url}/lightning/o/Lead/list?filterName=Hottest")
    if keep:
        print("\nThe org keeps running. Stop it with:")
        print(f"  CRM_SINK_HOME={HOME} crm-sink org stop")
    else:
        print("\nThe org stops now. To look at the pages:  scripts/demo --keep")


def hottest_lead() -> str:
    """Give the record id of a lead with the highest score, out of the first run's outcomes."""
    import duckdb

    runs = HOME / "runs"
    return str(
        duckdb.sql(
            f"select id from read_parquet('{runs}/*/changes/**/*.parquet') "
            'order by "Propensity_Score__c" desc nulls last, id limit 1'
        ).fetchall()[0][0]
    )


def title(text: str) -> None:
    """Print a heading."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}")


def show(*command: str, expect: int | None = 0) -> None:
    """Print a command and what it prints; stop when it does not end as expected."""
    print(f"$ {' '.join(command)}", flush=True)
    code = subprocess.run(command, check=False).returncode
    if code not in ({0, REJECTED} if expect is None else {expect}):
        raise SystemExit(f"the command above ended with exit code {code}")
    if code:
        print(f"(exit code {code}: done, with rejected rows)", flush=True)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command and keep what it prints."""
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE)


def quiet(*command: Sequence[str] | str) -> None:
    """Run a command whose output does not matter."""
    subprocess.run([str(part) for part in command], check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
