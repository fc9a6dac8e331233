"""The rejects of a run are tried again, once the data or the org was mended."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from crm_sink.api import Result
from crm_sink.errors import NoSuchRun, UsageError
from crm_sink.flow.retry import RetryRequest, latest_rejected, retry
from tests.flow.conftest import MAPPING, Shop, frame

THREE = "from (values ('a', 0.9), ('gone', 0.5), ('b', 'nan'::double)) t(id, score)"
MENDED = "from (values ('b', 0.3), ('a', 0.1), ('gone', 0.5)) t(id, score)"
SCORES = "SELECT Ext__c, Score__c FROM Lead ORDER BY Ext__c"


def plan_retry(shop: Shop, done: Result, rows: str, mapping: str = MAPPING, **more: Any) -> Result:
    request = RetryRequest(done.run, shop.mapping(mapping), frame=frame(rows), **more)
    return shop._with(lambda context: retry(request, context))


def edited(done: Result, path: Path, *changes: tuple[int, str, str]) -> Path:
    """Copy a run's reject file with cells changed: (record from 0, column, text)."""
    assert done.run.rejects_file is not None
    with done.run.rejects_file.open(newline="") as file:
        records = list(csv.DictReader(file))
    for number, column, text in changes:
        records[number][column] = text
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    return path


@pytest.fixture
def done(shop: Shop) -> Result:
    """Of three predictions a is written, `gone` has no lead, and the score of b is no number."""
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    return shop.sync(MAPPING, THREE)


def test_rejects_are_read_again_by_key_and_written_rows_are_left_alone(
    shop: Shop, done: Result
) -> None:
    """The mended source has other row numbers, and a new score for a, which is no reject."""
    shop.create("Lead", Ext__c="gone")
    result = shop.apply(plan_retry(shop, done, MENDED))
    assert shop.look(SCORES) == [
        {"Ext__c": "a", "Score__c": 90},
        {"Ext__c": "b", "Score__c": 30},
        {"Ext__c": "gone", "Score__c": 50},
    ]
    totals = result.run.totals
    assert (result.run.kind, totals.planned, totals.updated) == ("retry", 2, 2)


def test_what_is_still_wrong_is_a_reject_again(shop: Shop, done: Result) -> None:
    result = plan_retry(shop, done, THREE)
    assert sorted(result.rejects["key"]) == ["b", "gone"]
    assert result.run.totals.planned == result.run.totals.rejected == 2


def test_a_retry_that_is_done_is_itself_retried_and_not_applied_again(
    shop: Shop, done: Result
) -> None:
    """`gone` has no lead still."""
    again = shop.apply(plan_retry(shop, done, MENDED))
    with pytest.raises(UsageError, match="nothing to apply") as caught:
        shop.apply(again)
    assert caught.value.hint == f"crm-sink retry {again.run.run}"


def test_a_key_that_left_the_predictions_is_a_reject(shop: Shop, done: Result) -> None:
    result = plan_retry(shop, done, "from (values ('a', 0.9), ('b', 0.3)) t(id, score)")
    assert list(result.rejects["code"]) == ["NOT_IN_SOURCE"]
    assert (result.run.totals.to_update, result.run.totals.planned) == (1, 2)


def test_a_row_without_a_key_must_be_given_one(shop: Shop, tmp_path: Path) -> None:
    shop.create("Lead", Ext__c="a")
    rows = "select null::text as id, 0.9 as score"
    done = shop.sync(MAPPING, rows)
    again = plan_retry(shop, done, rows)
    assert list(again.rejects["code"]) == ["KEY_MISSING"]
    file = edited(done, tmp_path / "edited.csv", (0, "key", "a"))
    shop.apply(plan_retry(shop, done, rows, file=file))
    assert shop.look(SCORES) == [{"Ext__c": "a", "Score__c": 90}]


def test_rows_that_the_org_refused_are_tried_again(shop: Shop) -> None:
    lead = shop.create("Lead", Ext__c="a")
    planned = shop.plan(MAPPING, "select 'a' as id, 0.9 as score")
    shop.call("DELETE", f"/sobjects/Lead/{lead}")
    done = shop.apply(planned)
    shop.create("Lead", Ext__c="a")
    shop.apply(plan_retry(shop, done, "select 'a' as id, 0.9 as score"))
    assert shop.look(SCORES) == [{"Ext__c": "a", "Score__c": 90}]


def test_records_that_are_not_spoken_of_are_no_leavers_of_a_retry(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    mapping = MAPPING + "leavers: clear\n"
    done = shop.sync(mapping, THREE)
    totals = plan_retry(shop, done, MENDED, mapping).run.totals
    assert (totals.to_clear, totals.to_update) == (0, 1)


def test_gates_do_not_hold_the_rest_of_a_batch(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    shop.create("Lead", Ext__c="b")
    mapping = MAPPING + "gates: {volume: {hold_if_rows_change: 10%}}\n"
    done = shop.sync(mapping, THREE)
    assert str(plan_retry(shop, done, MENDED, mapping).run.state) == "ready"


def test_an_edited_value_is_what_the_field_shall_hold(
    shop: Shop, done: Result, tmp_path: Path
) -> None:
    file = edited(done, tmp_path / "edited.csv", (1, "value", "55"))
    result = plan_retry(shop, done, THREE, file=file)
    assert list(result.changes["Score__c"]) == [55]


def test_an_emptied_value_clears_the_field(shop: Shop, done: Result, tmp_path: Path) -> None:
    lead = shop.look("SELECT Id FROM Lead WHERE Ext__c = 'b'")[0]["Id"]
    shop.change("Lead", lead, Score__c=7)
    file = edited(done, tmp_path / "edited.csv", (1, "value", ""))
    shop.apply(plan_retry(shop, done, THREE, file=file))
    assert shop.look(SCORES)[1] == {"Ext__c": "b", "Score__c": None}


def test_an_edited_key_is_another_records(shop: Shop, done: Result, tmp_path: Path) -> None:
    shop.create("Lead", Ext__c="found")
    file = edited(done, tmp_path / "edited.csv", (0, "key", "found"))
    shop.apply(plan_retry(shop, done, THREE, file=file))
    assert shop.look(SCORES)[2] == {"Ext__c": "found", "Score__c": 50}


def test_the_value_of_the_key_field_is_the_key(shop: Shop, done: Result, tmp_path: Path) -> None:
    shop.create("Lead", Ext__c="found")
    file = edited(done, tmp_path / "edited.csv", (0, "value", "found"))
    assert list(plan_retry(shop, done, THREE, file=file).changes["key"]) == ["found"]


def test_a_line_that_was_deleted_is_not_tried_again(
    shop: Shop, done: Result, tmp_path: Path
) -> None:
    file = edited(done, tmp_path / "edited.csv")
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([lines[0], lines[2]]))
    assert list(plan_retry(shop, done, MENDED, file=file).changes["key"]) == ["b"]


def test_a_spreadsheets_marks_do_no_harm(shop: Shop, done: Result, tmp_path: Path) -> None:
    """A byte order mark, CRLF, and row numbers as 2.0."""
    file = edited(done, tmp_path / "edited.csv", (0, "row", "2.0"), (1, "row", "3.0"))
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert plan_retry(shop, done, MENDED, file=file).run.totals.to_update == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((1, "row", "1"), "row 1 is not a reject"),
        ((1, "row", "99"), "row 99 is not a reject"),
        ((1, "field", "Nope__c"), "Nope__c is not a field of the mapping"),
        ((1, "value", "many"), "'many' is not a value for Score__c"),
        ((0, "key", "a"), "row 1 of the predictions has this key already"),
        ((0, "key", "b"), "row 3 of the predictions has this key already"),
        ((0, "key", ""), "the key was emptied"),
    ],
)
def test_an_edit_that_cannot_be_is_told_with_its_line(
    shop: Shop, done: Result, tmp_path: Path, change: tuple[int, str, str], message: str
) -> None:
    file = edited(done, tmp_path / "edited.csv", change)
    with pytest.raises(UsageError, match=message) as caught:
        plan_retry(shop, done, THREE, file=file)
    assert caught.value.where == f"{file}:{change[0] + 2}"


def test_a_key_is_not_given_to_a_row_that_is_another_now(
    shop: Shop, done: Result, tmp_path: Path
) -> None:
    """Row 2 held `gone` when it was rejected; in the new predictions it holds a."""
    shop.create("Lead", Ext__c="found")
    file = edited(done, tmp_path / "edited.csv", (0, "key", "found"))
    with pytest.raises(UsageError, match="row 2 of the predictions is no longer"):
        plan_retry(shop, done, MENDED, file=file)


def test_the_latest_run_with_rejects_is_retried_and_only_once(shop: Shop, done: Result) -> None:
    found = shop._with(lambda context: latest_rejected(context.ledger))
    assert found.run.run == done.run.run
    shop.create("Lead", Ext__c="gone")
    shop.apply(plan_retry(shop, done, MENDED))
    with pytest.raises(NoSuchRun, match="no run has rejects left"):
        shop._with(lambda context: latest_rejected(context.ledger))


def test_a_plan_is_applied_before_it_is_retried(shop: Shop) -> None:
    planned = shop.plan(MAPPING, THREE)
    with pytest.raises(UsageError, match="not applied yet"):
        plan_retry(shop, planned, THREE)


def test_a_run_without_rejects_has_nothing_to_retry(shop: Shop) -> None:
    shop.create("Lead", Ext__c="a")
    done = shop.sync(MAPPING, "select 'a' as id, 0.9 as score")
    with pytest.raises(UsageError, match="no rejects"):
        plan_retry(shop, done, THREE)


def test_a_leaver_that_the_org_refused_is_cleared_by_the_retry(shop: Shop) -> None:
    """Its lead was in the Recycle Bin when the plan was applied, and was then restored."""
    shop.create("Lead", Ext__c="a")
    lead = shop.create("Lead", Ext__c="b")
    mapping = MAPPING + "leavers: clear\n"
    both = "from (values ('a', 0.9), ('b', 0.9)) t(id, score)"
    shop.sync(mapping, both)
    planned = shop.plan(mapping, "select 'a' as id, 0.9 as score")
    shop.call("DELETE", f"/sobjects/Lead/{lead}")
    done = shop.apply(planned)
    assert list(done.rejects["row"].isna()) == [True]
    with shop.org.org.store.writing() as cursor:
        cursor.execute("update Lead set IsDeleted = false")
    again = plan_retry(shop, done, "select 'a' as id, 0.9 as score", mapping)
    assert (again.run.totals.to_clear, again.run.totals.planned) == (1, 1)
    shop.apply(again)
    assert shop.look(SCORES)[1] == {"Ext__c": "b", "Score__c": None}


def test_a_leaver_that_is_scored_again_is_not_cleared_by_a_retry(shop: Shop) -> None:
    both = "from (values ('a', 0.9), ('b', 0.8)) t(id, score)"
    mapping = MAPPING + "leavers: clear\n"
    shop.create("Lead", Ext__c="a")
    lead = shop.create("Lead", Ext__c="b")
    shop.sync(mapping, both)
    shop.fail({"kind": "row-error", "preset": "validation", "ids": [lead]})
    refused = shop.sync(mapping, "select 'a' as id, 0.9 as score")
    again = shop.apply(plan_retry(shop, refused, both, mapping))
    assert again.run.totals.planned == 0
    assert shop.look(SCORES) == [{"Ext__c": "a", "Score__c": 90}, {"Ext__c": "b", "Score__c": 80}]
