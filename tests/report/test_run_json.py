from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path

from crm_sink.ledger.contract import Run, RunState, Totals
from crm_sink.report.run_json import iso, run_json

NAMES = (
    "run mapping object kind state started ended source_rows planned created updated unchanged "
    "cleared rejected conflicts failed api api_calls uploaded_bytes jobs rejects_file verdict "
    "to_create to_update to_clear skipped api_reason verdicts org error released_by top_errors "
    "sent_again at_once"
)


def test_the_names_and_their_order_are_an_interface(make_run: Callable[..., Run]) -> None:
    assert list(run_json(make_run())) == NAMES.split()


def test_the_help_page_documents_each_name_in_the_same_order() -> None:
    page = files("crm_sink").joinpath("help", "output.md").read_text(encoding="utf-8")
    before_gates = page.partition("## The figures of the gates")[0]
    assert re.findall(r"^\| `(\w+)` \|", before_gates, re.MULTILINE) == NAMES.split()


def test_every_figure_stands_under_its_name(make_run: Callable[..., Run]) -> None:
    figures = {name: number for number, name in enumerate(Totals.__dataclass_fields__, start=1)}
    facts = run_json(make_run(totals=Totals(**figures), details={"top_errors": []}))
    assert {name: facts[name] for name in figures} == figures


def test_a_run_is_plain_json(make_run: Callable[..., Run]) -> None:
    run = make_run(
        ended=datetime(2026, 11, 20, 6, 4, 24, tzinfo=UTC),
        jobs=("7503h00000CV7GpAAL",),
        rejects_file=Path("home") / "rejects.csv",
        verdicts=({"gate": "drift", "state": "pass", "figure": 0.01, "message": "fine"},),
    )
    facts = json.loads(json.dumps(run_json(run)))
    assert facts["state"] == "done"
    assert facts["ended"] == "2026-11-20T06:04:24Z"
    assert facts["jobs"] == ["7503h00000CV7GpAAL"]
    assert facts["rejects_file"] == "home/rejects.csv"
    assert facts["verdicts"][0]["figure"] == 0.01


def test_what_is_not_known_is_null(make_run: Callable[..., Run]) -> None:
    facts = run_json(make_run(state=RunState.PLANNING))
    unknown = [name for name, value in facts.items() if value is None]
    names = "ended api rejects_file verdict api_reason org error released_by"
    assert " ".join(unknown) == names


def test_times_are_utc_whatever_the_zone() -> None:
    vienna = timezone(timedelta(hours=1))
    assert iso(datetime(2026, 11, 20, 7, 4, 12, 999, tzinfo=vienna)) == "2026-11-20T06:04:12Z"
    assert iso(datetime(2026, 11, 20, 6, 4, 12)) == "2026-11-20T06:04:12Z"
    assert iso(None) is None
