from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_sink.ledger.contract import Run, RunState, Totals
from crm_sink.report.next_step import next_step, standing
from crm_sink.report.summary import summary

PROFILE = {"rows": 10_004, "freshness": {"newest": "2026-11-20T03:00:00Z"}}
FRESH = {"gate": "freshness", "state": "pass", "figure": 3.0, "message": "scores are 3 h old"}
DRIFTED = {"gate": "drift", "state": "hold", "figure": 0.31, "message": "score: PSI 0.310"}
ERROR = {
    "code": "TEXT_TOO_LONG",
    "count": 4,
    "stage": "transform",
    "field": "Model__c",
    "message": "… has 52 characters, 40 fit",
    "hint": "shorten it, or set truncate: true",
}


def line(text: str, label: str) -> str:
    """Give what a summary says under a label."""
    return next(row[13:] for row in text.splitlines() if row.startswith(label))


def test_the_summary_of_a_run_is_what_a_person_copies(make_run: Callable[..., Run]) -> None:
    run = make_run(
        ended=datetime(2026, 11, 20, 6, 4, 24, tzinfo=UTC),
        totals=Totals(
            source_rows=10_004, planned=10_004, to_update=9_000, updated=9_000, unchanged=1_000,
            rejected=4, api_calls=13, uploaded_bytes=1_234_567,
        ),
        api="bulk",
        api_reason="9,000 rows: about 11 calls instead of 45",
        jobs=("7503h00000CV7GpAAL",),
        rejects_file=Path("rejects.csv"),
        verdict="pass",
        verdicts=(FRESH,),
        org="https://acme.my.salesforce.com",
        details={
            "profile": PROFILE,
            "top_errors": [ERROR],
            "quota": {"limit": 15_000, "remaining": 14_950},
            "mapping_file": "mappings/lead_score.yaml",
        },
    )  # fmt: skip
    assert summary(run).splitlines() == [
        "sync lead_score → Lead: done, with rejected rows",
        "",
        "run          20261120-060412-7f3a9c",
        "org          https://acme.my.salesforce.com",
        "started      2026-11-20 06:04:12 UTC, ended after 12 s",
        "scores       3 h old when the run began (the newest: 2026-11-20 03:00 UTC)",
        "gates        pass",
        "  freshness  pass  scores are 3 h old",
        "planned      10,004  (10,004 rows read)",
        "created           0",
        "updated       9,000",
        "cleared           0",
        "unchanged     1,000",
        "rejected          4",
        "conflicts         0",
        "API          bulk: 9,000 rows: about 11 calls instead of 45",
        "API calls    13; 14,950 of 15,000 a day are left",
        "uploaded     1.2 MB",
        "jobs         7503h00000CV7GpAAL",
        "most frequent errors",
        "  4  TEXT_TOO_LONG Model__c: … has 52 characters, 40 fit",
        "     cure: shorten it, or set truncate: true",
        "reject file  rejects.csv",
        "next         mend the rejects, then crm-sink retry 20261120-060412-7f3a9c",
    ]


def test_a_plan_tells_what_it_would_do_and_what_that_costs(make_run: Callable[..., Run]) -> None:
    text = summary(
        make_run(
            state=RunState.READY,
            totals=Totals(to_create=1, to_update=2, to_clear=3, api_calls=5, skipped=7),
            details={"estimated_calls": 11},
        )
    )
    assert [line(text, f"to {action}") for action in ("create", "update", "clear")] == list("123")
    assert line(text, "API calls") == "5 so far, about 11 to write"
    assert line(text, "planned") == "0  (7 left out, 0 rows read)"
    assert line(text, "next") == "crm-sink apply 20261120-060412-7f3a9c"


def test_a_held_plan_names_the_gate_its_figure_and_how_to_release_it(
    make_run: Callable[..., Run],
) -> None:
    text = summary(make_run(state=RunState.HELD, verdict="hold", verdicts=(FRESH, DRIFTED)))
    assert text.splitlines()[0] == "sync lead_score → Lead: held by a gate"
    assert line(text, "  drift") == "hold  score: PSI 0.310"
    assert line(text, "next") == 'crm-sink apply 20261120-060412-7f3a9c --release "your name"'


def test_who_released_a_held_plan_stays_on_record(make_run: Callable[..., Run]) -> None:
    text = summary(make_run(verdict="hold", verdicts=(DRIFTED,), released_by="J. Doe"))
    assert line(text, "gates") == "hold, released by J. Doe"


def test_what_was_not_reached_is_told(make_run: Callable[..., Run]) -> None:
    text = summary(
        make_run(
            state=RunState.INTERRUPTED,
            totals=Totals(to_update=9_000, updated=200, failed=3, rejected=3, conflicts=1),
        )
    )
    assert line(text, "updated") == "200  (of 9,000)"
    assert line(text, "rejected") == "  3  (3 of them by the org)"
    assert line(text, "conflicts") == "  1  (edited by a person, left alone)"


def test_a_failed_run_says_why(make_run: Callable[..., Run]) -> None:
    text = summary(make_run(state=RunState.FAILED, error="the org did not answer"))
    assert line(text, "error") == "the org did not answer"


def test_of_many_jobs_the_first_five_are_listed(make_run: Callable[..., Run]) -> None:
    text = summary(make_run(jobs=tuple(f"750{number}" for number in range(7))))
    assert text.splitlines()[-7:-1] == [
        "jobs         7500",
        *(f"             750{number}" for number in range(1, 5)),
        "             and 2 more",
    ]


def test_an_error_message_cannot_steer_the_terminal(make_run: Callable[..., Run]) -> None:
    text = summary(make_run(details={"top_errors": [ERROR | {"message": "a\nb\x1b[2J"}]}))
    assert "TEXT_TOO_LONG Model__c: a⏎b�[2J" in text


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        ({"state": RunState.PLANNING}, "crm-sink plan mappings/lead_score.yaml"),
        ({"state": RunState.READY}, "nothing to write; crm-sink sync mappings/lead_score.yaml"),
        ({"state": RunState.PAUSED}, "crm-sink resume 20261120-060412-7f3a9c"),
        ({"state": RunState.INTERRUPTED}, "crm-sink resume 20261120-060412-7f3a9c"),
        ({"state": RunState.FAILED}, "crm-sink plan mappings/lead_score.yaml"),
        ({"state": RunState.FAILED, "api": "bulk"}, "crm-sink resume 20261120-060412-7f3a9c"),
        ({}, "crm-sink sync mappings/lead_score.yaml"),
        ({"details": {"mapping_file": "my maps/a.yaml"}}, "crm-sink sync 'my maps/a.yaml'"),
        (
            {"details": {"target": "sf:my org"}},
            "crm-sink sync mappings/lead_score.yaml --target 'sf:my org'",
        ),
    ],
)
def test_every_state_has_a_next_command(
    make_run: Callable[..., Run], facts: dict[str, object], step: str
) -> None:
    assert next_step(make_run(**facts)) == step


@pytest.mark.parametrize("state", list(RunState))
def test_every_state_is_said_in_words(make_run: Callable[..., Run], state: RunState) -> None:
    assert standing(make_run(state=state))


def test_what_was_sent_again_and_where_it_went_slower_is_told(make_run: Callable[..., Run]) -> None:
    details = {
        "sent_again": [
            {"attempt": 2, "rows": 1_200, "ok": 1_150, "failed": 0},
            {"attempt": 3, "rows": 50, "ok": 48, "failed": 2},
        ],
        "parallelism": {
            "calls": {"most": 8, "least": 8, "now": 8, "falls": {}},
            "bulk": {"most": 3, "least": 1, "now": 2, "falls": {"UNABLE_TO_LOCK_ROW": 2}},
        },
    }
    lines = summary(make_run(details=details)).splitlines()
    assert "sent again   1,200 rows in 2 rounds, 1,198 of them accepted" in lines
    assert "at once      bulk chunks: 3 at most, 1 at least (UNABLE_TO_LOCK_ROW 2×)" in lines


def test_a_plan_that_was_made_of_another_says_so(make_run: Callable[..., Run]) -> None:
    lines = summary(make_run(details={"made_of": "20261120-0600", "moved": 3})).splitlines()
    assert "made of      plan 20261120-0600, of which 3 records were changed since" in lines
