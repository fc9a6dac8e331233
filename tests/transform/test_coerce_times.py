"""Dates, datetimes and times of day, as Salesforce stores and refuses them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_sink.errors import MappingError
from tests.transform.conftest import mapping, table

if TYPE_CHECKING:
    from tests.transform.conftest import Run


SIX = datetime(2026, 11, 20, 6, 0, 1)


@pytest.mark.parametrize(
    ("type_", "value", "stored"),
    [
        ("DateTime", "'2026-11-20T06:00:01.9Z'::timestamptz", SIX),
        ("DateTime", "'2026-11-20T07:00:01+01:00'", SIX),
        ("DateTime", "'2026-11-20 06:00:01z'", SIX),
        ("DateTime", "'2026-11-20T06:00:01.123+0000'", SIX),
        ("DateTime", "'2026-11-20 07:00:01 +0100'", SIX),  # as Ruby and git write it
        ("DateTime", "'2026-11-20 04:30:01.9 -01:30'", SIX),
        ("DateTime", "'2026-11-20 06:00:01 UTC'", SIX),  # as BigQuery does
        ("DateTime", "'1969-12-31T23:59:58.5Z'::timestamptz", datetime(1969, 12, 31, 23, 59, 58)),
        ("DateTime", "' '", None),
        ("DateTime", "null::timestamptz", None),
        ("Date", "date '2026-11-20'", date(2026, 11, 20)),
        ("Date", "timestamp '2026-11-20 23:59:59'", date(2026, 11, 20)),
        ("Date", "'2026-11-20T23:30:00-02:00'::timestamptz", date(2026, 11, 21)),
        ("Date", "'2026-11-20'", date(2026, 11, 20)),
        ("Date", "'2026-11-20T23:30:00-02:00'", date(2026, 11, 21)),
        ("Date", "'2026-11-20 23:30:00 -0200'", date(2026, 11, 21)),
        ("Date", "''", None),
        ("Time", "time '06:30:01.5'", time(6, 30, 1)),
        ("Time", "'06:30'", time(6, 30)),
    ],
)
def test_a_moment_is_stored_in_utc_and_whole_seconds(
    run: Run, type_: str, value: str, stored: object
) -> None:
    assert run(mapping(type_), table(value)).values("F__c") == [stored]


@pytest.mark.parametrize(
    ("type_", "value", "code"),
    [
        ("DateTime", "'2026-11-20T06:00:00'", "TIMESTAMP_NO_ZONE"),
        ("DateTime", "'2026-11-20 06:00:00  +0100'", "NOT_A_DATETIME"),
        ("DateTime", "'2026-11-20 06:00:00 CET'", "NOT_A_DATETIME"),
        ("DateTime", "'2026-11-20'", "TIMESTAMP_NO_ZONE"),
        ("DateTime", "'yesterday'", "NOT_A_DATETIME"),
        ("DateTime", "'2026-13-20T06:00:00Z'", "NOT_A_DATETIME"),
        ("DateTime", "'1699-12-31T23:59:59Z'::timestamptz", "DATE_OUT_OF_RANGE"),
        ("DateTime", "'4001-01-01T00:00:00Z'::timestamptz", "DATE_OUT_OF_RANGE"),
        ("DateTime", "'infinity'::timestamptz", "DATE_OUT_OF_RANGE"),
        ("Date", "'20.11.2026'", "NOT_A_DATE"),
        ("Date", "'2026-02-30'", "NOT_A_DATE"),
        ("Date", "date '1699-12-31'", "DATE_OUT_OF_RANGE"),
        ("Date", "'infinity'::date", "DATE_OUT_OF_RANGE"),
        ("Time", "'25:00:00'", "NOT_A_TIME"),
        ("Time", "'24:00:00'", "NOT_A_TIME"),  # to DuckDB the end of the day, to Salesforce none
        ("DateTime", "'2026-11-20T06:00:00+25:00'", "NOT_A_DATETIME"),
    ],
)
def test_a_moment_that_cannot_be_stored_is_a_reject(
    run: Run, type_: str, value: str, code: str
) -> None:
    assert run(mapping(type_), table(value)).codes() == [(1, "F__c", code)]


@pytest.mark.parametrize(
    ("type_", "value", "hint"),
    [
        ("DateTime", "timestamp '2026-11-20 06:00:00'", "scored_at at time zone 'UTC'"),
        ("DateTime", "timestamp_ns '2026-11-20 06:00:00'", "scored_at at time zone 'UTC'"),
        ("DateTime", "date '2026-11-20'", "Say which moment of the day"),
        ("DateTime", "1700000000", "to_timestamp(x)"),
        ("Date", "1700000000", "to_timestamp(x)"),
        ("Time", "true", "Cast it"),
    ],
)
def test_a_column_that_leaves_the_moment_open_is_one_problem_and_not_a_million_rejects(
    run: Run, type_: str, value: str, hint: str
) -> None:
    with pytest.raises(MappingError) as caught:
        run(mapping(type_), table(value))
    assert hint in str(caught.value)
    assert len(caught.value.problems) == 1


def test_the_proposed_cure_for_a_naive_timestamp_works(run: Run) -> None:
    text = mapping("DateTime", "v at time zone 'UTC'")
    assert run(text, table("timestamp '2026-11-20 06:00:01'")).values("F__c") == [SIX]


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    moment=st.datetimes(datetime(1700, 1, 2), datetime(4000, 12, 30)),
    hours=st.integers(-12, 14),
)
def test_a_text_with_an_offset_is_that_moment_in_utc(
    run: Run, moment: datetime, hours: int
) -> None:
    text = f"{moment.isoformat(timespec='milliseconds')}{hours:+03d}:00"
    expected = (moment.replace(tzinfo=UTC) - timedelta(hours=hours)).replace(
        microsecond=0, tzinfo=None
    )
    assert run(mapping("DateTime"), table(f"'{text}'")).values("F__c") == [expected]
