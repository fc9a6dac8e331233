"""The whole transform: good rows, rejects, skipped rows, twins; set-based."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crm_sink import tables
from crm_sink.errors import MappingError
from crm_sink.schema import FieldSchema, FieldType
from crm_sink.transform.culprit import culprits
from tests.transform.conftest import load

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.engine import Engine
    from tests.transform.conftest import Run

TEXT = """\
object: Lead
match: {external_id: K__c, column: k}
fields:
  Score__c: {value: round(100 * score), type: "Number(3, 0)"}
  Band__c: {value: "band(score, 'Hot', 0.8, 'Cold')", type: "Picklist(Hot, Cold)"}
"""
NEWEST = TEXT.replace("column: k}", "column: k, twins: {newest: at_time}}")


def test_good_rows_have_the_columns_of_table_desired(run: Run, engine: Engine) -> None:
    result = run(TEXT, "(values ('A-1', 0.83), ('a 2/\"x''', 0.1)) t(k, score)")
    assert result.desired == [
        {"row": 1, "key": "A-1", "match_key": "a-1", "Score__c": 83.0, "Band__c": "Hot"},
        {
            "row": 2,
            "key": "a 2/\"x'",
            "match_key": "a 2/\"x'",
            "Score__c": 10.0,
            "Band__c": "Cold",
        },
    ]
    fixed = list(engine.columns(result.transformed.desired.scan()).items())[:3]
    assert dict(fixed) == tables.DESIRED
    assert engine.columns(result.transformed.rejects.scan()) == tables.REJECTS


def test_a_bad_row_has_one_reject_for_each_bad_field_and_is_not_written(run: Run) -> None:
    result = run(TEXT, "(values ('a', 'nan'::double), ('b', 0.5), ('c', null)) t(k, score)")
    assert result.codes() == [(1, "Band__c", "EXPRESSION_FAILED"), (1, "Score__c", "NOT_FINITE")]
    assert [row["key"] for row in result.desired] == ["b", "c"]
    assert result.desired[1]["Score__c"] is None
    reject = result.rejects[1]
    assert (reject["key"], reject["value"], reject["stage"]) == ("a", "nan", "transform")
    assert (reject["id"], reject["attempts"]) == (None, 0)
    assert reject["message"]
    assert reject["hint"]


def test_an_expression_that_fails_is_a_reject_of_its_row_alone(run: Run) -> None:
    text = TEXT.replace("round(100 * score)", "cast(score as integer)")
    text = text.replace("band(score, 'Hot', 0.8, 'Cold')", "null")
    result = run(text, "(values ('a', 'x'), ('b', '7'), ('c', null)) t(k, score)")
    assert result.codes() == [(1, "Score__c", "EXPRESSION_FAILED")]
    assert result.values("Score__c") == [7.0, None]


def test_rows_that_do_not_meet_when_are_skipped_and_counted(run: Run) -> None:
    """Null is not met; a condition that fails is a reject."""
    text = TEXT.replace("fields:", "when: cast(open as boolean)\nfields:")
    rows = "('a', 0.5, 'true'), ('b', 0.5, 'false'), ('c', 0.5, null), ('d', 0.5, 'maybe')"
    result = run(text, f"(values {rows}) t(k, score, open)")
    assert [row["key"] for row in result.desired] == ["a"]
    assert [(each["key"], each["field"], each["code"]) for each in result.rejects] == [
        ("d", None, "CONDITION_FAILED")
    ]
    assert (result.transformed.rows, result.transformed.skipped) == (4, 2)


@pytest.mark.parametrize("key", ["null", "''", "'  '"])
def test_a_row_without_a_key_is_a_reject(run: Run, key: str) -> None:
    result = run(TEXT, f"(values ({key}, 0.5), ('b', 0.5)) t(k, score)")
    assert result.codes() == [(1, "K__c", "KEY_MISSING")]


def test_a_number_key_is_never_rounded_to_that_of_another_record(run: Run) -> None:
    text = TEXT.replace("external_id: K__c", "external_id: N__c")
    key = FieldSchema("N__c", FieldType.DOUBLE, precision=6, external_id=True)
    result = run(text, "(values ('6', 0.1), ('5.5', 0.2), ('7.0', 0.3)) t(k, score)", key=key)
    assert result.codes() == [(2, "N__c", "KEY_ROUNDED")]
    assert [row["key"] for row in result.desired] == ["6", "7"]


def test_rows_with_the_same_key_are_all_rejected(run: Run) -> None:
    """Keys are compared as the org does: without case, trimmed."""
    result = run(TEXT, "(values ('a', 0.1), ('A ', 0.2), ('b', 0.3)) t(k, score)")
    assert result.codes() == [(1, "K__c", "TWIN_KEY"), (2, "K__c", "TWIN_KEY")]
    assert [row["key"] for row in result.desired] == ["b"]


def test_the_newest_of_twins_is_kept_and_the_older_are_skipped(run: Run) -> None:
    rows = "('a', 0.1, 1), ('a', 0.2, 3), ('a', 0.3, 2), ('b', 0.4, null)"
    result = run(NEWEST, f"(values {rows}) t(k, score, at_time)")
    assert [(row["key"], row["Score__c"]) for row in result.desired] == [("a", 20.0), ("b", 40.0)]
    assert (result.transformed.skipped, result.rejects) == (2, [])


@pytest.mark.parametrize("times", ["(2, 2)", "(null, null)"])
def test_of_twins_that_are_equally_new_none_is_kept(run: Run, times: str) -> None:
    first, second = times.strip("()").split(", ")
    rows = f"('a', 0.1, {first}), ('a', 0.2, {second}), ('b', 0.3, 1)"
    result = run(NEWEST, f"(values {rows}) t(k, score, at_time)")
    assert result.codes() == [(1, "K__c", "TWIN_KEY"), (2, "K__c", "TWIN_KEY")]


UNKNOWN = [
    ("double", "1", "'nan'"),
    ("float", "1", "'infinity'"),
    ("timestamptz", "'2026-11-20 06:00:00Z'", "'infinity'"),
    ("varchar", "'2026-11-20T06:00:00Z'", "'zuletzt'"),
    ("varchar", "'9'", "'10'"),
    ("timestamp", "'2026-11-20'", "null"),
]


@pytest.mark.parametrize(("kind", "known", "other"), UNKNOWN)
def test_of_twins_of_which_one_has_no_time_none_is_kept(
    run: Run, kind: str, known: str, other: str
) -> None:
    """NaN and infinity sort above every number and time, and would win."""
    rows = f"('a', 0.1, cast({known} as {kind})), ('a', 0.2, cast({other} as {kind}))"
    result = run(NEWEST, f"(values {rows}) t(k, score, at_time)")
    assert result.codes() == [(1, "K__c", "TWIN_KEY"), (2, "K__c", "TWIN_KEY")]


@pytest.mark.parametrize("column", ["at_time", "AT_TIME"])
def test_times_in_text_are_compared_as_times(run: Run, column: str) -> None:
    rows = "('a', 0.1, '2026-11-20 09:00:00 +0200'), ('a', 0.2, '2026-11-20T08:00:00Z')"
    result = run(NEWEST.replace("at_time", column), f"(values {rows}) t(k, score, at_time)")
    assert [(row["key"], row["Score__c"]) for row in result.desired] == [("a", 20.0)]


def test_a_newest_twin_that_is_bad_does_not_let_the_older_one_through(run: Run) -> None:
    rows = "('a', 0.1, 1), ('a', 'nan'::double, 2)"
    result = run(NEWEST, f"(values {rows}) t(k, score, at_time)")
    assert result.desired == []
    assert {each["row"] for each in result.rejects} == {2}
    assert result.transformed.skipped == 1


def test_rows_add_up_whatever_the_input(run: Run) -> None:
    text = NEWEST.replace("fields:", "when: score is null or score < 0.9\nfields:")
    table = """(select case when i % 11 = 0 then null else 'k' || (i % 700) end as k,
        case when i % 13 = 0 then 'nan'::double else (i % 100) / 100 end as score,
        i % 5 as at_time from range(1500) r(i))"""
    result = run(text, table)
    rejected = {each["row"] for each in result.rejects}
    done = result.transformed
    assert done.rows == done.desired.rows + done.skipped + len(rejected) == 1500
    assert rejected.isdisjoint(row["row"] for row in result.desired)


@pytest.mark.parametrize(("column", "key"), [("7.0::double", "7"), ("007", "7"), ("'007'", "007")])
def test_whole_numbers_that_became_floats_are_keys_without_a_point(
    run: Run, column: str, key: str
) -> None:
    """Pandas makes floats of a whole-number column as soon as one value is missing."""
    result = run(TEXT, f"(values ({column}, 0.5)) t(k, score)")
    assert [row["key"] for row in result.desired] == [key]


def test_records_may_be_matched_on_their_id(run: Run) -> None:
    text = TEXT.replace("external_id: K__c", "field: Id")
    ids = "('00QD000000IqhSLMAZ', 0.5), ('00QD000000Iqhsl', 0.6), ('00Q', 0.7)"
    result = run(text, f"(values {ids}) t(k, score)")
    assert [row["match_key"] for row in result.desired] == ["00QD000000IqhSL", "00QD000000Iqhsl"]
    assert result.codes() == [(3, "Id", "NOT_AN_ID")]


def test_constants_are_the_same_for_every_record(run: Run) -> None:
    text = """\
object: Lead
match: {external_id: K__c, column: k}
fields:
  A__c: {constant: it's, type: Text(10)}
  B__c: {constant: true}
  C__c: {constant: 1.5, type: "Number(3, 1)"}
"""
    (row,) = run(text, "(values ('a')) t(k)").desired
    assert (row["A__c"], row["B__c"], row["C__c"]) == ("it's", True, 1.5)


def test_fields_are_found_without_regard_to_case(run: Run) -> None:
    from crm_sink.schema import FieldSchema, FieldType

    fields = {"SCORE__C": FieldSchema("SCORE__C", FieldType.DOUBLE, precision=3)}
    assert run(TEXT, "(values ('a', 0.5)) t(k, score)", fields=fields).values("SCORE__C") == [50.0]


def test_every_expression_that_does_not_bind_is_a_problem(run: Run) -> None:
    text = TEXT.replace("round(100 * score)", "round(100 * scor)")
    text = text.replace("band(score,", "reasons(k[1:2], 'x', band(score,")
    text = text.replace("'Cold')", "'Cold'))")
    with pytest.raises(MappingError) as caught:
        run(text, "(values ('a', 0.5)) t(k, score)")
    words = [str(problem) for problem in caught.value.problems]
    assert words[0] == "m.yaml:4:14  the source has no column scor. Did you mean score?"
    assert words[1].startswith(
        "m.yaml:5:13  the expression does not fit the columns: Macro reasons"
    )
    assert "crm-sink validate" in str(caught.value)


def test_a_mapping_of_300_fields_works(run: Run) -> None:
    fields = "".join(f"  F{i}__c: {{value: v + {i}, type: 'Number(4, 0)'}}\n" for i in range(300))
    text = f"object: A\nmatch: {{external_id: K__c, column: k}}\nfields:\n{fields}"
    result = run(text, "(select 'k' || i as k, i as v from range(3) r(i))")
    assert result.values("F299__c") == [299.0, 300.0, 301.0]
    bad = run(text, "(values ('a', 9900), ('b', 1)) t(k, v)")
    assert len(bad.rejects) == 200


def test_nothing_is_left_behind(run: Run, engine: Engine, tmp_path: Path) -> None:
    run(TEXT, "(values ('a', 0.1), ('a', 0.2)) t(k, score)")
    assert sorted(path.name for path in tmp_path.glob("*.parquet")) == [
        "desired.parquet",
        "desired.rejects.parquet",
    ]
    assert engine.rows("select table_name from duckdb_tables()") == []


def test_an_expression_is_not_blamed_for_rows_that_are_left_out(run: Run, engine: Engine) -> None:
    text = (
        TEXT.replace("round(100 * score)", "hour(at_ at time zone zone)") + "when: zone = 'UTC'\n"
    )
    rows = "(select *, 1 as score, timestamp '2026-11-20 05:00' as at_"
    rows += " from (values ('a', 'UTC'), ('b', 'Mars')) t(k, zone))"
    assert run(text, rows).values("Score__c") == [5.0]
    assert culprits(load(text), table=rows, engine=engine) == []


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("k[1:] > date '2026-11-20'", "does not fit the columns"),
        ("list_value(k)", "gives a list of texts"),
    ],
)
def test_a_condition_that_is_none_is_a_problem_at_its_place(
    run: Run, when: str, words: str
) -> None:
    with pytest.raises(MappingError) as caught:
        run(TEXT + f"when: {when}\n", "(values ('a', 0.5)) t(k, score)")
    (problem,) = caught.value.problems
    assert (problem.line, words in problem.message) == (TEXT.count("\n") + 1, True)


def test_an_expression_that_ends_the_query_is_named(run: Run) -> None:
    """A zone that does not exist is no error of a row to DuckDB: `try` does not help."""
    text = TEXT.replace("round(100 * score)", "hour(now_ at time zone zone)")
    with pytest.raises(MappingError) as caught:
        run(text, "(values ('a', 1.0, timestamp '2026-11-20', 'Mars')) t(k, score, now_, zone)")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (4, 14)
    assert "Unknown TimeZone" in problem.message


def test_a_row_that_no_bulk_job_takes_is_a_reject_of_its_own(run: Run) -> None:
    """Four texts fit their fields, and not into the 400,000 characters of a row."""
    fields = "".join(
        f"  Text{i}__c: {{value: \"repeat('x', n)\", type: LongTextArea(131072)}}\n"
        for i in range(4)
    )
    head = "object: Lead\nmatch: {external_id: K__c, column: k}\nfields:\n"
    result = run(head + fields, "(values ('a', 99980), ('b', 100001), ('c', -1)) t(k, n)")
    assert result.codes() == [(2, None, "ROW_TOO_LONG")]
    assert [row["key"] for row in result.desired] == ["a", "c"]
    assert result.rejects[0]["hint"].startswith("Map fewer long texts")
