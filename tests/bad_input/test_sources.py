"""Predictions that cannot be read stop the run with their place, and nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Counter

MANY = "select 'k' || (i * 7919) as id, i / 50000.0 as x, md5(i::text) as m from range(50000) r(i)"
FIELDS = "  Score__c: 100 * x\n"


@pytest.fixture
def unwritten(counter: Counter) -> Iterator[Counter]:
    """Give the counter, and make sure that nothing is written to the org."""
    counter.desk.written()
    yield counter
    assert counter.desk.written() == {}
    assert counter.holds("Score__c") == {"a": 1, "b": 1, "c": 1}


def test_no_rows_is_no_success(unwritten: Counter) -> None:
    said = unwritten.sync(FIELDS, "select 'a' as id, 0.5 as x where false")
    assert said.code == 1
    assert "p.parquet  there are no predictions" in said.err
    assert "the scoring job" in said.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "e.csv  the file is empty"),
        ("id,x\n", "e.csv  there are no predictions"),
        ("id,x\na,1\nb,2,3\n", "e.csv:3  the line has 3 values, and the header has 2"),
        ("id,x\na,\xe4\n", "the text is not UTF-8"),
    ],
)
def test_a_csv_file_that_cannot_be_read_is_named(unwritten: Counter, text: str, told: str) -> None:
    (unwritten.desk.folder / "e.csv").write_bytes(text.encode("latin-1"))
    (unwritten.desk.folder / "lead.yaml").write_text(
        "object: Lead\nsource: {csv: e.csv}\nmatch: {external_id: Ext__c, column: id}\n"
        "fields:\n  Score__c: x\n"
    )
    said = unwritten.desk.crm_sink("sync", "lead.yaml")
    assert said.code == 1
    assert told in said.err
    assert "try: " in said.err


def test_a_missing_column_is_told_with_the_nearest(unwritten: Counter) -> None:
    said = unwritten.sync("  Score__c: scor\n", "select 'a' as id, 0.5 as score")
    assert said.code == 2
    assert "lead.yaml:5:13  the source has no column scor. Did you mean score?" in said.err


def test_a_missing_key_column_is_told(unwritten: Counter) -> None:
    said = unwritten.sync(FIELDS, "select 'a' as idd, 0.5 as x")
    assert said.code == 2
    assert "lead.yaml:3:30  the source has no column id. Did you mean idd?" in said.err


def test_a_missing_file_is_told_with_the_nearest(unwritten: Counter) -> None:
    unwritten.desk.predict("select 1 as id", "q.parquet")
    said = unwritten.sync(FIELDS)
    assert said.code == 1
    assert "p.parquet  there is no such file" in said.err
    assert "did you mean q.parquet?" in said.err


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.99])
def test_a_parquet_file_that_was_cut_short_is_told(unwritten: Counter, keep: float) -> None:
    path = unwritten.desk.predict(MANY)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if keep < 1 else int(keep)])
    said = unwritten.sync(FIELDS)
    assert said.code == 1
    assert "p.parquet  this is not a whole Parquet file" in said.err


@pytest.mark.parametrize("verb", ["sync", "plan"])
def test_a_damaged_page_is_told_when_it_is_read(unwritten: Counter, verb: str) -> None:
    """Header and footer are whole, so that the file looks good until its rows are read."""
    path = unwritten.desk.predict(MANY)
    whole = bytearray(path.read_bytes())
    for place in range(4_000, len(whole) - 3_000):
        whole[place] ^= 0xFF
    path.write_bytes(whole)
    unwritten.sync(FIELDS)
    said = unwritten.desk.crm_sink(verb, "lead.yaml")
    assert said.code == 1
    assert "p.parquet  a page of the file is damaged" in said.err
    assert unwritten.desk.crm_sink("show", "--format", "json").data["state"] == "failed"


def test_an_empty_folder_is_no_success(unwritten: Counter) -> None:
    (unwritten.desk.folder / "p.parquet").mkdir()
    said = unwritten.sync(FIELDS)
    assert said.code == 1
    assert "p.parquet  the folder holds no .parquet file" in said.err


def test_a_database_that_is_not_named_is_told(unwritten: Counter) -> None:
    unwritten.desk.write(
        "lead.yaml",
        "object: Lead\nsource: {query: select 1 as id, database: SCORES_URL}\n"
        "match: {external_id: Ext__c, column: id}\nfields: {Score__c: '1'}\n",
    )
    said = unwritten.desk.crm_sink("sync", "lead.yaml")
    assert said.code == 1
    assert "the environment variable SCORES_URL is not set" in said.err
