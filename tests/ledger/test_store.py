"""The contract of `Ledger`, over SQLite and a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from crm_sink.errors import LedgerError, NoSuchRun
from crm_sink.ledger.contract import ChunkState, RunState, Totals
from crm_sink.ledger.store import open_ledger
from crm_sink.tickets import Api, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crm_sink.clock import Clock
    from crm_sink.ledger.contract import ChunkRecord, Run
    from crm_sink.ledger.store import SqlLedger

    Runs = Callable[..., Run]
    Chunks = Callable[..., ChunkRecord]


def test_a_run_comes_back_as_it_was_stored(ledger: SqlLedger, home: Path, a_run: Runs) -> None:
    folder = home.resolve() / "runs" / "20261120-060000-aaaaaa"
    run = a_run(
        state=RunState.DONE,
        ended=datetime(2026, 11, 20, 6, 1, tzinfo=UTC),
        totals=Totals(source_rows=10, updated=7, uploaded_bytes=5_000_000_000),
        api="bulk",
        api_reason="10,000 rows",
        jobs=("750000000000001AAA", "750000000000002AAA"),
        verdict="warn",
        verdicts=({"gate": "drift", "psi": 0.12},),
        released_by="Ann Ö.",
        org="https://acme.my.salesforce.com",
        error="it's broken",
        folder=folder,
        rejects_file=folder / "rejects.csv",
        details={"profile": {"rows": 10}},
    )
    ledger.begin(run)
    assert ledger.find(run.run) == run


def test_times_come_back_in_utc(ledger: SqlLedger, a_run: Runs) -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    ledger.begin(a_run(started=datetime(2026, 11, 20, 11, 30, tzinfo=kolkata)))
    assert ledger.find().started.isoformat() == "2026-11-20T06:00:00+00:00"


def test_paths_follow_a_home_that_was_moved(home: Path, clock: Clock, a_run: Runs) -> None:
    file = home.resolve() / "runs" / "r" / "rejects.csv"
    with open_ledger(None, home, clock) as ledger:
        ledger.begin(a_run("r", folder=file.parent, rejects_file=file))
    moved = home.rename(home.with_name("moved"))
    with open_ledger(None, moved, clock) as ledger:
        assert ledger.find().rejects_file == moved.resolve() / "runs" / "r" / "rejects.csv"


def test_an_update_replaces_state_and_figures(ledger: SqlLedger, a_run: Runs) -> None:
    ledger.begin(a_run())
    ledger.update(a_run(state=RunState.READY, totals=Totals(planned=5)))
    found = ledger.find()
    assert (found.state, found.totals.planned) == (RunState.READY, 5)


def test_a_run_that_never_began_cannot_be_updated(ledger: SqlLedger, a_run: Runs) -> None:
    with pytest.raises(NoSuchRun):
        ledger.update(a_run())


def test_a_run_begins_only_once(ledger: SqlLedger, a_run: Runs) -> None:
    ledger.begin(a_run())
    with pytest.raises(LedgerError, match="holds it already"):
        ledger.begin(a_run())


def test_chunks_come_back_in_order(ledger: SqlLedger, a_run: Runs, a_chunk: Chunks) -> None:
    ledger.begin(a_run("r"))
    ledger.save_chunks("r", [a_chunk(1), a_chunk(0)])
    assert ledger.chunks("r") == [a_chunk(0), a_chunk(1)]


def test_a_plan_without_changes_has_no_chunks(ledger: SqlLedger, a_run: Runs) -> None:
    ledger.begin(a_run("r"))
    ledger.save_chunks("r", [])
    assert ledger.chunks("r") == []


def test_a_remembered_ticket_is_there_for_the_next_process(
    url: str | None, home: Path, clock: Clock, a_run: Runs, a_chunk: Chunks
) -> None:
    ticket = Ticket(Api.BULK, "750A", True, False, "ab12", 99, {"part": "x.csv"})
    with open_ledger(url, home, clock) as ledger:
        ledger.begin(a_run("r"))
        ledger.save_chunks("r", [a_chunk()])
        ledger.remember("r", 0, ticket, ChunkState.UPLOADED)
    with open_ledger(url, home, clock) as ledger:
        assert ledger.chunks("r") == [a_chunk(ticket=ticket, state=ChunkState.UPLOADED)]


def test_a_collected_chunk_is_finished(ledger: SqlLedger, a_run: Runs, a_chunk: Chunks) -> None:
    ledger.begin(a_run("r"))
    ledger.save_chunks("r", [a_chunk(0), a_chunk(1)])
    ledger.record("r", 0, ok=9, failed=1)
    assert ledger.chunks("r", unfinished=True) == [a_chunk(1)]
    assert ledger.chunks("r")[0] == a_chunk(0, state=ChunkState.COLLECTED, ok=9, failed=1)


def test_a_chunk_that_was_not_planned_cannot_be_remembered(ledger: SqlLedger, a_run: Runs) -> None:
    ledger.begin(a_run("r"))
    with pytest.raises(LedgerError, match="run r has no chunk 3"):
        ledger.remember("r", 3, None, ChunkState.SENDING)


def test_threads_remember_at_once(ledger: SqlLedger, a_run: Runs, a_chunk: Chunks) -> None:
    ledger.begin(a_run("r"))
    ledger.save_chunks("r", [a_chunk(number) for number in range(16)])

    def remember(number: int) -> None:
        ledger.remember("r", number, Ticket(Api.BULK, f"750-{number}"), ChunkState.CREATED)
        ledger.record("r", number, ok=number, failed=0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(remember, range(16)))
    chunks = ledger.chunks("r")
    assert [(chunk.ok, chunk.ticket and chunk.ticket.job) for chunk in chunks] == [
        (number, f"750-{number}") for number in range(16)
    ]


def test_the_latest_run_is_the_one_that_began_last(ledger: SqlLedger, a_run: Runs) -> None:
    """Even when the machine's clock was set back in between."""
    earlier = datetime(2020, 1, 1, tzinfo=UTC)
    ledger.begin(a_run("first"))
    ledger.begin(a_run("second", started=earlier))
    assert ledger.find().run == "second"
    assert [run.run for run in ledger.history()] == ["second", "first"]


def test_a_run_is_found_by_the_beginning_of_its_id(ledger: SqlLedger, a_run: Runs) -> None:
    ledger.begin(a_run("20261120-060000-aaaaaa"))
    ledger.begin(a_run("20261121-060000-bbbbbb"))
    assert ledger.find("20261120").run == "20261120-060000-aaaaaa"


def test_a_whole_id_is_found_although_it_begins_another(ledger: SqlLedger, a_run: Runs) -> None:
    for run in ("r", "r2", "r3", "r4", "r5"):
        ledger.begin(a_run(run))
    assert ledger.find("r").run == "r"


def test_a_beginning_that_fits_several_names_them(ledger: SqlLedger, a_run: Runs) -> None:
    ledger.begin(a_run("20261120-060000-aaaaaa"))
    ledger.begin(a_run("20261120-070000-bbbbbb"))
    with pytest.raises(NoSuchRun, match="fits several") as caught:
        ledger.find("20261120")
    assert caught.value.hint == "20261120-070000-bbbbbb, 20261120-060000-aaaaaa"


def test_an_unknown_run_names_the_nearest(ledger: SqlLedger, a_run: Runs) -> None:
    ledger.begin(a_run("20261120-060000-aaaaaa"))
    with pytest.raises(NoSuchRun) as caught:
        ledger.find("20261120-060000-aaaaab")
    assert caught.value.hint == "20261120-060000-aaaaaa"


@pytest.mark.parametrize("run", ["%", "_", "x' or 1=1 --", ""])
def test_signs_of_sql_in_a_run_id_are_only_text(ledger: SqlLedger, a_run: Runs, run: str) -> None:
    ledger.begin(a_run("r1"))
    ledger.begin(a_run("r2"))
    with pytest.raises(NoSuchRun):
        ledger.find(run)


def test_an_empty_ledger_says_that_there_are_no_runs(ledger: SqlLedger) -> None:
    with pytest.raises(NoSuchRun, match="no runs yet"):
        ledger.find()


def test_history_is_of_one_mapping_and_limited(ledger: SqlLedger, a_run: Runs) -> None:
    for number in range(3):
        ledger.begin(a_run(f"lead-{number}"))
        ledger.begin(a_run(f"churn-{number}", mapping="churn_risk"))
    assert [run.run for run in ledger.history("lead_score", limit=2)] == ["lead-2", "lead-1"]


def test_the_baseline_is_the_profile_of_the_last_finished_run(
    ledger: SqlLedger, a_run: Runs
) -> None:
    done, failed = RunState.DONE, RunState.FAILED
    ledger.begin(a_run("1", state=done, details={"profile": {"rows": 1}}))
    ledger.begin(a_run("2", state=done, details={"profile": {"rows": 2}}))
    ledger.begin(a_run("3", state=done, kind="undo"))
    ledger.begin(a_run("4", state=failed, details={"profile": {"rows": 4}}))
    ledger.begin(a_run("5", state=done, mapping="other", details={"profile": {"rows": 5}}))
    assert ledger.baseline("lead_score") == {"rows": 2}
    assert ledger.baseline("new") is None


def test_written_runs_are_those_that_changed_a_record(
    ledger: SqlLedger, a_run: Runs, a_chunk: Chunks
) -> None:
    """A run that died on its way has written too: its collected chunks tell."""
    ledger.begin(a_run("1", totals=Totals(updated=1)))
    ledger.begin(a_run("2", totals=Totals(unchanged=9)))
    ledger.begin(a_run("3", state=RunState.WRITING))
    ledger.save_chunks("3", [a_chunk(0), a_chunk(1)])
    ledger.record("3", 0, ok=1, failed=9)
    ledger.begin(a_run("4", totals=Totals(cleared=2)))
    assert [run.run for run in ledger.written("lead_score")] == ["1", "3", "4"]


def test_text_of_any_script_survives(ledger: SqlLedger, a_run: Runs) -> None:
    run = replace(a_run(), error="naïve 🙂 \N{MUSICAL SYMBOL G CLEF} 'quoted' \"twice\"")
    ledger.begin(run)
    assert ledger.find().error == run.error
