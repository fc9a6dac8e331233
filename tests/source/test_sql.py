"""Predictions from a SQL query, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import math
import sqlite3
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Read = Callable[..., Any]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, folder: Path) -> str:
    """Give the URL of a database with a table of three scores."""
    table = "create table scores (key text, score double precision, n bigint)"
    rows = "insert into scores values ('b', 0.5, 9007199254740993), ('a', null, -1), ('%c', 1, 0)"
    if request.param == "sqlite":
        with sqlite3.connect(folder / "scores.db") as connection:
            connection.execute(table)
            connection.execute(rows)
        connection.close()
        return "sqlite:///scores.db"
    import psycopg

    postgres = str(request.getfixturevalue("postgres_url"))
    with psycopg.connect(postgres) as connected:
        connected.execute(table)
        connected.execute(rows)
    return postgres


def query(read: Read, url: str, sql: str) -> tuple[Any, list[tuple[object, ...]]]:
    source, rows = read(environ={"SCORES_URL": url}, query=sql, database="SCORES_URL")
    return source, rows


def refused(read: Read, url: str, sql: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        query(read, url, sql)
    assert caught.value.hint
    return caught.value


def test_rows_are_numbered_in_the_order_of_the_query(read: Read, url: str) -> None:
    source, rows = query(read, url, "select key, score, n from scores order by key desc")
    assert source.columns == {"key": "VARCHAR", "score": "DOUBLE", "n": "BIGINT"}
    assert rows == [(1, "b", 0.5, 9007199254740993), (2, "a", None, -1), (3, "%c", 1.0, 0)]


def test_signs_of_parameters_in_a_query_are_only_text(read: Read, url: str) -> None:
    sql = "select key from scores where key like '%c' and key <> ':x' and key <> '?';"
    assert query(read, url, sql)[1] == [(1, "%c")]


@pytest.mark.parametrize(
    "sql",
    [
        "delete from scores returning key",
        "insert into scores values ('evil', 1, 1) returning key",
        "drop table scores",
        "create table evil (a integer)",
    ],
)
def test_a_query_that_writes_is_refused_and_writes_nothing(read: Read, url: str, sql: str) -> None:
    refused(read, url, sql)
    assert query(read, url, "select count(*) as n from scores")[1] == [(1, 3)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select nope from scores", "nope"),
        ("selekt 1", "syntax error"),
        ("select 1 as a, 2 as a", "column 'a' is there twice"),
        ("select 1 as __row", "a column may not be named __row"),
        ("select * from scores where 1 = 0", "there are no predictions"),
    ],
)
def test_a_query_that_cannot_be_used_is_refused(
    read: Read, url: str, sql: str, message: str
) -> None:
    error = refused(read, url, sql)
    assert message in error.message
    assert error.where == "the query on $SCORES_URL"


def test_a_type_that_widens_in_a_later_batch_widens_for_all(read: Read, url: str) -> None:
    """The first batch is all null, the second whole, the last a fraction."""
    sql = (
        "with recursive t(i) as (select 1 union all select i + 1 from t where i < 150001) "
        "select i as n, case when i <= 60000 then null when i <= 150000 then i else 0.5 end as it "
        "from t"
    )
    _, rows = query(read, url, sql)
    assert len(rows) == 150_001
    first, middle, last = (rows[place][2] for place in (0, 60_000, -1))
    assert (first, middle, last) == (None, 60_001, Decimal("0.5"))
    assert all(row == number for row, number, _ in rows)


def test_a_batch_of_empty_lists_tells_no_type(read: Read, postgres_url: str) -> None:
    lists = "case when g > 50000 then array['x'] else '{}' end"
    source, rows = query(read, postgres_url, f"select {lists} v from generate_series(1, 50001) g")
    assert source.columns == {"v": "VARCHAR[]"}
    assert rows[49_999:] == [(50_000, []), (50_001, ["x"])]


def test_a_whole_number_beside_fractions_is_not_changed(read: Read, folder: Path) -> None:
    sqlite3.connect(folder / "x.db").close()
    sql = "select 9007199254740993 as v union all select 0.5"
    told = refused(read, "sqlite:///x.db", sql)
    assert "more than 15 digits" in told.message


def test_sqlite_values_that_do_not_go_together_are_refused(read: Read, folder: Path) -> None:
    sqlite3.connect(folder / "x.db").close()
    error = refused(read, "sqlite:///x.db", "select 1 as it union all select 'secret-value'")
    assert error.message == "column 'it' holds int64 and string"
    assert "secret-value" not in str(error)


def test_a_column_of_nulls_has_the_type_that_postgres_tells(read: Read, postgres_url: str) -> None:
    sql = "select null::double precision as a, null::text as b, null::boolean as c"
    source, _ = query(read, postgres_url, sql)
    assert source.columns == {"a": "DOUBLE", "b": "VARCHAR", "c": "BOOLEAN"}


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("12.50::numeric(5,2)", "DECIMAL(4,2)", Decimal("12.50")),
        ("12345678901234567890::numeric", "DECIMAL(20,0)", Decimal("12345678901234567890")),
        ("'Infinity'::numeric", "DOUBLE", math.inf),
        ("1::smallint", "BIGINT", 1),
        ("true", "BOOLEAN", True),
        ("date '2026-11-20'", "DATE", dt.date(2026, 11, 20)),
        ("timestamp '2026-11-20 06:00'", "TIMESTAMP", dt.datetime(2026, 11, 20, 6)),
        (
            "timestamptz '2026-11-20 06:00+02'",
            "TIMESTAMP WITH TIME ZONE",
            "2026-11-20 04:00:00+00",
        ),
        ("time '06:30'", "TIME", dt.time(6, 30)),
        ("array['a', 'b']", "VARCHAR[]", ["a", "b"]),
        ("""'{"a": [1]}'::jsonb""", "VARCHAR", '{"a": [1]}'),
        (
            "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid",
            "VARCHAR",
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        ),
        ("'\\xff'::bytea", "BLOB", b"\xff"),
    ],
)
def test_each_postgres_type_keeps_its_value(
    read: Read, postgres_url: str, value: str, kind: str, expected: object
) -> None:
    source, rows = query(read, postgres_url, f"select {value} as it")
    assert source.columns == {"it": kind}
    assert rows == [(1, expected)]


def test_decimals_of_different_scales_keep_every_digit(read: Read, postgres_url: str) -> None:
    _, rows = query(read, postgres_url, "select * from (values (1.5), (2.125), (null)) as t(it)")
    assert [row[1] for row in rows] == [Decimal("1.500"), Decimal("2.125"), None]


@pytest.mark.parametrize(
    ("value", "held"),
    [("interval '1 day'", "timedelta"), ("timetz '10:00+02'", "times of day with a zone")],
)
def test_a_type_that_we_cannot_carry_is_refused(
    read: Read, postgres_url: str, value: str, held: str
) -> None:
    error = refused(read, postgres_url, f"select {value} as it")
    assert error.message == f"column 'it' holds {held}"
    assert error.hint == "cast(it as ...)"


@pytest.mark.parametrize(
    ("value", "said", "secret"),
    [
        ("cast('secret-' || 'value' as integer)", "invalid input syntax", "secret-value"),
        ("timestamptz '31999-01-01'", "timestamp too large", "31999"),
    ],
)
def test_a_value_is_not_quoted_from_a_databases_error(
    read: Read, postgres_url: str, value: str, said: str, secret: str
) -> None:
    error = refused(read, postgres_url, f"select {value} as it")
    assert said in error.message
    assert secret not in str(error)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("not a url", "does not hold a database URL"),
        ("sqlite:///nowhere.db", "there is no file nowhere.db"),
        ("postgresql://ann:sekret@127.0.0.1:1/x", "Connection refused"),
        ("postgresql+nodriver://ann:sekret@127.0.0.1/x", "driver is not installed"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    read: Read, folder: Path, url: str, message: str
) -> None:
    error = refused(read, url, "select 1")
    assert message in error.message
    assert "sekret" not in repr((str(error), error.args, error.__cause__))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("host", ["127.0.0.1:1", "nohost.invalid"])
def test_where_no_database_answers_no_query_is_advised(read: Read, host: str) -> None:
    error = refused(read, f"postgresql://ann:sekret@{host}/x", "select 1")
    assert error.hint == "check the URL in the variable, and that the database runs"


def test_a_missing_driver_is_told(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = refused(read, "postgresql://ann@127.0.0.1/x", "select 1")
    assert "driver is not installed" in error.message


def test_a_file_that_is_no_sqlite_database_is_refused(read: Read, folder: Path) -> None:
    (folder / "notes.db").write_text("These are notes. " * 100)
    error = refused(read, "sqlite:///notes.db", "select * from scores")
    assert "file is not a database" in error.message
