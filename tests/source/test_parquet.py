"""Predictions in Parquet: one file, many, or a folder."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crm_sink.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Read = Callable[..., Any]


def write(path: Path, **columns: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def refused(read: Read, parquet: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(parquet=parquet)
    assert caught.value.hint
    return caught.value


def test_rows_are_numbered_from_one_in_the_order_of_the_file(read: Read, folder: Path) -> None:
    write(folder / "p.parquet", key=["b", "a", "c"], score=[0.5, None, 0.25])
    source, rows = read(parquet="p.parquet")
    assert rows == [(1, "b", 0.5), (2, "a", None), (3, "c", 0.25)]
    assert (source.rows, source.columns) == (3, {"key": "VARCHAR", "score": "DOUBLE"})


def test_files_are_read_in_sorted_order_and_numbered_on(read: Read, folder: Path) -> None:
    write(folder / "b.parquet", key=["b1"])
    write(folder / "a.parquet", key=["a1", "a2"])
    write(folder / "c.parquet", key=["c1"])
    assert read(parquet="*.parquet")[1] == [(1, "a1"), (2, "a2"), (3, "b1"), (4, "c1")]


def test_files_are_united_by_column_name(read: Read, folder: Path) -> None:
    write(folder / "1.parquet", key=["a"], score=[1])
    write(folder / "2.parquet", extra=["x"], Score=[0.5], key=["b"])
    assert read(parquet="*.parquet")[1] == [(1, "a", 1.0, None), (2, "b", 0.5, "x")]


def test_a_column_that_is_empty_in_one_file_fits_any_type(read: Read, folder: Path) -> None:
    write(folder / "1.parquet", key=["a"], reason=pa.nulls(1))
    write(folder / "2.parquet", key=["b"], reason=["why"])
    assert read(parquet="*.parquet")[1] == [(1, "a", None), (2, "b", "why")]


def test_files_with_different_kinds_of_value_are_refused(read: Read, folder: Path) -> None:
    write(folder / "1.parquet", score=[0.5])
    write(folder / "2.parquet", score=["high"])
    error = refused(read, "*.parquet")
    assert error.message == f"column 'score' is VARCHAR here, and DOUBLE in {folder}/1.parquet"
    assert error.where == f"{folder}/2.parquet"


def test_decimals_are_united_only_when_no_digit_is_lost(read: Read, folder: Path) -> None:
    write(folder / "1.parquet", n=pa.array([Decimal("1.5")], pa.decimal128(5, 2)))
    write(folder / "2.parquet", n=pa.array([Decimal("7.125")], pa.decimal128(9, 3)))
    rows = read(parquet="*.parquet")[1]
    assert [row[1] for row in rows] == [Decimal("1.500"), Decimal("7.125")]
    write(folder / "3.parquet", n=pa.array([Decimal(7)], pa.decimal128(38, 0)))
    assert "over all files" in refused(read, "*.parquet").message


def test_a_folder_is_read_without_the_side_files_of_jobs(read: Read, folder: Path) -> None:
    write(folder / "out" / "part-00001.parquet", key=["b"])
    write(folder / "out" / "deep" / "part-00000.parquet", key=["a"])
    (folder / "out" / "_SUCCESS").write_text("")
    (folder / "out" / "_temporary").mkdir()
    (folder / "out" / "_temporary" / "half.parquet").write_text("PAR1")
    assert read(parquet="out")[1] == [(1, "a"), (2, "b")]


def test_folders_named_key_value_are_text_columns(read: Read, folder: Path) -> None:
    write(folder / "out" / "day=2026-11-19" / "1.parquet", key=["a"])
    write(folder / "out" / "day=2026-11-20" / "1.parquet", key=["b"])
    assert read(parquet="out")[1] == [(1, "a", "2026-11-19"), (2, "b", "2026-11-20")]


def test_a_folder_name_does_not_hide_a_column(read: Read, folder: Path) -> None:
    write(folder / "out" / "score=old" / "1.parquet", score=[0.5])
    assert read(parquet="out")[1] == [(1, 0.5)]


def test_nested_columns_are_read(read: Read, folder: Path) -> None:
    factors = [{"name": "visits", "weight": 0.5}]
    write(folder / "p.parquet", top=[factors], after=["x"])
    assert read(parquet="p.parquet")[1] == [(1, factors, "x")]


def test_nanoseconds_become_microseconds(read: Read, folder: Path) -> None:
    """Older pandas wrote nanoseconds; an instant keeps its zone, a bare time has none."""
    second = 1_000_000_000
    write(
        folder / "p.parquet",
        bare=pa.array([second], pa.timestamp("ns")),
        instant=pa.array([second], pa.timestamp("ns", "Europe/Berlin")),
    )
    source, rows = read(parquet="p.parquet")
    assert source.columns == {"bare": "TIMESTAMP", "instant": "TIMESTAMP WITH TIME ZONE"}
    assert rows[0][2] == "1970-01-01 00:00:01+00"


def test_a_path_with_quotes_and_brackets_is_only_a_path(read: Read, folder: Path) -> None:
    write(folder / "it's [1].parquet", key=["a"])
    assert read(parquet="it's [1].parquet")[1] == [(1, "a")]


def test_a_link_to_a_file_elsewhere_is_followed(read: Read, folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "elsewhere" / "p.parquet", key=["a"])
    (folder / "latest.parquet").symlink_to(tmp_path / "elsewhere" / "p.parquet")
    assert read(parquet="latest.parquet")[1] == [(1, "a")]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"\0\1\2\3" * 100])
def test_a_file_that_is_no_parquet_is_refused(read: Read, folder: Path, content: bytes) -> None:
    (folder / "p.parquet").write_bytes(content)
    error = refused(read, "p.parquet")
    assert error.message == "this is not a whole Parquet file"
    assert error.where == "p.parquet"


def test_a_file_that_was_cut_short_is_named_among_many(read: Read, folder: Path) -> None:
    write(folder / "1.parquet", key=["a"])
    write(folder / "2.parquet", key=["b"])
    file = folder / "2.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    assert refused(read, "*.parquet").where == str(file)


def test_a_damaged_page_is_told_when_it_is_read(folder: Path, tmp_path: Path) -> None:
    """The view reads late: whoever reads it says so through `reading`."""
    from crm_sink.engine import open_engine
    from crm_sink.mapping.model import SourceSpec
    from crm_sink.source.locate import locate
    from crm_sink.source.stage import stage
    from crm_sink.source.trouble import reading

    write(folder / "p.parquet", key=["a", "b"])
    content = bytearray((folder / "p.parquet").read_bytes())
    content[4:40] = b"\xff" * 36
    (folder / "p.parquet").write_bytes(content)
    located = locate(SourceSpec(parquet="p.parquet"), None, environ={})
    with open_engine(tmp_path / "run", sources=located.files) as engine:
        source = stage(located, engine, tmp_path / "run")
        with pytest.raises(SourceError, match="cannot be read"), reading(located.shown):
            engine.rows(f"select * from {source.table}")


def test_a_file_without_rows_is_refused(read: Read, folder: Path) -> None:
    """A scoring job that left nothing must not look like success."""
    write(folder / "p.parquet", key=pa.array([], pa.string()))
    assert refused(read, "p.parquet").message == "there are no predictions"


@pytest.mark.parametrize("column", ["__row", "__ROW", "file_row_number", "file_index"])
def test_names_that_we_need_ourselves_are_refused(read: Read, folder: Path, column: str) -> None:
    write(folder / "p.parquet", **{column: [1]})
    assert refused(read, "p.parquet").message.startswith("a column may not be named")


def test_names_that_differ_by_case_alone_are_refused(read: Read, folder: Path) -> None:
    write(folder / "p.parquet", Score=[1], score=[2])
    assert "column 'score' is there beside 'Score'" in refused(read, "p.parquet").message


def test_folders_are_read_as_hive_and_spark_escape_them(read: Read, folder: Path) -> None:
    write(folder / "out" / "to=A%2FB%20C" / "1.parquet", key=["a"])
    write(folder / "out" / "to=__HIVE_DEFAULT_PARTITION__" / "1.parquet", key=["b"])
    assert read(parquet="out")[1] == [(1, "a", "A/B C"), (2, "b", None)]


def test_a_link_is_read_at_its_own_place_and_no_file_twice(read: Read, folder: Path) -> None:
    write(folder / "elsewhere" / "1.parquet", key=["a"])
    (folder / "out" / "day=1").mkdir(parents=True)
    (folder / "out" / "day=1" / "1.parquet").symlink_to(folder / "elsewhere" / "1.parquet")
    (folder / "out" / "day=1" / "latest.parquet").symlink_to(folder / "out/day=1/1.parquet")
    assert read(parquet="out")[1] == [(1, "a", "1")]
    assert read(parquet="out/*/*.parquet")[1] == [(1, "a")]


def test_numbers_are_not_united_to_a_float_of_seven_digits(read: Read, folder: Path) -> None:
    """DuckDB makes 123456792 of 123456789 where another file has a FLOAT."""
    write(folder / "1.parquet", n=pa.array([123456789], pa.int32()))
    write(folder / "2.parquet", n=pa.array([0.5], pa.float32()))
    assert "over all files" in refused(read, "*.parquet").message
    write(folder / "1.parquet", n=pa.array([7], pa.int16()))
    assert [row[1] for row in read(parquet="*.parquet")[1]] == [7.0, 0.5]
