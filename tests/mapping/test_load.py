"""Mapping files: all problems at once, each at its place, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_sink.mapping.load import load_mapping, loads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crm_sink.mapping.model import LoadedMapping

    Load = Callable[[str], LoadedMapping]
    Problems = Callable[[str], list[str]]

GOOD = """\
object: Lead
source: {parquet: predictions/lead_scores.parquet}
match: {external_id: Prospect_Id__c, column: prospect_id}
when: score is not null
fields:
  Score__c: {value: round(100 * score), type: "Number(3, 0)"}
  Band__c: band(score, 'Hot', 0.8, 'Cold')
gates:
  freshness: {column: scored_at, hold_after: 48h}
leavers: {flag: Gone__c}
examples:
  - given: {score: 0.83}
    expect: {Score__c: 83}
"""


def test_a_good_mapping_is_loaded_with_its_name_and_digest(tmp_path: Path) -> None:
    path = tmp_path / "lead_score.yaml"
    path.write_text(GOOD)
    loaded, problems = load_mapping(path)
    assert problems == []
    assert loaded is not None
    assert (loaded.name, loaded.file) == ("lead_score", str(path))
    assert len(loaded.digest) == 64


def test_a_field_may_be_written_short(load: Load) -> None:
    fields = load(GOOD).mapping.fields
    assert fields["Band__c"].value == "band(score, 'Hot', 0.8, 'Cold')"
    assert fields["Band__c"].type is None


def test_a_number_or_a_truth_is_an_expression_too(load: Load) -> None:
    text = "object: A\nmatch: {field: Id, column: id}\nfields: {A__c: 007, B__c: {value: true}}\n"
    fields = load(text).mapping.fields
    assert (fields["A__c"].value, fields["B__c"].value) == ("007", "true")


def test_expressions_know_the_place_of_each_column_they_use(load: Load) -> None:
    columns = load(GOOD).expressions["fields", "Score__c", "value"].columns
    assert [(use.name, use.line, use.column) for use in columns] == [("score", 6, 33)]


def test_all_problems_are_told_at_once_each_at_its_place(problems: Problems) -> None:
    text = (
        GOOD.replace("object:", "objekt:")
        .replace("column: prospect_id", "column: prospect_id, missing: creat")
        .replace("Number(3, 0)", "Numbr(3)")
        .replace("100 * score", "100 * random()")
        .replace("48h", "48 hours")
        .replace("flag:", "flga:")
    )
    assert problems(text) == [
        "1:1  the file needs the key object. The destination object, such as Lead.",
        "1:1  there is no key objekt here. Did you mean object?",
        "3:59  missing cannot be creat: it is one of reject or create. "
        "A key without a record: reject the row, or create the record.",
        "6:33  random gives another answer each time. A plan must be repeatable: "
        "let the scoring job write the time into the predictions.",
        "6:44  there is no type Numbr. Did you mean Number?",
        "9:34  hold_after cannot be 48 hours. Older than this, the plan is held: 48h, 90m, 2d.",
        "10:1  leavers needs the key flag. A checkbox: true for leavers, false for the rest.",
        "10:11  there is no key flga here. Did you mean flag?",
    ]


def test_of_a_file_with_problems_the_rest_can_be_checked_further() -> None:
    """`Band__c` and `when` are broken, the freshness gate too; the rest stands."""
    text = (
        GOOD.replace("'Cold')", "'Cold'").replace("is not null", "is nt null").replace("48h", "x")
    )
    loaded, problems = loads(text, file="lead.yaml", name="lead", partial=True)
    assert len(problems) == 3
    assert loaded is not None
    assert list(loaded.mapping.fields) == ["Score__c"]
    assert set(loaded.expressions) == {("fields", "Score__c", "value")}
    assert (loaded.mapping.when, loaded.mapping.gates) == (None, None)


def test_without_an_object_there_is_nothing_to_check_further() -> None:
    text = GOOD.replace("object:", "objekt:")
    loaded, problems = loads(text, file="lead.yaml", name="lead", partial=True)
    assert loaded is None
    assert len(problems) == 2


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("external_id: Prospect_Id__c", "external_id: A__c, field: Id", "3:1  match has both"),
        ("external_id: Prospect_Id__c, ", "", "3:1  match names no field"),
        ("{parquet: predictions/lead_scores.parquet}", "{parquet: a, csv: b}", "2:22  the source"),
        ("{parquet: predictions/lead_scores.parquet}", "{query: select 1}", "2:10  a query needs"),
        ("{parquet: predictions/lead_scores.parquet}", "{database: X}", "2:10  a database needs"),
        ("{parquet: predictions/lead_scores.parquet}", "{}", "2:1  the source is empty"),
        ('type: "Number(3, 0)"', "constant: 1", "6:41  Score__c has both value and constant"),
        ("value: round(100 * score), ", "", "6:3  Score__c has no value"),
        ("Band__c: band(score, 'Hot', 0.8, 'Cold')", "Band__c:", "7:3  Band__c has no value"),
        ("Band__c:", "SCORE__C:", "7:3  SCORE__C is the field Score__c again"),
        ("Band__c:", "Prospect_Id__c:", "7:3  Prospect_Id__c is what records are matched on"),
        ("Gone__c", "Band__c", "10:11  Band__c is also one of the fields"),
        ("expect: {Score__c: 83}", "expect: {Other__c: 83}", "13:14  Other__c is not one of"),
        ("    expect: {Score__c: 83}\n", "", "12:5  an example has exactly one of"),
        ("hold_after: 48h", "", "9:3  this gate never warns or holds"),
        ("Band__c:", "Not a name:", "7:3  Not a name is no field name"),
        ("object: Lead", "object: [Lead]", "1:1  object cannot be a list: it must be text"),
        ("Band__c:", "Id:", "7:3  an Id is Salesforce's own and cannot be written"),
        (
            "Band__c: band(score, 'Hot', 0.8, 'Cold')",
            "Band__c: [score]",
            "7:3  Band__c cannot be a list: it must be an expr",
        ),
        ("expect: {Score__c: 83}", "reject: Other__c", "13:5  Other__c is not one of the fields"),
        ("gates:\n", "gates:\n  volume: {}\n", "9:3  this gate never holds"),
        ("gates:\n", "gates:\n  leavers: {hold: 80%}\n", "9:13  there is no key hold here. Keys"),
        ("type:", "tolerance: .inf, type:", "6:41  tolerance cannot be inf: it must be a finite"),
        ("type:", "tolerance: '1', type:", "6:41  tolerance cannot be 1: it must be a number"),
        ("type:", "truncate: yes, type:", "6:41  truncate cannot be yes: it must be true or"),
        ("column: prospect_id", "column: ' '", "3:38  column cannot be empty. The prediction"),
    ],
)
def test_rules_between_keys(problems: Problems, old: str, new: str, problem: str) -> None:
    assert old in GOOD
    found = problems(GOOD.replace(old, new))
    assert len(found) == 1, found
    assert found[0].startswith(problem)


def test_a_record_cannot_be_created_with_an_id_of_ours(problems: Problems) -> None:
    text = "object: A\nmatch: {field: Id, column: id, missing: create}\nfields: {B__c: x}\n"
    assert problems(text)[0].startswith("2:32  a record cannot be created with an Id")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("when: score is not null", "when:", "4:1  when cannot be empty. A SQL condition"),
        ("hold_after: 48h", "hold_after: 9999999w", "9:34  hold_after cannot be 9999999w"),
        ("hold_after: 48h", "hold_after: ", "9:34  hold_after cannot be empty. Older than this"),
        ("type:", "label: , type:", "6:41  label cannot be empty. The field's label"),
        ("value: round(100 * score)", "value: ", '6:14  value cannot be empty. value: "null"'),
    ],
)
def test_a_key_without_a_value_is_no_key_left_out(
    problems: Problems, old: str, new: str, problem: str
) -> None:
    """An unfinished `when:` must not mean all rows, nor an unfinished gate no gate."""
    assert old in GOOD
    [found] = problems(GOOD.replace(old, new))
    assert found.startswith(problem)


def test_a_mapping_needs_a_field(problems: Problems) -> None:
    text = "object: A\nmatch: {field: Id, column: id}\nfields: {}\n"
    assert problems(text) == [
        "3:1  fields cannot be empty: at least one is needed. The destination fields."
    ]


def test_a_constant_must_be_finite(problems: Problems) -> None:
    text = (
        "object: A\nmatch: {field: Id, column: id}\nfields:\n  B__c: {value: 1}\n"
        "  A__c: {constant: .inf}\n"
    )
    assert problems(text)[0].startswith("5:10  a constant must be a finite number")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\xef\xbb\xbfobject: Lead\n", "byte order mark"),
        ("object: Lead".encode("utf-16"), "byte order mark"),
        (b"object: L\xe9ad\n", "1:10  the byte 0xe9 is not UTF-8"),
        (b"# x\n" * 300_000, "larger than 1 MB"),
        (b"", "the file is empty"),
    ],
)
def test_files_that_are_no_text_are_one_problem(tmp_path: Path, raw: bytes, words: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_bytes(raw)
    loaded, problems = load_mapping(path)
    assert loaded is None
    assert len(problems) == 1
    assert words in str(problems[0])


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    loaded, problems = load_mapping(tmp_path / "none.yaml")
    assert loaded is None
    assert "cannot be read: No such file" in str(problems[0])


def test_a_mapping_of_300_fields_is_loaded(load: Load) -> None:
    fields = "".join(
        f"  F{i}__c: {{value: round(x * {i}), type: 'Number(9, 0)'}}\n" for i in range(300)
    )
    text = f"object: A\nmatch: {{field: Id, column: id}}\nfields:\n{fields}"
    assert len(load(text).expressions) == 300


@settings(max_examples=60, deadline=None)
@given(
    at=st.integers(0, len(GOOD)),
    cut=st.integers(0, 12),
    put=st.text(alphabet="\t\n\0{}[]:,-&*!|>'\"#%@`?() ax1é\u2028😀", max_size=8),
)
def test_no_text_makes_load_raise(at: int, cut: int, put: str) -> None:
    """A mutated mapping is loaded, or it has problems, each inside the text."""
    text = GOOD[:at] + put + GOOD[at + cut :]
    loaded, problems = loads(text, file="m.yaml", name="m")
    assert (loaded is None) == bool(problems)
    lines = text.count("\n") + text.count("\u2028") + 2
    assert all(1 <= each.line <= lines and each.column >= 1 for each in problems)


def test_a_blank_is_part_of_a_columns_name() -> None:
    """A Parquet file keeps it, and so the mapping names it."""
    text = """\
object: Lead
match: {external_id: K__c, column: " key ", twins: {newest: "at "}}
fields: {Score__c: score}
"""
    loaded, problems = loads(text, file="m.yaml", name="m")
    assert loaded is not None, problems
    match = loaded.mapping.match
    assert (match.column, getattr(match.twins, "newest", None)) == (" key ", "at ")
