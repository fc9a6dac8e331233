"""A reject file that a person gives back: read, or refused with the line at fault."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from crm_sink.errors import UsageError
from crm_sink.source.reject_file import save_reject_file

GOOD = (
    b"row,key,id,stage,field,value,code,message,hint,attempts\n"
    b'1,p-1,,transform,Note__c,"two\nlines",TEXT_TOO_LONG,too long,cut it,0\n'
    b"2,p-2,,match,Ext__c,p-2,NOT_FOUND,no such lead,check the key,0\n"
    b",p-3,00Q000000000001AAA,write,,,UNABLE_TO_LOCK_ROW,locked,again,1\n"
)
HEADER = b"row,key,field,value\n"


def read(path: Path, text: bytes) -> list[dict[str, object]]:
    path.write_bytes(text)
    save_reject_file(path, path.with_suffix(".parquet"))
    rows: list[dict[str, object]] = pq.read_table(path.with_suffix(".parquet")).to_pylist()
    return rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rejects.csv"


def test_a_reject_file_is_read_with_the_line_of_each_record(path: Path) -> None:
    rows = read(path, GOOD)
    assert [row["line"] for row in rows] == [2, 4, 5]
    assert rows[0] == {
        "line": 2, "row": 1, "key": "p-1", "field": "Note__c", "value": "two\nlines",
    }  # fmt: skip
    assert rows[2]["row"] is None


def test_columns_may_stand_in_any_order(path: Path) -> None:
    [row] = read(path, b"value,field,key,row\n7,Score__c,p-1,1\n")
    assert (row["row"], row["key"], row["field"], row["value"]) == (1, "p-1", "Score__c", "7")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (b"", 1, "holds no rejects"),
        (HEADER, 1, "holds no rejects"),
        (b"row;key;field;value\n1;a;;\n", 1, "not separated by commas"),
        (b"row,key,value\n1,a,\n", 1, "column field is missing"),
        (b"row,key,field,value,key\n1,a,,,a\n", 1, "two columns have the same name"),
        (HEADER + b"1,a,,\nseven,b,,\n", 3, "no row number"),
        (HEADER + b"0,a,,\n", 2, "no row number"),
        (HEADER + b"99999999999999999999,a,,\n", 2, "no row number"),
        (HEADER + b"1,a\n", 2, "2 cells where 4 are due"),
        (HEADER + b"1,a,,\n2,\xe4,,\n", 3, "0xe4 is not UTF-8"),
        (HEADER + b"1,a,,\x00\n", 2, "NUL"),
        (HEADER + b'1,a,,"never ends\n', 2, "not CSV"),
        (HEADER + b"1,a,," + b"x" * 2_000_000 + b"\n", 2, "longer than"),
        (b"PK\x03\x04\x14\x00 an Excel workbook", 1, "NUL"),
    ],
)
def test_a_file_at_fault_is_refused_with_the_line(
    path: Path, text: bytes, line: int, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read(path, text)
    assert caught.value.where == f"{path}:{line}"
    assert caught.value.hint


def test_a_missing_file_is_named(path: Path) -> None:
    with pytest.raises(UsageError, match="No such file") as caught:
        save_reject_file(path, path.with_suffix(".parquet"))
    assert caught.value.where == str(path)


@pytest.mark.parametrize("seed", range(4))
def test_no_mutation_of_a_file_gives_a_traceback(path: Path, seed: int) -> None:
    """Two hundred a seed: bytes changed, doubled, cut out, and whole pieces moved."""
    chance = random.Random(seed)
    places = []
    for _ in range(200):
        try:
            read(path, mutated(GOOD, chance))
        except UsageError as error:
            places.append(str(error.where))
    assert len(places) > 50
    assert all(place.startswith(f"{path}:") for place in places)


def mutated(text: bytes, chance: random.Random) -> bytes:
    result = bytearray(text)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(result) + 1)
        end = min(len(result), at + chance.randint(1, 20))
        piece = bytes(result[at:end])
        match chance.randrange(4):
            case 0:
                result[at:end] = bytes(chance.choice(b'",\n\r;\x00\xff\xc3A1\t ') for _ in piece)
            case 1:
                del result[at:end]
            case 2:
                result[at:at] = piece * chance.randint(1, 50)
            case _:
                result[:0] = piece
    return bytes(result)
