"""Predictions in CSV: exact rows, types that every value has, and clear refusals."""

from __future__ import annotations

import datetime as dt
import gzip
import math
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Read = Callable[..., Any]


def refused(read: Read, folder: Path, content: str | bytes) -> SourceError:
    (folder / "p.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SourceError) as caught:
        read(csv="p.csv")
    assert caught.value.hint
    return caught.value


def column(read: Read, folder: Path, *values: str) -> tuple[str, list[object]]:
    """Read a column of a CSV file: its type and its values."""
    lines = "".join(f"{number},{value}\n" for number, value in enumerate(values))
    (folder / "p.csv").write_text(f"n,it\n{lines}")
    source, rows = read(csv="p.csv")
    return source.columns["it"], [row[2] for row in rows]


def test_rows_are_numbered_by_record_and_not_by_line(read: Read, folder: Path) -> None:
    (folder / "p.csv").write_text('key,reason\na,"two\nlines"\nb,"says ""no"", twice"\n')
    assert read(csv="p.csv")[1] == [(1, "a", "two\nlines"), (2, "b", 'says "no", twice')]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_the_delimiter(read: Read, folder: Path, delimiter: str) -> None:
    (folder / "p.csv").write_text(f'key{delimiter}"a, b"\nx{delimiter}1\n')
    assert read(csv="p.csv")[0].columns == {"key": "VARCHAR", "a, b": "BIGINT"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_of_any_system_and_a_byte_order_mark_are_read(
    read: Read, folder: Path, end: str
) -> None:
    text = f"\ufeffkey,score{end}a,1{end}{end}b,2"
    (folder / "p.csv").write_bytes(text.encode())
    assert read(csv="p.csv")[1] == [(1, "a", 1), (2, "b", 2)]


def test_a_compressed_file_is_read(read: Read, folder: Path) -> None:
    (folder / "p.csv.gz").write_bytes(gzip.compress(b"key,score\na,1\n"))
    assert read(csv="p.csv.gz")[1] == [(1, "a", 1)]


def test_files_are_read_in_sorted_order_by_column_name(read: Read, folder: Path) -> None:
    (folder / "2.csv").write_text("score;key\n0.5;b\n")
    (folder / "1.csv").write_text("key,score,extra\na,1,x\n")
    assert read(csv="*.csv")[1] == [(1, "a", 1.0, "x"), (2, "b", 0.5, None)]


@pytest.mark.parametrize(
    ("values", "kind", "first"),
    [
        (["1", "-20", ""], "BIGINT", 1),
        (["1", "0.5"], "DOUBLE", 1.0),
        (["1e-3", ".5"], "DOUBLE", 0.001),
        (["TRUE", "false"], "BOOLEAN", True),
        (["2026-11-20"], "DATE", dt.date(2026, 11, 20)),
        (["2026-11-20 06:00:00", "2026-11-20T07:00"], "TIMESTAMP", dt.datetime(2026, 11, 20, 6)),
        (["2026-11-20T06:00:00Z"], "TIMESTAMP WITH TIME ZONE", "2026-11-20 06:00:00+00"),
        (["2026-11-20T06:00:00+05:30"], "TIMESTAMP WITH TIME ZONE", "2026-11-20 00:30:00+00"),
        (["2026-11-20 07:00 +0100"], "TIMESTAMP WITH TIME ZONE", "2026-11-20 06:00:00+00"),
        (["2026-11-20 07:00 UTC", "2026-11-20 07:00"], "VARCHAR", "2026-11-20 07:00 UTC"),
        (["a", "1"], "VARCHAR", "a"),
    ],
)
def test_a_column_has_the_type_that_all_its_values_have(
    read: Read, folder: Path, values: list[str], kind: str, first: object
) -> None:
    found, cells = column(read, folder, *values)
    assert (found, cells[0]) == (kind, first)


@pytest.mark.parametrize(
    "values",
    [
        ["007", "12"],  # a key, not a quantity
        ["0070.5"],
        ["+49170"],
        ["12345678901234567890"],  # a double would change it
        ["12_34", "56_78"],  # DuckDB would take them for 1234 and 5678
        ["1E5", "20E7"],  # ids: programs write 1.0E5 or 1e+05
        ["2026-02-30"],  # no day
        ["2026-11-20T06:00:00Z", "2026-11-20T06:00:00"],  # with a zone and without
        ["0,5"],
        ["yes", "no"],
    ],
)
def test_what_is_not_plainly_something_else_stays_text(
    read: Read, folder: Path, values: list[str]
) -> None:
    quoted = [f'"{value}"' for value in values]
    assert column(read, folder, *quoted) == ("VARCHAR", values)


def test_nan_and_infinity_are_numbers_for_the_transform_to_refuse(read: Read, folder: Path) -> None:
    kind, (first, second, third) = column(read, folder, "nan", "inf", "0.5")
    assert kind == "DOUBLE"
    assert isinstance(first, float)
    assert math.isnan(first)
    assert (second, third) == (math.inf, 0.5)


def test_a_value_far_down_decides_too(read: Read, folder: Path) -> None:
    """A sample alone would call the column a whole number, and the run would break."""
    kind, cells = column(read, folder, *["1"] * 5_000, "n/a")
    assert (kind, cells[-1]) == ("VARCHAR", "n/a")


def test_a_column_that_seemed_empty_has_the_type_of_its_late_values(
    read: Read, folder: Path
) -> None:
    kind, cells = column(read, folder, *[""] * 5_000, "0.5")
    assert (kind, cells[-1]) == ("DOUBLE", 0.5)


def test_a_column_without_any_value_fits_every_expression(read: Read, folder: Path) -> None:
    kind, cells = column(read, folder, "", '""')
    assert (kind, cells) == ('"NULL"', [None, None])


@pytest.mark.parametrize(("line", "values"), [("2,0.5", 2), ("2,0.5,x,y", 4)])
def test_a_ragged_line_is_named(read: Read, folder: Path, line: str, values: int) -> None:
    error = refused(read, folder, f"key,score,band\n1,0.5,x\n{line}\n3,0.5,x\n")
    assert error.message == f"the line has {values} values, and the header has 3"
    assert error.where == "p.csv:3"
    assert "0.5" not in str(error)


@pytest.mark.parametrize("rows", [1, 200_000])
def test_a_quote_that_does_not_end_loses_no_row_in_silence(
    read: Read, folder: Path, rows: int
) -> None:
    good = "".join(f"{number},fine\n" for number in range(rows))
    error = refused(read, folder, f'key,reason\n{good}x,"never ends\ny,1\n')
    assert error.message == "a quoted value does not end"
    assert error.where == f"p.csv:{rows + 2}"


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16le"),
        ("utf-16-be", "utf-16be"),
        ("utf-32", "utf-32"),
        ("utf-32-le", "utf-32le"),
        ("utf-32-be", "utf-32be"),
    ],
)
def test_text_of_wide_characters_is_named(
    read: Read, folder: Path, encoding: str, named: str
) -> None:
    """As Excel's "Unicode text" and PowerShell write it; ASCII text in it would pass for UTF-8."""
    error = refused(read, folder, "key,name\n1,plain\n".encode(encoding))
    assert error.message == f"the text is {named[:6].upper()}, not UTF-8"
    assert f"iconv -f {named} -t utf-8" in str(error.hint)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize("lines", [1, 300_000])
def test_text_that_is_not_utf_8_is_refused(
    read: Read, folder: Path, encoding: str, lines: int
) -> None:
    text = "key,name\n" + "1,plain\n" * lines + "2,café\n"
    error = refused(read, folder, text.encode(encoding))
    assert error.message == "the text is not UTF-8"
    assert "iconv" in str(error.hint)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty"),
        ("\n", "the file is empty"),
        ("\nkey,score\na,1\n", "the first line is empty"),
        ("key,score\r\na,1\nb,2\r\n", "its lines end in different ways"),
        ("key,score\n", "there are no predictions"),
        ("p-1,0.83\np-2,0.5\n", "the first line holds values"),
        ("key,,score\na,b,1\n", "column 2 has no name"),
        ("key,score,Key\na,1,b\n", "column 'Key' is there beside 'key'"),
        ("key,key\na,b\n", "column 'key' is there twice"),
        ("key,__row\na,1\n", "a column may not be named __row"),
        ('"key,score\na,1\n', "the header cannot be read"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(
    read: Read, folder: Path, content: str, message: str
) -> None:
    assert message in refused(read, folder, content).message


def test_a_text_of_ten_megabytes_is_read_and_one_of_twenty_refused(
    read: Read, folder: Path
) -> None:
    (folder / "p.csv").write_text(f"key,reason\na,{'x' * 10_000_000}\n")
    assert len(read(csv="p.csv")[1][0][2]) == 10_000_000
    error = refused(read, folder, f"key,reason\na,{'x' * 20_000_000}\n")
    assert error.message == "a line is longer than 16 MB"
    assert len(str(error)) < 200


def test_a_broken_archive_is_refused(read: Read, folder: Path) -> None:
    (folder / "p.csv.gz").write_bytes(b"\x1f\x8b, and then nothing that gzip knows")
    with pytest.raises(SourceError, match="cannot be read"):
        read(csv="p.csv.gz")


def test_a_typed_column_keeps_the_text_of_the_file_beside_it(read: Read, folder: Path) -> None:
    """A version 1.10 is the number 1.1 to an expression, and no column that a person sees twice."""
    (folder / "s.csv").write_text("key,version\na,1.10\n")
    source, rows = read(csv="s.csv")
    assert source.columns == {"key": "VARCHAR", "version": "DOUBLE"}
    assert rows == [(1, "a", 1.1)]


def test_a_folder_of_csv_is_read_whole_the_packed_files_too(read: Read, folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "1.csv").write_text("key\na\n")
    (folder / "out" / "2.csv.gz").write_bytes(gzip.compress(b"key\nb\n"))
    assert read(csv="out")[1] == [(1, "a"), (2, "b")]


def test_blanks_do_not_make_another_name_in_a_header(read: Read, folder: Path) -> None:
    (folder / "p.csv").write_text("key,score, score \na,1,2\n")
    with pytest.raises(SourceError, match="'score' is there twice"):
        read(csv="p.csv")
