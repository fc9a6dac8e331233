"""Each row of "What happens when it fails" is backed by tests that make that failure happen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

# The beginning of a row, and the tests: file below tests/, then functions.
PROOF: dict[str, list[str]] = {
    "The process dies while it plans": [
        "crash/test_planning.py "
        "test_killed_while_planning_it_has_written_nothing_and_is_begun_anew",
        "ledger/test_lease.py test_the_lease_of_a_killed_process_is_free_at_once",
    ],
    "It dies while it writes": [
        "crash/test_sqlite.py test_killed_at_every_step_it_loses_and_doubles_nothing",
        "crash/test_postgres.py test_killed_at_every_step_it_loses_and_doubles_nothing",
        "ledger/test_database.py "
        "test_sqlite_syncs_each_commit_so_that_a_ticket_survives_a_power_cut",
        "flow/test_orphans.py test_a_resumed_run_ends_the_job_that_its_crash_left_open",
    ],
    "The answer to a write is lost": [
        "failures/test_calls.py test_a_write_whose_answer_was_lost_is_looked_up_and_not_made_twice",
        "salesforce/test_lost_records.py "
        "test_after_a_lost_answer_only_records_without_the_new_values_are_sent_again",
        "salesforce/test_lost_records.py "
        "test_after_a_lost_answer_a_record_is_created_by_us_only_if_it_says_so",
        "flow/test_undo.py test_a_record_whose_maker_nobody_knows_is_not_deleted",
    ],
    "The network breaks": [
        "failures/test_calls.py test_a_connection_that_breaks_is_made_again",
        "flow/test_faulty_org.py test_under_a_fifth_of_faulty_answers_a_run_ends_complete",
    ],
    "The network stays down": [
        "failures/test_calls.py "
        "test_a_network_that_stays_down_ends_the_run_and_resume_completes_it",
    ],
    "The network is down before": [
        "failures/test_calls.py test_a_network_that_is_down_while_planning_leaves_nothing_to_mend",
    ],
    "The host is unknown": [
        "bad_input/test_orgs.py test_a_host_that_does_not_exist_is_named",
        "bad_input/test_orgs.py test_an_org_that_does_not_answer_is_named",
    ],
    "The session expires": [
        "failures/test_calls.py test_a_session_that_ends_on_the_way_is_renewed",
        "salesforce/test_session_login.py "
        "test_threads_that_meet_an_expired_session_share_one_login",
        "cli/test_login.py test_an_expired_token_is_12",
    ],
    "The login is refused": [
        "cli/test_login.py test_a_wrong_secret_is_12",
        "salesforce/test_session_login.py test_a_refused_login_is_not_asked_for_again",
    ],
    "The day's API calls": [
        "failures/test_calls.py "
        "test_a_quota_that_is_used_up_pauses_the_run_and_resume_completes_it",
        "flow/test_pause.py test_a_run_pauses_and_is_resumed",
    ],
    "The share of them": [
        "flow/test_pause.py test_a_run_pauses_and_is_resumed",
        "flow/test_pause.py test_not_one_call_is_made_beyond_the_budget",
    ],
    "The org is busy": [
        "failures/test_calls.py test_an_org_that_is_busy_is_asked_again_later",
        "failures/test_calls.py test_retry_after_is_obeyed",
        "flow/test_faulty_org.py test_concurrency_backs_off_and_does_not_pause",
    ],
    "It stays busy": [
        "failures/test_calls.py test_an_org_that_stays_busy_ends_the_run_and_resume_completes_it",
    ],
    "It answers 500": [
        "failures/test_calls.py "
        "test_an_org_that_answers_500_again_and_again_is_quoted_and_not_the_network_blamed",
    ],
    "A web page": [
        "failures/test_calls.py test_a_web_page_in_place_of_json_is_asked_for_again",
        "failures/test_calls.py test_a_web_page_that_stays_is_named_and_resume_completes_the_run",
    ],
    "An answer contradicts itself": [
        "salesforce/test_malformed.py "
        "test_a_job_without_an_id_stops_the_run_before_anything_is_uploaded",
        "salesforce/test_malformed.py "
        "test_a_row_of_a_call_that_tells_nothing_certain_stops_the_run",
        "salesforce/test_malformed.py test_counts_that_disagree_with_the_results_are_not_believed",
    ],
    "A job fails half-way": [
        "failures/test_jobs.py test_a_job_that_gave_up_half_way_is_gone_on_with",
        "flow/test_faulty_org.py test_a_job_that_gave_up_half_way_goes_on_with_the_rows_it_left",
    ],
    "A job fails for its header": [
        "failures/test_jobs.py test_a_job_that_failed_at_its_header_stops_the_run_and_is_made_anew",
    ],
    "A job is stuck": [
        "failures/test_jobs.py test_a_job_that_is_stuck_can_be_left_and_is_collected_later",
    ],
    "A job vanishes": [
        "flow/test_unsettled.py test_what_a_run_wrote_unheard_is_nobodys_edit",
        "failures/test_jobs.py test_a_job_that_vanished_is_settled_by_planning_again",
    ],
    "The result of a row is missing": [
        "failures/test_jobs.py test_a_row_whose_result_never_comes_is_a_reject_and_is_retried",
    ],
    "A job counts a row as accepted": [
        "failures/test_jobs.py "
        "test_a_row_that_only_the_count_calls_accepted_is_written_by_the_next_sync",
    ],
    "An upload is answered": [
        "failures/test_jobs.py test_an_upload_that_never_arrived_is_sent_again",
        "salesforce/test_results_refused.py "
        "test_rows_that_the_org_never_had_are_told_apart_by_the_jobs_count",
    ],
    "Results arrive empty": [
        "failures/test_jobs.py "
        "test_results_that_arrive_empty_are_named_and_downloaded_again_by_resume",
        "salesforce/test_results_refused.py "
        "test_results_that_cannot_be_read_are_named_with_their_job_and_no_value",
    ],
    "Rows are locked": [
        "flow/test_faulty_org.py test_rows_that_were_held_up_are_written_once",
        "flow/test_rounds.py test_a_row_that_is_locked_for_ever_is_a_reject_with_its_attempts",
    ],
    "Rows fail for another": [
        "flow/test_faulty_org.py test_rows_that_were_held_up_are_written_once",
        "flow/test_faulty_org.py test_a_culprit_is_a_reject_and_those_it_took_along_are_written",
    ],
    "A validation rule": [
        "failures/test_rows.py "
        "test_a_row_that_a_validation_rule_or_trigger_refuses_is_a_reject_and_is_retried",
    ],
    "A duplicate rule": [
        "failures/test_rows.py "
        "test_a_record_that_a_duplicate_rule_refuses_is_a_reject_and_the_others_are_written",
        "failures/test_rows.py "
        "test_what_a_duplicate_rule_warns_of_is_saved_where_the_mapping_allows_it",
    ],
    "A lead was converted": [
        "match/test_pair.py test_a_converted_leads_reject_names_its_contact_and_account",
    ],
    "A value does not fit": [
        "flow/test_sync.py test_every_row_is_accounted_for",
        "cli/test_sync.py test_rejected_rows_end_it_with_3_and_the_rest_is_written",
        "flow/test_retry.py test_rejects_are_read_again_by_key_and_written_rows_are_left_alone",
    ],
    "The disk is full": [
        "failures/test_disk_and_ledger.py "
        "test_a_disk_that_is_full_ends_the_run_and_resume_completes_it",
    ],
    "The ledger's PostgreSQL restarts or fails over": [
        "failures/test_disk_and_ledger.py "
        "test_a_ledger_whose_database_restarts_while_a_run_writes_is_waited_for",
        "ledger/test_patience.py test_a_database_that_restarts_is_waited_for",
    ],
    "The ledger is locked, or stays away": [
        "ledger/test_patience.py test_a_database_that_stays_away_is_given_up_after_three_minutes",
        "failures/test_disk_and_ledger.py "
        "test_a_ledger_that_is_locked_ends_the_run_and_resume_completes_it",
        "failures/test_disk_and_ledger.py "
        "test_a_ledger_that_goes_away_while_a_run_writes_is_named_with_the_command_to_resume",
    ],
    "The ledger is damaged": [
        "bad_input/test_settings.py test_a_damaged_ledger_is_named",
    ],
    "Two runs": [
        "cli/test_plan_and_apply.py test_a_mapping_that_another_run_works_on_is_11",
        "ledger/test_lease.py test_a_live_holder_is_named",
    ],
    "The clock jumps": [
        "failures/test_order.py test_a_clock_that_jumps_does_no_harm",
        "ledger/test_lease.py test_a_jump_of_the_wall_clock_kills_nobody",
    ],
    "SIGINT or SIGTERM": [
        "failures/test_signals.py test_a_run_that_is_told_to_stop_is_resumed",
        "flow/test_resume.py test_a_stopped_run_is_resumed_and_every_record_is_written_once",
    ],
    "A second signal": [
        "failures/test_signals.py test_a_run_that_is_told_to_stop_is_resumed",
    ],
    "Records changed between": [
        "flow/test_outrun.py test_a_field_that_a_person_changed_since_the_plan_is_left_alone",
        "flow/test_outrun.py test_a_plan_of_which_too_many_records_moved_is_not_applied",
        "flow/test_undo.py "
        "test_a_created_record_that_somebody_worked_on_since_the_undos_plan_is_not_deleted",
    ],
    "Records changed while a stopped run waited": [
        "flow/test_overtaken.py "
        "test_a_value_that_somebody_changed_while_the_run_waited_is_left_alone",
        "flow/test_overtaken.py "
        "test_a_job_that_was_made_or_filled_and_not_closed_overwrites_nobody",
        "flow/test_overtaken.py test_rows_that_wait_to_be_sent_again_overwrite_nobody",
        "flow/test_overtaken.py test_a_run_of_which_too_many_records_moved_is_not_resumed",
    ],
    "Somebody edited": [
        "flow/test_edits_and_leavers.py "
        "test_a_field_that_a_person_changed_since_our_write_is_left_alone",
        "cli/test_mending_verbs.py test_apply_overwrites_conflicts_only_when_told",
    ],
    "An old run is resumed": [
        "failures/test_order.py test_a_run_that_stopped_is_not_resumed_after_a_newer_sync",
    ],
    "The predictions cannot be read": [
        "bad_input/test_sources.py test_a_parquet_file_that_was_cut_short_is_told",
        "bad_input/test_sources.py test_a_missing_file_is_told_with_the_nearest",
    ],
    "The scores are stale": [
        "cli/test_plan_and_apply.py test_a_gate_holds_the_plan_and_nothing_is_written",
        "cli/test_plan_and_apply.py test_a_held_plan_is_let_through_in_a_persons_name",
        "flow/test_edits_and_leavers.py "
        "test_a_batch_of_nearly_all_foreign_keys_is_held_and_empties_no_record",
    ],
    "A mapping or an edited reject file": [
        "bad_input/test_mappings.py test_a_broken_file_is_told_with_its_place",
        "cli/test_mending_verbs.py test_a_hostile_reject_file_is_an_error_with_a_place",
    ],
    "Wrong values": [
        "flow/test_undo.py test_an_undo_gives_the_values_from_before",
        "cli/test_mending_verbs.py test_an_undo_is_a_plan_that_names_the_command_that_writes_it",
    ],
}


def rows() -> list[list[str]]:
    """Give the cells of the table, row by row."""
    section = README.partition("## What happens when it fails\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_every_row_has_its_tests_and_every_proof_its_row() -> None:
    failures = [cells[0] for cells in rows()]
    backed = [[begin for begin in PROOF if failure.startswith(begin)] for failure in failures]
    assert [failure for failure, by in zip(failures, backed, strict=True) if len(by) != 1] == []
    assert sorted(begin for by in backed for begin in by) == sorted(PROOF)


def test_every_row_says_what_happens_and_what_to_run() -> None:
    assert [cells for cells in rows() if len(cells) != 3 or not all(cells)] == []


@pytest.mark.parametrize("test", sorted({test for tests in PROOF.values() for test in tests}))
def test_every_test_that_backs_a_row_exists(test: str) -> None:
    file, _, name = test.partition(" ")
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


def test_every_test_of_a_failure_backs_a_row() -> None:
    """What is broken on purpose in tests/failures is a failure that a reader wants to know of."""
    named = {test for tests in PROOF.values() for test in tests}
    found = {
        f"failures/{path.name} {each.name}"
        for path in (ROOT / "tests" / "failures").glob("test_*.py")
        for each in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")
    }
    assert found - named == set()
