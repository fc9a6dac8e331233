"""Predictions handed in from Python: pandas, Arrow, and whatever speaks Arrow."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest

from crm_sink.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[..., Any]


def refused(read: Read, frame: object) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(frame)
    assert caught.value.hint
    return caught.value


class SpeaksArrow:
    """What Polars and others offer: a table behind Arrow's C stream interface, text as views."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        table = pa.table({"key": pa.array(["a", "b"], pa.string_view())})
        return table.__arrow_c_stream__(requested_schema)


def test_a_dataframe_is_read_without_its_plain_index(read: Read) -> None:
    frame = pd.DataFrame({"key": ["b", "a"], "score": [0.5, 1.0]}, index=[7, 3])
    source, rows = read(frame)
    assert source.columns == {"key": "VARCHAR", "score": "DOUBLE"}
    assert rows == [(1, "b", 0.5), (2, "a", 1.0)]


def test_a_named_index_is_a_column(read: Read) -> None:
    frame = pd.DataFrame({"score": [0.5]}, index=pd.Index(["a"], name="key"))
    assert read(frame)[1] == [(1, "a", 0.5)]


def test_the_callers_dataframe_is_not_touched(read: Read) -> None:
    frame = pd.DataFrame({1: [0.5]}, index=pd.Index(["a"], name="key"))
    before = frame.copy(deep=True)
    read(frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("column", "kind", "values"),
    [
        (pd.Series([1.5, None]), "DOUBLE", [1.5, None]),
        (pd.array([1, None], dtype="Int64"), "BIGINT", [1, None]),
        (pd.array([True, None], dtype="boolean"), "BOOLEAN", [True, None]),
        (pd.Categorical(["hot", None]), "VARCHAR", ["hot", None]),
        (pd.Series(["x", None], dtype=object), "VARCHAR", ["x", None]),
        (pd.Series([None, None], dtype=object), '"NULL"', [None, None]),
        (pd.Series([dt.date(2026, 1, 2), None], dtype=object), "DATE", [dt.date(2026, 1, 2), None]),
        (pd.Series([["a", "b"], None], dtype=object), "VARCHAR[]", [["a", "b"], None]),
        (
            pd.Series([Decimal("1.50"), None], dtype=object),
            "DECIMAL(3,2)",
            [Decimal("1.50"), None],
        ),
        (pd.to_datetime(["2026-01-02", None]), "TIMESTAMP", [dt.datetime(2026, 1, 2), None]),
        (
            pd.to_datetime(["2026-01-02", None]).tz_localize("Europe/Berlin"),
            "TIMESTAMP WITH TIME ZONE",
            ["2026-01-01 23:00:00+00", None],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_each_pandas_type_keeps_its_values(
    read: Read, column: object, kind: str, values: list[object]
) -> None:
    source, rows = read(pd.DataFrame({"it": column}))
    assert source.columns == {"it": kind}
    assert [row[1] for row in rows] == values


def test_names_that_are_numbers_become_text(read: Read) -> None:
    assert read(pd.DataFrame({5: [1]}))[0].columns == {"5": "BIGINT"}


def test_a_column_of_mixed_types_names_them_and_no_value(read: Read) -> None:
    error = refused(read, pd.DataFrame({"score": [1, "secret-value", None]}))
    assert error.message == "column 'score' holds values of different types: int, str"
    assert "secret-value" not in repr((str(error), error.__cause__))
    assert '.astype("string")' in str(error.hint)  # str would make a text of what is missing


@pytest.mark.parametrize(
    "frame",
    [
        pa.table({"key": ["a", "b"]}),
        pa.table({"key": ["a", "b"]}).to_reader(),
        pa.record_batch({"key": ["a", "b"]}),
        SpeaksArrow(),
    ],
    ids=["table", "reader", "batch", "stream"],
)
def test_everything_that_speaks_arrow_is_read(read: Read, frame: object) -> None:
    source, rows = read(frame)
    assert source.columns == {"key": "VARCHAR"}
    assert rows == [(1, "a"), (2, "b")]


def test_batches_are_numbered_on(read: Read) -> None:
    frame = pd.DataFrame({"n": range(1, 120_001)})
    source, rows = read(frame)
    assert source.rows == 120_000
    assert all(row == number for row, number in rows)


@pytest.mark.parametrize("frame", [[{"key": "a"}], "p.parquet", {"key": ["a"]}, 7])
def test_what_is_no_table_is_refused(read: Read, frame: object) -> None:
    assert refused(read, frame).message == "this is no table of predictions"


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"key": []}), "there are no predictions"),
        (pa.table({"key": pa.array([], pa.string())}), "there are no predictions"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "column 'a' is there twice"),
        (pd.DataFrame({"__row": [1]}), "a column may not be named __row"),
        (pd.DataFrame({"a": [1]}, index=pd.Index([1], name="a")), "and a column are both named"),
        (pd.DataFrame(), "the table has no columns"),
        (pa.table({}), "the table has no columns"),
        (pd.DataFrame([[1]], columns=[["a"], ["b"]]), "its columns have names of several parts"),
        (pd.DataFrame({"n": pd.arrays.SparseArray([1, 0])}), "column 'n' is sparse"),
        (pd.DataFrame({"n": [1 + 2j]}), "column 'n' holds values that no field can hold: complex"),
        (pa.table({"wait": pa.array([1], pa.duration("s"))}), "column 'wait' holds time spans"),
        (pd.DataFrame({"wait": [pd.Timedelta("1s")]}), "column 'wait' holds time spans"),
        (pd.DataFrame({"in": pd.period_range("2026-01", periods=1)}), "column 'in' holds periods"),
        (pd.Series([1, 2]), "this is one column and no table"),
        (pd.DataFrame({"it": [object()]}), "column 'it' holds values"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(read: Read, frame: object, message: str) -> None:
    assert message in refused(read, frame).message


@pytest.mark.parametrize(
    "values",
    [
        [dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 1)],
        [dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, 5)],
    ],
)
def test_times_of_different_kinds_are_refused(read: Read, values: list[dt.date]) -> None:
    """Arrow would take the one without a zone for UTC, and drop the clock beside a date."""
    error = refused(read, pd.DataFrame({"at": pd.Series(values, dtype=object)}))
    assert "column 'at' holds times of different kinds" in str(error)
    assert "pd.to_datetime(frame['at'], utc=True)" in str(error.hint)
