"""The run folder: places closed to other users, and one reject file made of many parts."""

from __future__ import annotations

import csv
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink import tables
from crm_sink.engine import Engine, Relation, literal, name, open_engine
from crm_sink.errors import LedgerError
from crm_sink.ledger.folder import RunFolder, write_rejects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(home: Path) -> RunFolder:
    return RunFolder(home, "20261120-060000-aaaaaa").create()


@pytest.fixture
def engine(folder: RunFolder) -> Iterator[Engine]:
    with open_engine(folder.root) as opened:
        yield opened


def reject(engine: Engine, folder: RunFolder, part: str, *rows: dict[str, Any]) -> None:
    """Write a part; columns that a row does not name are null."""
    plain = {"stage": part.partition("-")[0], "code": "X", "message": "m", "attempts": 0}
    selects = []
    for row in rows:
        values = plain | row
        cells = []
        for column, kind in tables.REJECTS.items():
            value = values.get(column)
            cell = "null" if value is None else literal(str(value))
            cells.append(f"cast({cell} as {kind}) as {name(column)}")
        selects.append(f"select {', '.join(cells)}")
    engine.save(" union all ".join(selects), folder.rejects_parts / f"{part}.parquet")


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_every_folder_is_for_its_owner_alone(home: Path) -> None:
    """Predictions about people are personal data; a generous umask must not open them."""
    before = os.umask(0)
    try:
        root = RunFolder(home, "r").create().root
    finally:
        os.umask(before)
    made = [home, home / "runs", root, *(path for path in root.iterdir() if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o700}


def test_a_folder_is_made_again_without_harm(folder: RunFolder) -> None:
    (folder.changes / "kept.txt").write_text("x")
    folder.create()
    assert (folder.changes / "kept.txt").exists()


def test_a_home_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")
    with pytest.raises(LedgerError, match="cannot be made"):
        RunFolder(tmp_path / "home", "r").create()


def test_the_places_of_a_chunk(folder: RunFolder) -> None:
    assert folder.chunk(3) == folder.root / "changes" / "chunk=3"
    assert folder.outcome(3) == folder.root / "outcomes" / "chunk-00003.parquet"


def test_working_files_go_and_what_undo_needs_stays(folder: RunFolder) -> None:
    kept = [folder.chunk(0) / "data.parquet", folder.outcome(0), folder.rejects_csv]
    gone = [folder.desired, folder.present, folder.parts / "part.csv", folder.source / "x.parquet"]
    for file in (*kept, *gone):
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    folder.discard_working_files()
    assert [file for file in (*kept, *gone) if file.exists()] == kept


def test_rejects_of_all_stages_become_one_file_ordered_by_row_and_field(
    engine: Engine, folder: RunFolder
) -> None:
    reject(engine, folder, "match", {"row": 10, "key": "p-10"}, {"row": 1, "key": "p-1"})
    reject(
        engine,
        folder,
        "transform",
        {"row": 9, "key": "p-9", "field": "B__c"},
        {"row": 9, "key": "p-9", "field": "A__c"},
    )
    reject(engine, folder, "write-00000", {"row": 2, "key": "p-2", "code": "UNABLE_TO_LOCK_ROW"})
    write_rejects(folder, engine)
    found = [(row["row"], row["field"], row["stage"]) for row in read_csv(folder.rejects_csv)]
    assert found == [
        ("1", "", "match"),
        ("2", "", "write"),
        ("9", "A__c", "transform"),
        ("9", "B__c", "transform"),
        ("10", "", "match"),
    ]


def test_a_row_with_two_bad_fields_counts_once_and_a_leaver_by_its_key(
    engine: Engine, folder: RunFolder
) -> None:
    reject(
        engine,
        folder,
        "transform",
        {"row": 1, "key": "a", "field": "A__c"},
        {"row": 1, "key": "a", "field": "B__c"},
        {"row": 2, "key": "a"},
        {"row": None, "key": "leaver-1"},
        {"row": None, "key": "leaver-2"},
        {"row": None, "key": "leaver-2", "field": "A__c"},
    )
    assert write_rejects(folder, engine) == 4


def test_values_that_are_hard_for_csv_survive(engine: Engine, folder: RunFolder) -> None:
    value = 'says "no", twice;\nthen 🙂'
    reject(engine, folder, "transform", {"row": 1, "key": "k,1", "value": value})
    write_rejects(folder, engine)
    assert [(row["key"], row["value"]) for row in read_csv(folder.rejects_csv)] == [("k,1", value)]


def test_parquet_and_csv_hold_the_same(engine: Engine, folder: RunFolder) -> None:
    reject(engine, folder, "match", {"row": 1, "key": "a"}, {"row": 2, "key": "b"})
    write_rejects(folder, engine)
    table = Relation(folder.rejects_parquet, 2).scan()
    assert engine.columns(table) == tables.REJECTS
    assert engine.rows(f"select row, key from {table}") == [(1, "a"), (2, "b")]
    assert list(read_csv(folder.rejects_csv)[0]) == list(tables.REJECTS)


def test_without_rejects_there_is_no_csv(engine: Engine, folder: RunFolder) -> None:
    assert write_rejects(folder, engine) == 0
    assert engine.rows(f"select * from {Relation(folder.rejects_parquet, 0).scan()}") == []
    assert not folder.rejects_csv.exists()


def test_rejects_are_united_again_when_more_have_come(engine: Engine, folder: RunFolder) -> None:
    reject(engine, folder, "match", {"row": 1, "key": "a"})
    write_rejects(folder, engine)
    reject(engine, folder, "write-00000", {"row": 2, "key": "b"})
    assert write_rejects(folder, engine) == 2
    assert len(read_csv(folder.rejects_csv)) == 2


def test_many_rejects_stay_in_order_on_disk(engine: Engine, folder: RunFolder) -> None:
    """More rows than a row group, written by more than one thread."""
    columns = ", ".join(
        f"cast({'i' if column == 'row' else 'null'} as {kind}) as {name(column)}"
        for column, kind in tables.REJECTS.items()
    )
    query = f"select {columns} from range(300_000, 0, -1) as numbers(i)"
    engine.save(query, folder.rejects_parts / "transform.parquet")
    assert write_rejects(folder, engine) == 300_000
    rows = [int(row["row"]) for row in read_csv(folder.rejects_csv)]
    assert rows == list(range(1, 300_001))
