"""The Python API: a table in, a result with its rejects out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import pytest

from crm_sink import apply, load_mapping, plan, sync
from crm_sink.errors import MappingError, PlanHeld

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
