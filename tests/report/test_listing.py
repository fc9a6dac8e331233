"""Rejects and conflicts as lines for people."""

from __future__ import annotations

from crm_sink.report.listing import conflict_line

CONFLICT = {"key": "a", "id": "00Q1", "field": "F__c", "present": "99", "desired": "6"}
WHO = {"changed_by": "Ann", "changed_at": "2026-11-20T06:00:00Z"}


def test_a_conflict_tells_what_we_wrote_only_where_that_is_known() -> None:
    end = "it holds 99, not set to 6; changed by Ann at 2026-11-20T06:00:00Z"
    assert conflict_line({**CONFLICT, **WHO, "written": None}) == f"a  00Q1  F__c: {end}"
    assert f"F__c: we wrote 5, {end}" in conflict_line({**CONFLICT, **WHO, "written": "5"})
