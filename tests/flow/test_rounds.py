"""A row that was only held up is sent again, alone and later; each change has one outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_sink.api import Result
from crm_sink.crm.memory import Memory
from crm_sink.events import Event, RoundBegan, RowsWaiting
from crm_sink.flow.context import Context, Request
from crm_sink.flow.decide import decide
from crm_sink.flow.deliver import deliver
from crm_sink.ledger.contract import ChunkState, Ledger, Run
from crm_sink.ledger.store import open_ledger
from crm_sink.mapping.load import loads
from crm_sink.schema import FieldSchema, FieldType, ObjectSchema
from crm_sink.tickets import Api
from crm_sink.write.again import shape
from tests.conftest import FakeClock
from tests.flow.conftest import frame, in_memory

EXT = FieldSchema("Ext__c", FieldType.STRING, length=40, external_id=True, id_lookup=True)
SCORE = FieldSchema("Score__c", FieldType.DOUBLE, precision=3)
LEAD = ObjectSchema("Lead", "Lead", "00Q", {"ext__c": EXT, "score__c": SCORE})
MAPPING = "{object: Lead, match: {external_id: Ext__c, column: id}, fields: {Score__c: score}}"
LOCKED = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
COLLATERAL = ("ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back")
TOO_MANY = ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: Too many SOQL queries: 101")
BATCH = (
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "Too many retries of batch save in the presence of Apex triggers with failures",
)
UNPROCESSED = ("UNPROCESSED", "InternalServerError : Unable to process")
BROKEN_RULE = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Score is frozen")


class Died(BaseException):
    """The process is gone; nothing catches it."""


class Dying:
    """A ledger in which a process dies, before or after some write."""

    def __init__(self, ledger: Ledger, step: int) -> None:
        self._ledger = ledger
        self._left = step

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._ledger, name)
        if name not in {"remember", "record", "save_chunks", "update"}:
            return method

        def write(*given: Any, **named: Any) -> None:
            self._step()
            method(*given, **named)
            self._step()

        return write

    def _step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Died


def dying(bench: Bench, step: int) -> Context:
    """Give a context in which the process dies at that step of its journal."""
    return replace(bench.context, ledger=Dying(bench.context.ledger, step))  # type: ignore[arg-type]


@dataclass(repr=False)
class Bench:
    """The product over a CRM of dicts, on a clock that nobody waits for."""

    crm: Memory
    context: Context
    clock: FakeClock
    events: list[Event]

    score: int = 7

    def __repr__(self) -> str:
        return "the bench"

    def plan(self, rows: int, mapping: str = MAPPING) -> Run:
        loaded, _ = loads(mapping, file="bench.yaml", name="bench")
        assert loaded is not None
        scores = f"select 'k-' || i as id, {self.score} as score from range({rows}) r(i)"
        return decide(Request(loaded, frame=frame(scores), api=Api.COLLECTIONS), self.context)

    def sync(self, rows: int, mapping: str = MAPPING) -> Result:
        return Result(deliver(self.plan(rows, mapping), self.context))

    def dies_at(self, step: int) -> bool:
        """Sync a new score, with locks, and die at that step of the journal; False: it was done."""
        self.score += 1
        self.crm.passing |= {"k-1": [LOCKED], "k-2": [COLLATERAL]}
        self.crm.refusals["k-3"] = BROKEN_RULE
        planned = self.plan(6, MAPPING.replace("{object", "{edits: overwrite, object"))
        try:
            deliver(planned, dying(self, step))
        except Died:
            return True
        return False

    def scores(self) -> list[object]:
        return [row.get("Score__c") for row in self.crm.records["Lead"].values()]


@pytest.fixture
def bench(tmp_path: Path, clock: FakeClock) -> Iterator[Bench]:
    leads = {f"00Q{i:012}AAA": {"Ext__c": f"k-{i}"} for i in range(30)}
    crm = Memory({"Lead": LEAD}, {"Lead": {}})
    crm.records["Lead"] |= leads  # type: ignore[arg-type]
    events: list[Event] = []
    with open_ledger(None, tmp_path, clock) as ledger:
        context = in_memory(crm, ledger, clock, listener=events.append, parallel_jobs=1)
        yield Bench(crm, context, clock, events)


@pytest.mark.parametrize("refusal", [LOCKED, COLLATERAL, TOO_MANY, BATCH, UNPROCESSED])
def test_a_row_that_was_held_up_is_sent_again_and_is_no_reject(
    bench: Bench, refusal: tuple[str, str]
) -> None:
    bench.crm.passing["k-3"] = [refusal]
    totals = bench.sync(30).run.totals
    assert (totals.updated, totals.failed, totals.rejected) == (30, 0, 0)
    assert bench.scores() == [7] * 30
    assert bench.crm.sizes == [30, 1]


def test_what_a_person_stopped_is_not_sent_again(bench: Bench) -> None:
    """Somebody aborted the job in Setup."""
    bench.crm.refusals["k-3"] = ("UNPROCESSED", "the job ended as Aborted before it came to this")
    result = bench.sync(30)
    assert bench.crm.sizes == [30]
    [reject] = result.rejects.to_dict("records")
    assert "somebody aborted the job" in reject["hint"]


def test_chunks_become_smaller_until_rows_go_one_by_one(bench: Bench) -> None:
    bench.crm.passing |= {f"k-{i}": [LOCKED] * 4 for i in range(30)}
    assert bench.sync(30).run.totals.updated == 30
    assert bench.crm.sizes == [30, 30, 25, 5, *[5] * 6, *[1] * 30]


def test_locks_are_waited_out_longer_each_time_and_other_rows_are_not(bench: Bench) -> None:
    bench.crm.passing["k-3"] = [LOCKED, LOCKED, COLLATERAL]
    bench.sync(30)
    assert bench.clock.slept == [2.0, 10.0, 1.0]
    rounds = [event for event in bench.events if isinstance(event, RoundBegan)]
    assert [(event.attempt, event.rows) for event in rounds] == [(2, 1), (3, 1), (4, 1)]
    waiting = next(event for event in bench.events if isinstance(event, RowsWaiting))
    assert (waiting.rows, waiting.code, waiting.attempt) == (1, "UNABLE_TO_LOCK_ROW", 1)


def test_a_row_that_is_locked_for_ever_is_a_reject_with_its_attempts(bench: Bench) -> None:
    bench.crm.refusals["k-3"] = LOCKED
    result = bench.sync(30)
    assert (result.run.totals.updated, result.run.totals.rejected) == (29, 1)
    [reject] = result.rejects.to_dict("records")
    assert (reject["key"], reject["code"], reject["attempts"]) == ("k-3", LOCKED[0], 6)
    assert bench.crm.sizes == [30, 1, 1, 1, 1, 1]


def test_the_culprit_is_a_reject_and_what_it_took_along_is_written(bench: Bench) -> None:
    bench.crm.refusals["k-0"] = BROKEN_RULE
    bench.crm.passing |= {f"k-{i}": [BATCH] for i in range(1, 20)}
    result = bench.sync(20)
    [reject] = result.rejects.to_dict("records")
    assert (reject["key"], reject["code"], reject["attempts"]) == ("k-0", BROKEN_RULE[0], 1)
    assert result.run.totals.updated == 19


def test_one_code_can_mean_two_things_by_its_message(bench: Bench) -> None:
    """An Apex trigger's own refusal, and its 101st query."""
    bench.crm.refusals["k-0"] = (TOO_MANY[0], "T: this account is frozen")
    bench.crm.passing["k-1"] = [TOO_MANY]
    result = bench.sync(30)
    assert list(result.rejects["key"]) == ["k-0"]
    assert "show its message to the org's developers" in result.rejects["hint"][0]


def test_each_change_has_one_outcome_with_the_number_of_its_chunk(bench: Bench) -> None:
    bench.crm.passing |= {"k-1": [LOCKED], "k-2": [LOCKED, COLLATERAL]}
    bench.crm.refusals["k-3"] = BROKEN_RULE
    run = bench.sync(30).run
    outcomes = duckdb.sql(f"from read_parquet('{run.folder}/outcomes/*.parquet')")
    changes = duckdb.sql(f"from read_parquet('{run.folder}/changes/**/*.parquet')")
    assert len(changes) == len(outcomes) == 30
    joined = duckdb.sql("select count(*) from outcomes join changes using (chunk, key)")
    assert joined.fetchall() == [(30,)]


def test_the_next_run_knows_what_a_later_attempt_wrote(bench: Bench) -> None:
    """A person's edit of a row that was locked at first is a conflict as any other."""
    bench.crm.passing["k-3"] = [LOCKED]
    bench.sync(30)
    bench.crm.records["Lead"]["00Q000000000003AAA"]["Score__c"] = 99
    totals = bench.sync(30).run.totals
    assert (totals.conflicts, totals.unchanged, totals.updated) == (1, 29, 0)


def test_a_record_that_is_made_at_the_second_attempt_is_made_once(bench: Bench) -> None:
    creating = MAPPING.replace("column: id", "column: id, missing: create")
    bench.crm.passing["k-31"] = [LOCKED]
    totals = bench.sync(32, mapping=creating).run.totals
    assert (totals.created, totals.updated, totals.rejected) == (2, 30, 0)
    assert len(bench.crm.records["Lead"]) == 32


def test_show_can_say_what_was_sent_again(bench: Bench) -> None:
    bench.crm.passing |= {"k-1": [LOCKED, LOCKED], "k-2": [LOCKED]}
    run = bench.sync(30).run
    assert run.details["sent_again"] == [
        {"attempt": 2, "rows": 2, "ok": 1, "failed": 0},
        {"attempt": 3, "rows": 1, "ok": 1, "failed": 0},
    ]
    assert run.details["parallelism"]["collections"]["falls"] == {"UNABLE_TO_LOCK_ROW": 2}


@pytest.mark.parametrize(
    ("rows", "attempt", "largest", "expected"),
    [
        (1, 2, 10_000, (Api.COLLECTIONS, 100)),
        (2_000, 4, 10_000, (Api.COLLECTIONS, 10)),  # one by one would be 400 calls of 5
        (150, 5, 10_000, (Api.COLLECTIONS, 1)),
        (2_001, 2, 500_000, (Api.BULK, 125_000)),
        (2_001, 4, 500_000, (Api.BULK, 10_000)),
        (2_001, 2, 4_000, (Api.BULK, 4_000)),  # no more than surely fit in a job
    ],
)
def test_few_rows_go_by_calls_and_many_by_jobs(
    rows: int, attempt: int, largest: int, expected: tuple[Api, int]
) -> None:
    assert shape(rows, attempt, largest) == expected


def test_wherever_it_dies_a_resumed_run_sends_each_row_to_its_end(bench: Bench) -> None:
    """Two rows are locked at first, one is refused for good. Dies before and after each step."""
    step = 0
    while bench.dies_at(step):
        run = bench.context.ledger.find()
        totals = (run if run.state == "done" else deliver(run, bench.context)).totals
        assert (totals.updated, totals.rejected, totals.failed) == (5, 1, 1)
        assert bench.scores().count(bench.score) == 5
        step += 1
    assert step == 2 * (1 + 2 * 3 + 1 + 1)  # begun; two chunks of three steps; a round; done


def test_a_row_that_waits_when_its_process_dies_overwrites_nobody(bench: Bench) -> None:
    """Somebody edits the record that was locked before the run is resumed."""
    bench.crm.passing["k-1"] = [LOCKED]
    planned, ledger = bench.plan(3), bench.context.ledger
    with pytest.raises(Died):
        deliver(planned, dying(bench, 8))
    assert [chunk.state for chunk in ledger.chunks(planned.run)] == [ChunkState.WAITING]
    bench.crm.records["Lead"]["00Q000000000001AAA"]["Score__c"] = 99
    totals = deliver(ledger.find(planned.run), bench.context).totals
    assert bench.scores()[:3] == [7, 99, 7]
    assert (totals.updated, totals.conflicts, totals.planned) == (2, 1, 3)


def test_a_resume_that_dies_while_it_leaves_an_edit_alone_tells_of_it_once(bench: Bench) -> None:
    """One of three records is edited before the resume, which dies at each of its steps."""
    ledger, edited = bench.context.ledger, bench.crm.records["Lead"]["00Q000000000001AAA"]
    step, died = 0, True
    while died:
        bench.score += 1
        planned = bench.plan(3)
        with pytest.raises(Died):
            deliver(planned, dying(bench, 2))
        edited["Score__c"] = 1000 + step
        try:
            run = deliver(ledger.find(planned.run), dying(bench, step))
            died = False
        except Died:
            found = ledger.find(planned.run)
            run = found if found.state == "done" else deliver(found, bench.context)
        totals = run.totals
        assert (totals.updated, totals.conflicts, totals.planned) == (2, 1, 3), f"step {step}"
        assert (run.details["moved"], run.details["conflict_fields"]) == (1, 1), f"step {step}"
        assert len(Result(run).changes) == 2, f"step {step}"
        step += 1
    assert step > 2 * 5  # begun, counted, chunks replaced, chunk sent and collected, done


@given(
    fates=st.lists(
        st.lists(st.sampled_from([LOCKED, COLLATERAL, UNPROCESSED, BROKEN_RULE]), max_size=7),
        min_size=1,
        max_size=8,
    )
)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_the_org_answers_every_row_is_accounted_for(
    bench: Bench, fates: list[list[tuple[str, str]]]
) -> None:
    bench.score += 1
    bench.crm.passing = {f"k-{i}": list(fate) for i, fate in enumerate(fates)}
    totals = bench.sync(len(fates)).run.totals
    ends = [_ends(fate) for fate in fates]
    assert totals.updated == ends.count(True)
    assert totals.rejected == totals.failed == ends.count(False)
    assert totals.planned == totals.updated + totals.rejected


def _ends(fate: list[tuple[str, str]]) -> bool:
    """Tell whether a row with these refusals is written: not after a real one, nor after six."""
    return BROKEN_RULE not in fate and len(fate) < 6
