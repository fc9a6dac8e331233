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
