"""The Python API: a table in, a result with its rejects out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import pytest

from crm_sink import apply, load_mapping, plan, retry, sync, undo, verify
from crm_sink.errors import MappingError, NoSuchRun, PlanHeld, SourceError, UsageError
from crm_sink.events import StageEnded

if TYPE_CHECKING:
    from tests.conftest import Desk

ROWS = {"id": ["a", "b", "nobody"], "score": [0.9, 0.1, 0.5]}


def test_a_data_frame_goes_in_and_rejects_come_out_as_one(two: Desk) -> None:
    result = sync(load_mapping("lead.yaml"), pd.DataFrame(ROWS))
    assert not result.ok
    assert isinstance(result.rejects, pd.DataFrame)
    assert result.rejects[["row", "key", "code"]].to_dict("records") == [
        {"row": 3, "key": "nobody", "code": "NOT_FOUND"}
    ]
    assert two.look("SELECT COUNT(Id) n FROM Lead WHERE Score__c != null") == [{"n": 2}]


def test_an_arrow_table_goes_in(two: Desk) -> None:
    table = duckdb.query("from (values ('a', 0.9)) t(id, score)").to_arrow_table()
    result = sync("lead.yaml", table)
    assert result.ok
    assert result.rejects.empty
    assert two.look("SELECT Score__c FROM Lead WHERE Ext__c = 'a'") == [{"Score__c": 90}]


def test_a_plan_is_looked_at_and_then_applied(two: Desk) -> None:
    planned = plan("lead.yaml", pd.DataFrame(ROWS))
    two.written()
    changes = planned.changes.set_index("key")
    assert (changes.loc["a", "Score__c"], changes.loc["b", "Band__c"]) == (90, "Cold")
    assert two.written() == {}
    done = apply(planned)
    assert (done.run.run, done.run.totals.updated) == (planned.run.run, 2)


def test_without_a_table_the_mappings_own_source_is_read(two: Desk) -> None:
    assert sync("lead.yaml").run.totals.updated == 2


def test_predictions_that_are_written_anew_while_they_are_read_are_refused(two: Desk) -> None:
    """The gates read them last: fresh ones would let through the stale ones that were planned."""

    def listen(event: object) -> None:
        if isinstance(event, StageEnded) and event.stage == "match":
            two.predict("select 'a' as id, 0.2 as score")

    with pytest.raises(SourceError, match="changed while they were read"):
        sync("lead.yaml", listener=listen)
    assert two.written() == {}


def test_what_a_notebook_shows_is_one_line(two: Desk) -> None:
    mapping = load_mapping("lead.yaml")
    assert repr(mapping).startswith("<LoadedMapping lead → Lead, ")
    planned = plan(mapping, pd.DataFrame(ROWS))
    run = planned.run.run
    assert repr(planned) == (
        f"<Result {run} sync lead → Lead: planned, not yet applied, with rejected rows; "
        "to_update 2, rejected 1>"
    )
    done = "done, with rejected rows; updated 2, rejected 1"
    assert repr(apply(planned)) == f"<Result {run} sync lead → Lead: {done}>"


def test_a_result_gives_the_names_of_the_command_line(two: Desk) -> None:
    result = sync("lead.yaml")
    assert two.crm_sink("show", "--format", "json").data == result.to_dict()


def test_errors_are_exceptions_with_a_hint(two: Desk) -> None:
    two.write("lead.yaml", "object: Lead\n")
    with pytest.raises(MappingError) as caught:
        load_mapping("lead.yaml")
    assert caught.value.hint == "crm-sink validate lead.yaml"


def test_a_held_plan_is_an_exception_until_it_is_released(two: Desk) -> None:
    gates = "gates:\n  freshness: {column: at, warn_after: 1h, hold_after: 2h}\n"
    two.write("lead.yaml", (two.folder / "lead.yaml").read_text() + gates)
    frame = pd.DataFrame({**ROWS, "at": pd.Timestamp("2020-01-01", tz="UTC")})
    with pytest.raises(PlanHeld):
        sync("lead.yaml", frame)
    assert apply(release="Ada").run.totals.updated == 2


def test_a_run_is_taken_back(two: Desk) -> None:
    """The undo is a plan, which is looked at before it is written."""
    done = sync("lead.yaml")
    planned = undo(done)
    assert (planned.run.kind, planned.run.totals.to_update) == ("undo", 2)
    assert two.look("SELECT COUNT(Id) n FROM Lead WHERE Score__c != null") == [{"n": 2}]
    assert apply(planned).ok
    assert two.look("SELECT COUNT(Id) n FROM Lead WHERE Score__c != null") == [{"n": 0}]


def test_created_records_are_deleted_when_asked_for(two: Desk) -> None:
    mapping = (
        (two.folder / "lead.yaml").read_text().replace("column: id", "column: id, missing: create")
    )
    two.write("lead.yaml", mapping + "  LastName: \"'N'\"\n  Company: \"'C'\"\n")
    done = sync("lead.yaml", pd.DataFrame(ROWS))
    assert apply(undo(done, delete_created=True)).ok
    assert two.look("SELECT COUNT(Id) n FROM Lead") == [{"n": 2}]


def test_rejects_are_tried_again_with_mended_data(two: Desk) -> None:
    """By run and frame; then there is no run with rejects left."""
    done = sync("lead.yaml", pd.DataFrame({"id": ["a", "b"], "score": [0.9, 90.0]}))
    assert done.run.totals.rejected == 1
    mended = apply(retry(done, pd.DataFrame({"id": ["a", "b"], "score": [0.1, 0.2]})))
    assert (mended.run.totals.updated, mended.ok) == (1, True)
    assert two.look("SELECT Score__c FROM Lead ORDER BY Ext__c") == [
        {"Score__c": 90},
        {"Score__c": 20},
    ]
    with pytest.raises(NoSuchRun):
        retry()


def test_an_edited_reject_file_is_given_back(two: Desk) -> None:
    two.predict("from (values ('a', 0.9), ('b', 'nan'::double)) t(id, score)")
    done = sync("lead.yaml")
    edited = done.rejects
    edited["value"] = "33"
    edited.to_csv("edited.csv", index=False)
    assert apply(retry(file="edited.csv", mapping="lead.yaml")).ok
    assert two.look("SELECT Score__c FROM Lead WHERE Ext__c = 'b'") == [{"Score__c": 33}]


def test_what_was_written_is_read_back(two: Desk) -> None:
    with pytest.raises(NoSuchRun):
        verify()
    done = sync("lead.yaml")
    verified = verify(done, sample=None)
    assert (verified.is_equal, verified.checked) == (True, 2)
    [lead] = two.look("SELECT Id FROM Lead WHERE Ext__c = 'a'")
    two.call("PATCH", f"/sobjects/Lead/{lead['Id']}", json={"Score__c": 1})
    sync("lead.yaml")
    plan("lead.yaml")  # nothing to look back at
    verified = verify()
    assert (verified.equal, verified.different) == (1, 1)
    [difference] = verified.differences
    assert (difference.field, difference.written, difference.present) == ("Score__c", "90", "1")


def test_a_plan_cannot_be_taken_back_or_read_back(two: Desk) -> None:
    planned = plan("lead.yaml")
    for verb in (undo, verify):
        with pytest.raises(UsageError, match="wrote nothing"):
            verb(planned)
