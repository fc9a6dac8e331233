"""A CSV file with many rows that do not fit is told in short."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def test_ten_rows_that_do_not_fit_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    file = tmp_path / "deals.csv"
    file.write_text("key,name,stage,closed\n" + "k,a,Prospecting,soon\n" * 25)
    command = [sys.executable, "-m", "crm_sink.cli.main", "org", "seed", "--csv", str(file)]
    command += ["--object", "Opportunity"]
    for column in ("Name=name", "StageName=stage", "CloseDate=closed"):
        command += ["--column", column]
    variables = {**os.environ, "CRM_SINK_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[0]) == (3, "0 of 25 rows inserted")
    assert len([line for line in lines if line.startswith("  row ")]) == 10
    assert lines[-1].startswith("  ... and 15 more")
