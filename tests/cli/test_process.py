"""The command line as a process: pipes, terminals, and `scripts/sync` as cron calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Desk

ROOT = Path(__file__).parents[2]
MAIN = [sys.executable, "-m", "crm_sink.cli.main"]


def test_data_goes_to_stdout_and_talk_to_stderr(two: Desk) -> None:
    said = two.shell("sync", "lead.yaml", "--format", "json")
    assert (said.code, said.data["updated"]) == (0, 2)
    assert "2 records written" in said.err


def test_an_error_leaves_stdout_empty(two: Desk) -> None:
    said = two.shell("sync", "no_such_mapping", "--format", "json")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("crm-sink: ")


def test_a_run_that_fails_is_one_document_too(two: Desk) -> None:
    """Its predictions are gone: who collects the figures of all runs gets this one's."""
    (two.folder / "p.parquet").unlink()
    for verb in ("plan", "sync"):
        said = two.crm_sink(verb, "lead.yaml", "--format", "json")
        assert (said.code, said.data["state"], said.data["mapping"]) == (1, "failed", "lead")
    assert two.crm_sink("sync", "lead.yaml").out == ""


@pytest.mark.parametrize(
    ("spoil", "arguments", "said"),
    [
        ("p.parquet", [], {"exit_code": 1, "where": "p.parquet"}),
        ("lead.yaml", [], {"exit_code": 2, "message": "1 problem in the mapping"}),
        ("", ["--frobnicate"], {"exit_code": 2, "where": None}),
    ],
)
def test_with_log_json_the_error_is_a_json_line_too(
    two: Desk, spoil: str, arguments: list[str], said: dict[str, object]
) -> None:
    if spoil:
        two.write(spoil, "object: [")
    done = two.crm_sink("sync", "lead.yaml", "--log", "json", *arguments)
    last = [json.loads(line) for line in done.err.splitlines()][-1]
    assert (last["level"], last["event"], last["exit_code"]) == (
        "error",
        "command_failed",
        done.code,
    )
    assert said.items() <= last.items()
    assert [problem["line"] for problem in last.get("problems", ())] == [1] * (spoil == "lead.yaml")


def test_a_reader_that_goes_away_is_no_crash(two: Desk) -> None:
    """`crm-sink schema | head -c 10`: the pipe is closed before all is written."""
    with subprocess.Popen(
        [*MAIN, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read().decode()
        process.wait(timeout=60)
    assert said == ""


class CronJob:
    """A copy of `scripts/sync` that finds its environment made: the one of this test."""

    def __init__(self, folder: Path) -> None:
        program = folder / "bin" / "crm-sink"
        self.script = folder / "scripts" / "sync"
        for path, text in (
            (program, f'#!/bin/sh\nexec {" ".join(MAIN)} "$@"\n'),
            (self.script, (ROOT / "scripts" / "sync").read_text()),
            (
                self.script.with_name("_environment"),
                f"ROOT={folder}\nPATH={program.parent}:$PATH\n",
            ),
        ):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)

    def run(self, desk: Desk, *mappings: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "CRM_SINK_WORKDIR": str(desk.folder)}
        return subprocess.run(
            [self.script, *mappings],
            env=environ,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def test_every_mapping_is_synced_and_the_worst_exit_code_wins(two: Desk, tmp_path: Path) -> None:
    """One mapping has a rejected row (3), one cannot be read (2), one is fine (0)."""
    good = (two.folder / "lead.yaml").read_text()
    two.write("mappings/1_rejects.yaml", good.replace("p.parquet", "bad.parquet"))
    two.write("mappings/2_broken.yaml", "object: [")
    two.write("mappings/3_good.yaml", good)
    two.predict("select 'nobody' as id, 0.5 as score", "bad.parquet")
    done = CronJob(tmp_path).run(two)
    assert done.returncode == 2
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(run["mapping"], run["rejected"]) for run in runs] == [("1_rejects", 1), ("3_good", 0)]


def test_only_the_named_mapping_is_synced_with_json_lines_as_log(two: Desk, tmp_path: Path) -> None:
    two.predict("from (values ('a', 0.9), ('nobody', 0.1)) t(id, score)")
    done = CronJob(tmp_path).run(two, "lead.yaml")
    assert done.returncode == 3
    assert json.loads(done.stdout)["mapping"] == "lead"
    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert (events[0], events[-1]) == ("run_began", "run_ended")
