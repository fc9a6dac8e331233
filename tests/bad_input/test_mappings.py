"""Mapping files that are broken, hostile, or huge."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Counter

MANY = 300
KINDS = (
    ("Number(6, 0)", "x + %d"),
    ("Text(40)", "'t%d'"),
    ("DateTime", "timestamptz '2026-11-20 06:00:00Z' + to_days(%d)"),
)
BOMB = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BOMB, "lead.yaml:1:10  more than 50,000 parts"),
        ("[" * 5_000, "nested more than 16 deep"),
        ("object: " + "x" * 2_000_000, "the file is larger than 1 MB"),
        ("", "the file is empty"),
        ("hello", "a mapping file is a set of keys"),
        ("object: Lead\nobject: Lead\n", "lead.yaml:2:1  the key object stands here twice"),
        ("object:\tLead\n\tmatch: x", "a tab may not indent YAML"),
        ("object: !!python/object/apply:os.system ['true']", "YAML tags (!...) are not used"),
    ],
    ids=["bomb", "nested", "huge", "empty", "scalar", "twin key", "tab", "tag"],
)
def test_a_broken_file_is_told_with_its_place(counter: Counter, text: str, told: str) -> None:
    counter.desk.write("lead.yaml", text)
    said = counter.desk.crm_sink("sync", "lead.yaml")
    assert said.code == 2
    assert told in said.err
    assert "lead.yaml:" in said.err
    assert "try: crm-sink validate lead.yaml" in said.err


@pytest.mark.parametrize("content", [b"\xff\xfeo\x00", b"object: L\xe4d", b"object: \x00"])
def test_a_file_that_is_no_text_is_told(counter: Counter, content: bytes) -> None:
    (counter.desk.folder / "lead.yaml").write_bytes(content)
    said = counter.desk.crm_sink("validate", "lead.yaml", "--offline")
    assert said.code == 2
    assert "lead.yaml:1:" in said.out


@pytest.mark.parametrize("verb", ["sync", "plan", "validate"])
def test_a_folder_is_no_mapping_file(counter: Counter, verb: str) -> None:
    counter.desk.write("some/lead.yaml", "")
    said = counter.desk.crm_sink(verb, "some")
    assert said.code == 2
    assert "some is a folder, not a mapping file" in said.err
    assert "try: crm-sink validate some/lead.yaml" in said.err


@pytest.mark.parametrize(
    ("there", "named", "hint"),
    [
        ("lead.yaml", "leed.yaml", "lead.yaml"),
        ("mappings/lead_score.yaml", "lead_scores", "lead_score"),
        ("mappings/lead_score.yaml", "quite_another", "mappings/lead_score.yaml"),
        ("unlike.txt", "lead", "crm-sink init --help"),
    ],
)
def test_a_file_that_is_not_there_is_told_with_the_nearest(
    counter: Counter, there: str, named: str, hint: str
) -> None:
    counter.desk.write(there, "")
    said = counter.desk.crm_sink("sync", named)
    assert said.code == 2
    assert f"there is no mapping file {named}\n  try: {hint}\n" in said.err


@pytest.mark.parametrize(
    "expression",
    [
        "(select 1)",
        "read_text('/etc/passwd')",
        "getenv('HOME')",
        "1; drop table x",
        "sum(x)",
        "current_setting('memory_limit')",
    ],
)
def test_an_expression_that_is_no_scalar_of_the_row_is_refused(
    counter: Counter, expression: str
) -> None:
    said = counter.sync(f"  Score__c: {expression!r}\n", "select 'a' as id, 1 as x")
    assert said.code == 2
    assert "lead.yaml:5:" in said.err
    assert counter.holds("Score__c")["a"] == 1


def test_a_mapping_of_300_fields_works(counter: Counter) -> None:
    """Each field holds its own value, a row is rejected, and the next plan knows the past."""
    kinds = [KINDS[n % len(KINDS)] for n in range(MANY)]
    counter.desk.add_fields("Lead", **{f"F{n}__c": kind for n, (kind, _) in enumerate(kinds)})
    fields = "".join(f'  F{n}__c: "{sql}"\n' % n for n, (_, sql) in enumerate(kinds))
    assert counter.sync(fields, "from (values ('a', 7), ('b', 1e7)) t(id, x)").code == 3
    assert {key for key, _ in counter.rejects()} == {"b"}
    names = [f"F{n}__c" for n in range(MANY)]
    [lead] = counter.desk.look(f"SELECT {', '.join(names)} FROM Lead WHERE Ext__c = 'a'")
    day = date(2026, 11, 20)
    assert [lead[name] for name in names] == [
        (7 + n, f"t{n}", f"{day + timedelta(n)}T06:00:00.000+0000")[n % 3] for n in range(MANY)
    ]
    counter.desk.predict("select 'a' as id, 8 as x")
    planned = counter.desk.crm_sink("plan", "lead.yaml", "--format", "json").data
    assert (planned["to_update"], planned["conflicts"]) == (1, 0)
