"""Files that people write, mutated 10,000 times each: understood, or refused with a place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crm_sink.engine import open_engine
from crm_sink.errors import UsageError
from crm_sink.flow.edits import read_edits
from crm_sink.mapping.load import load_mapping
from crm_sink.mapping.sql.expression import open_judge
from crm_sink.schema import FieldSchema, FieldType
from crm_sink.source.reject_file import save_reject_file

from .mutations import mutations

if TYPE_CHECKING:
    from pathlib import Path

MAPPINGS = (
    """\
object: Lead
source: {csv: p.csv}
match: {external_id: Ext__c, column: id}
fields:
  Score__c: round(100 * score)
edits: protect
gates: {freshness: {column: at, warn_after: 26h}}
""",
    """\
object: Contact
source: {parquet: p/}
match: {field: Id, column: id, missing: reject}
when: "score > 0"
fields:
  A__c: {value: 'x', type: "Text(9)", nulls: keep}
leavers: {flag: Old__c}
examples:
  - given: {id: a, x: y}
    expect: {A__c: y}
""",
)
REJECT_FILE = b"""\
row,key,id,stage,field,value,code,message,hint,attempts
1,p-1,00Q000000000001AAA,transform,Score__c,many,NOT_A_NUMBER,"many, or none","say ""7"" now",1
2,p-2,,match,Ext__c,p-2,NOT_FOUND,no record,make one,1
3,,,transform,Ext__c,,NO_KEY,no key,give one,1
,p-4,,plan,,,LEAVER,,,1
"""
REJECTS = """(from (values
    (1, 'p-1', 'Score__c', 'many'), (2, 'p-2', 'Ext__c', 'p-2'), (3, null, 'Ext__c', null),
    (null, 'p-4', null, null)) v(row, key, field, value))"""
KEY = FieldSchema("Ext__c", FieldType.STRING, external_id=True)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("valid", MAPPINGS, ids=["short", "long"])
def test_a_mutated_mapping_loads_or_is_refused_with_file_line_and_column(
    tmp_path: Path, valid: str, seed: int
) -> None:
    """Two files, 5,000 times each."""
    file = tmp_path / "m.yaml"
    loads = 0
    with open_judge() as judge:
        for mutated in mutations(valid.encode(), count=2_500, seed=seed):
            file.write_bytes(mutated)
            loaded, problems = load_mapping(file, judge=judge)
            assert (loaded is None) is bool(problems), mutated
            lines = mutated.count(b"\n") + mutated.count(b"\r") + 2
            for problem in problems:
                assert problem.file == str(file)
                assert 1 <= problem.line <= lines, mutated
                assert 1 <= problem.column <= len(mutated) + 1, mutated
                assert problem.message
            loads += loaded is not None
    assert loads > 50  # mutations that are all nonsense would test little


def refusal(error: UsageError, file: Path, mutated: bytes) -> None:
    """Make sure that an error names a line that the file has, or the one after its last."""
    told = re.fullmatch(re.escape(str(file)) + r":(\d+)", str(error.where))
    assert told, (mutated, error)
    assert 1 <= int(told[1]) <= mutated.count(b"\n") + mutated.count(b"\r") + 2, mutated


def test_a_mutated_reject_file_is_read_or_refused_with_file_and_line(tmp_path: Path) -> None:
    file, read = tmp_path / "edited.csv", 0
    for mutated in mutations(REJECT_FILE, count=10_000, seed=1):
        file.write_bytes(mutated)
        try:
            assert save_reject_file(file, tmp_path / "copy.parquet") > 0
            read += 1
        except UsageError as error:
            refusal(error, file, mutated)
    assert read > 1_000  # mutations that are all nonsense would test little


def test_what_a_mutated_reject_file_asks_for_is_done_or_refused_with_file_and_line(
    tmp_path: Path,
) -> None:
    """Held against the rejects: a mutation never reaches a row that was no reject."""
    file, understood = tmp_path / "edited.csv", 0
    with open_engine(tmp_path) as engine:
        for mutated in mutations(REJECT_FILE, count=200, seed=2):
            file.write_bytes(mutated)
            try:
                edits = read_edits(
                    file,
                    REJECTS,
                    run="r",
                    key=KEY,
                    fields=["Score__c"],
                    engine=engine,
                    folder=tmp_path,
                )
                rows = {row for (row,) in engine.rows(f"select row from {edits.rows}")}
                assert rows <= {1, 2, 3, None}, mutated
                understood += 1
            except UsageError as error:
                refusal(error, file, mutated)
            for table in ("edited", "edited_rows", "edited_keys", "edited_values"):
                engine.run(f"drop table if exists {table}")
    assert understood > 10
