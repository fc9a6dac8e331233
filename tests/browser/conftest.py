"""A browser, and a local org whose leads have just been scored."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crm_sink.emulator.serve import running, write_state
from tests.conftest import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

MAPPING = Path(__file__).parents[2] / "mappings" / "lead_score.yaml"
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
SCRIPT = "<script>document.title = 'owned'</script>"
# Name, score, and factors of each lead; two are not scored, or scored without a score.
LEADS = {
    "Lovelace": (0.93, "[{'feature': 'visited_pricing_page', 'contribution': 1.4}, "
    "{'feature': 'days_since_last_visit', 'contribution': -0.6}]"),
    "Hopper": (0.71, "[]"),
    "Cold": (0.04, "[]"),
    SCRIPT: (0.55, f"[{{'feature': $${SCRIPT}$$, 'contribution': 1.0}}]"),
    "Unscored": (None, ""),
}  # fmt: skip


@dataclass(frozen=True)
class Org:
    """The address of the org, its leads' record ids by last name, and somebody at work on it."""

    url: str
    leads: dict[str, str]
    desk: Desk

    def record(self, name: str) -> str:
        return f"{self.url}/lightning/r/Lead/{self.leads[name]}/view"

    def update_by_job(self, record: str, field: str, value: str) -> None:
        job = self.desk.call("POST", "/jobs/ingest", json={"object": "Lead", "operation": "update"})
        path = f"/jobs/ingest/{job['id']}"
        self.desk.call("PUT", f"{path}/batches", data=f"Id,{field}\n{record},{value}\n".encode())
        self.desk.call("PATCH", path, json={"state": "UploadComplete"})
        self.desk.org.org.jobs.settle(20)

    @property
    def hottest(self) -> str:
        return f"{self.url}/lightning/o/Lead/list?filterName=Hottest"


@pytest.fixture(scope="module")
def scored(org_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    """Score a few leads with mappings/lead_score.yaml, through the command line."""
    folder = tmp_path_factory.mktemp("browser")
    home = folder / ".crm_sink" / "org"
    shutil.copytree(org_template, home)
    with running(home) as org, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("CRM_SINK_HOME", raising=False)
        write_state(home, org)
        desk = Desk(folder, org)
        assert desk.crm_sink("org", "seed", "--mapping", str(MAPPING)).code == 0
        leads = {}
        for name in LEADS:
            lead = {"LastName": name, "Company": "Analytical", "Prospect_Id__c": name[:9]}
            leads[name] = str(desk.call("POST", "/sobjects/Lead", json=lead)["id"])
        desk.predict(_predictions(), "predictions/lead_scores.parquet")
        said = desk.crm_sink("sync", str(MAPPING), "--target", "local")
        assert said.code == 0, said.err + said.out
        yield Org(org.url, leads, desk)


def _predictions() -> str:
    """Give the scoring job's output as SQL; it ran two hours ago."""
    at = (datetime.now(UTC) - timedelta(hours=2, minutes=5)).isoformat()
    kind = "struct(feature varchar, contribution double)[]"
    rows = ", ".join(
        f"($${name[:9]}$$, {score}, {factors}::{kind})"
        for name, (score, factors) in LEADS.items()
        if score is not None
    )
    return (
        f"select *, 'lr-1' as model_version, 'Enterprise' as segment, timestamptz '{at}' as "
        f"scored_at from (values {rows}) t(prospect_id, score, top_factors)"
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(QUIET)
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a new page; nothing on it may complain."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    opened.close()
    assert complaints == []
