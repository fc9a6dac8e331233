"""Keys: what is one record to the org is one record to us, whatever it is written like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Counter

CREATING = """\
object: Lead
source: {parquet: p.parquet}
match: {external_id: Ext__c, column: id, missing: create}
fields: {Score__c: x, LastName: "'New'", Company: "'New'"}
"""
AWKWARD = [
    "with space",
    "a/b",
    "o'neil",
    'say "hi"',
    "back\\slash",
    "100%_sure",
    "🦆",
    "x&y=z+1",
    "#?",
]


@pytest.mark.parametrize("api", ["bulk", "collections"])
def test_awkward_keys_find_their_records(counter: Counter, api: str) -> None:
    for key in AWKWARD:
        counter.desk.add_lead(key)
    rows = ", ".join(f"($${key}$$, {place})" for place, key in enumerate(AWKWARD))
    said = counter.sync("  Score__c: x\n", f"from (values {rows}) t(id, x)", "--api", api)
    assert said.code == 0
    found = counter.holds("Score__c")
    assert {key: found[key] for key in AWKWARD} == {key: n for n, key in enumerate(AWKWARD)}


@pytest.mark.parametrize("api", ["bulk", "collections"])
def test_awkward_keys_are_created_once(counter: Counter, api: str) -> None:
    rows = ", ".join(f"($${key}$$, {place})" for place, key in enumerate(AWKWARD))
    counter.desk.predict(f"from (values {rows}) t(id, x)")
    counter.desk.write("lead.yaml", CREATING)
    for _ in range(2):
        assert counter.desk.crm_sink("sync", "lead.yaml", "--api", api).code == 0
    found = counter.holds("Score__c")
    assert found == {"a": 1, "b": 1, "c": 1} | {key: n for n, key in enumerate(AWKWARD)}


def test_twins_are_rejected_all_and_nobody_is_guessed(counter: Counter) -> None:
    """`a` and `A` are one record to Salesforce, and so is a key with spaces around it."""
    rows = "from (values ('a', 2), ('A', 3), (' b', 4), ('b', 5), ('c', 6)) t(id, x)"
    assert counter.sync("  Score__c: x\n", rows).code == 3
    assert [code for _, code in counter.rejects()] == ["TWIN_KEY"] * 4
    assert counter.holds("Score__c") == {"a": 1, "b": 1, "c": 6}


@pytest.mark.parametrize("key", ["null", "''", "'   '"])
def test_a_row_without_a_key_is_rejected(counter: Counter, key: str) -> None:
    rows = f"from (values ({key}, 2), ('a', 3)) t(id, x)"
    assert counter.sync("  Score__c: x\n", rows).code == 3
    assert len(counter.rejects()) == 1
    assert counter.holds("Score__c") == {"a": 3, "b": 1, "c": 1}


def test_a_key_of_ten_megabytes_is_rejected_and_cut_in_the_reject_file(counter: Counter) -> None:
    rows = "from (values (repeat('k', 10000000), 2), ('a', 3)) t(id, x)"
    assert counter.sync("  Score__c: x\n", rows).code == 3
    [(key, code)] = counter.rejects()
    assert (len(key), code) == (255, "TEXT_TOO_LONG")
