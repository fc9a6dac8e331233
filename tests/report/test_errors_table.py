from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm_sink import tables
from crm_sink.engine import Engine, Relation, open_engine
from crm_sink.ledger.contract import Run, Totals
from crm_sink.report.errors_table import errors_of, top_errors

COLUMNS = ", ".join(f'"{column}"' for column in tables.REJECTS)
TOO_LONG = "'transform', 'Model__c', 'J. Doe', 'TEXT_TOO_LONG', 'J. Doe has 6 characters', 'cut it'"
NOT_FOUND = "'match', null, null, 'NOT_FOUND', 'no Lead has this key', 'create it'"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as engine:
        yield engine


def rejects(*rows: str) -> str:
    """Give the query of table `rejects`; a row is row, key and then one of the texts above."""
    values = ", ".join(
        f"({key}, null, {rest}, 0)" for key, _, rest in (r.partition("|") for r in rows)
    )
    return f"select * from (values {values}) as t({COLUMNS})"


def test_codes_are_counted_and_the_most_frequent_is_first(engine: Engine, tmp_path: Path) -> None:
    query = rejects(f"1, 'a'|{TOO_LONG}", f"2, 'b'|{NOT_FOUND}", f"3, 'c'|{NOT_FOUND}")
    found = top_errors(engine.save(query, tmp_path / "rejects.parquet"), engine)
    assert found == [
        {
            "code": "NOT_FOUND",
            "count": 2,
            "stage": "match",
            "field": None,
            "message": "no Lead has this key",
            "hint": "create it",
        },
        {
            "code": "TEXT_TOO_LONG",
            "count": 1,
            "stage": "transform",
            "field": "Model__c",
            "message": "… has 6 characters",
            "hint": "cut it",
        },
    ]


def test_only_as_many_codes_are_given_as_asked_for(engine: Engine, tmp_path: Path) -> None:
    query = rejects(f"1, 'a'|{TOO_LONG}", f"2, 'b'|{NOT_FOUND}")
    found = top_errors(engine.save(query, tmp_path / "rejects.parquet"), engine, limit=1)
    assert [error["code"] for error in found] == ["NOT_FOUND"]


def test_a_code_names_up_to_three_of_its_fields(engine: Engine, tmp_path: Path) -> None:
    rows = [f"{n}, 'k'|{TOO_LONG.replace('Model__c', f'F{n}__c')}" for n in (4, 3, 2, 1, 1)]
    found = top_errors(engine.save(rejects(*rows), tmp_path / "rejects.parquet"), engine)
    assert found[0]["field"] == "F1__c, F2__c, F3__c"


def test_a_leavers_reject_without_a_row_or_a_cure_is_counted(
    engine: Engine, tmp_path: Path
) -> None:
    gone = "'write', null, null, 'ENTITY_IS_DELETED', 'entity is deleted', null"
    query = rejects(f"cast(null as bigint), 'a'|{gone}")
    found = top_errors(engine.save(query, tmp_path / "rejects.parquet"), engine)
    assert (found[0]["count"], found[0]["hint"]) == (1, None)


def test_a_runs_errors_come_out_of_its_reject_file(
    make_run: Callable[..., Run], save: Callable[[str, str], Relation]
) -> None:
    save(rejects(f"1, 'a'|{TOO_LONG}"), "rejects.parquet")
    assert [error["code"] for error in errors_of(make_run(totals=Totals(rejected=1)))] == [
        "TEXT_TOO_LONG"
    ]


def test_what_the_ledger_keeps_is_given_without_opening_a_file(
    make_run: Callable[..., Run],
) -> None:
    kept = [{"code": "NOT_FOUND", "count": 3}]
    run = make_run(totals=Totals(rejected=3), details={"top_errors": kept})
    assert errors_of(run) == kept


def test_a_run_whose_files_were_deleted_has_no_examples(make_run: Callable[..., Run]) -> None:
    assert errors_of(make_run(totals=Totals(rejected=3))) == []


def test_showing_a_run_leaves_nothing_in_its_folder(
    make_run: Callable[..., Run], save: Callable[[str, str], Relation], tmp_path: Path
) -> None:
    save(rejects(f"1, 'a'|{TOO_LONG}"), "rejects.parquet")
    (tmp_path / "spill").rmdir()
    errors_of(make_run(totals=Totals(rejected=1)))
    assert [path.name for path in tmp_path.iterdir()] == ["rejects.parquet"]
