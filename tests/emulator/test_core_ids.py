"""Record ids: 15 characters and the checksum of 18 (facts 2.4; ids from recordings)."""

from __future__ import annotations

import duckdb
import pytest

from crm_sink.emulator import ids


@pytest.mark.parametrize("long", ["001dM00003kRs59QAC", "00DdM00000vfgTuUAI", "7503h00000CV7GpAAL"])
def test_the_checksum_is_salesforces(long: str) -> None:
    assert ids.with_checksum(long[:15]) == long
    assert ids.normal(long[:15]) == long


def test_an_18_character_id_in_the_wrong_case_is_mended() -> None:
    assert ids.normal("001DM00003KRS59QAC") == "001dM00003kRs59QAC"


@pytest.mark.parametrize("text", ["", "001", "001dM00003kRs5!", "001dM00003kRs59QA", "ä" * 15])
def test_other_texts_are_no_ids(text: str) -> None:
    assert ids.normal(text) is None


def test_sql_and_python_number_records_alike() -> None:
    query = ids.numbered_sql("select i from range(0, 5000000000, 49999999) t(i)", "00Q", "i")
    rows = duckdb.sql(query).fetchall()
    assert rows == [(number, ids.record_id("00Q", number)) for number, _ in rows]
    checked = duckdb.sql(f"select bool_and({ids.is_id_sql('new_id')}) from ({query})").fetchall()
    assert checked == [(True,)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("001DM00003KRS59QAC", "001dM00003kRs59QAC"),
        ("001dm00003krs59qac", "001dM00003kRs59QAC"),
        ("001dM00003kRs59qac", "001dM00003kRs59QAC"),
        ("001dM00003kRs59QAC", "001dM00003kRs59QAC"),
        ("001dM00003kRs59", "001dM00003kRs59QAC"),
        ("001DM00003KRS59ZZZ", "!01DM!00!!Krs!!ZZZ"),
        ("nonsense", "nonsense"),
    ],
)
def test_sql_mends_an_id_that_lost_its_case(text: str, found: str) -> None:
    query = f"select {ids.normal_sql('x', mends=True)} from (select '{text}' as x)"
    assert duckdb.sql(query).fetchall() == [(found,)]
