"""scripts/demo shows the whole trip, and leaves an org running only when it is told to."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
HOME = Path(".crm_sink") / "demo"


def variables() -> dict[str, str]:
    """Give an environment that names a real org, which the demo must leave alone."""
    return {**os.environ, "CRM_SINK_INSTANCE_URL": "https://real.example", "CRM_SINK_HOME": "/no"}


def demo(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tour as scripts/demo does once its environment is there."""
    command = [sys.executable, "scripts/demo.py", *options]
    return subprocess.run(
        command, cwd=project, env=variables(), capture_output=True, text=True, check=False
    )


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """Give a copy of what the demo needs of the project; an org that is left is stopped."""
    shutil.copytree(ROOT / "mappings", tmp_path / "mappings")
    (tmp_path / "scripts").mkdir()
    for script in ("demo.py", "scoring_job.py"):
        shutil.copy(ROOT / "scripts" / script, tmp_path / "scripts")
    yield tmp_path
    stop = [sys.executable, "-m", "crm_sink.cli.main", "org", "stop"]
    home = {**variables(), "CRM_SINK_HOME": str(HOME)}
    subprocess.run(stop, cwd=tmp_path, env=home, check=True, capture_output=True)


def test_the_tour_ends_with_pages_that_can_be_looked_at(project: Path) -> None:
    done = demo(project, "--keep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "updated       9,997" in done.stdout
    for code in ("TWIN_KEY", "TEXT_TOO_LONG", "NOT_IN_PICKLIST", "NOT_FOUND"):
        assert re.search(rf"^  {code} +row \d+, P-", done.stdout, flags=re.M)
    assert "6 of 303 changes, old → new" in done.stdout
    assert re.search(r"Propensity_Segment__c +3$", done.stdout, flags=re.M)
    assert "unchanged    10,000" in done.stdout
    record, hottest = re.findall(r"http://127\.0\.0\.1:\d+/lightning/\S+", done.stdout)
    for url in (record, hottest):
        with urllib.request.urlopen(url, timeout=30) as page:
            assert "Hot" in page.read().decode()


def test_a_demo_that_fails_midway_stops_its_org(project: Path) -> None:
    mapping = project / "mappings" / "lead_score.yaml"
    mapping.write_text(mapping.read_text().replace("round(100 * score)", "round(100 * scor)"))
    done = demo(project, "--keep")
    assert done.returncode == 1
    assert "Did you mean score?" in done.stdout
    assert (project / HOME / "org" / "org.json").exists()
    assert not (project / HOME / "org" / "state.json").exists()
