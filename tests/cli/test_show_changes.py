"""`crm-sink show --changes N` answers with records, and with nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Desk


def test_changes_stand_alone_without_the_figures(two: Desk) -> None:
    two.crm_sink("sync", "lead.yaml")
    said = two.crm_sink("show", "--changes", "5").out
    assert said.startswith("2 of 2 changes, old → new")
    assert "(empty) → 90" in said
    assert "API calls" not in said


def test_a_run_that_changed_nothing_says_so(two: Desk) -> None:
    two.crm_sink("sync", "lead.yaml")
    two.crm_sink("sync", "lead.yaml")
    assert "has no changes to show" in two.crm_sink("show", "--changes", "5").out


def test_changes_are_rows_for_programs(two: Desk) -> None:
    two.crm_sink("sync", "lead.yaml")
    listed = two.crm_sink("show", "--changes", "1", "--format", "json").data
    assert list(listed[0]) == ["key", "id", "action", "field", "before", "after"]
    assert {row["action"] for row in listed} == {"update"}
    table = two.crm_sink("show", "--changes", "1", "--format", "csv").out.splitlines()
    assert (table[0], len(table)) == ("key,id,action,field,before,after", 1 + len(listed))


def test_changes_can_be_masked(two: Desk) -> None:
    two.crm_sink("sync", "lead.yaml")
    for form in ("text", "json", "csv"):
        said = two.crm_sink("show", "--changes", "2", "--mask", "--format", form).out
        assert "90" not in said
        assert "…" in said


def test_two_lists_at_once_are_refused(two: Desk) -> None:
    two.crm_sink("sync", "lead.yaml")
    assert two.crm_sink("show", "--changes", "2", "--rejects").code == 2


def test_a_table_of_nothing_has_its_header(two: Desk) -> None:
    assert two.crm_sink("runs", "--format", "csv").out.startswith("run,mapping,object,kind,state,")
    said = two.crm_sink("validate", "lead.yaml", "--offline", "--format", "csv")
    assert (said.code, said.out) == (0, "file,line,column,message,hint\n")
