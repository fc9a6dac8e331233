from __future__ import annotations

from datetime import timedelta

import pytest

from crm_sink.gates.measure import age_words, rows_words, share, share_words, span


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("45s", 45), ("90m", 5400), ("26h", 93_600), ("1.5 d", 129_600), ("2w", 1_209_600)],
)
def test_a_span_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("text", "value"), [("30%", 0.3), ("0.5 %", 0.005), ("150%", 1.5)])
def test_a_share_is_in_per_cent(text: str, value: float) -> None:
    assert share(text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=3, minutes=50), "3 h"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=61), "61 days"),
        (timedelta(seconds=-3), "0 s"),
    ],
)
def test_an_age_is_said_in_one_unit_and_rounded_down(age: timedelta, words: str) -> None:
    assert age_words(age) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.5, "50 %"),
        (-0.5, "50 %"),
        (0.03, "3 %"),
        (0.0021, "0.21 %"),
        (0.00002, "less than 0.01 %"),
        (0, "0 %"),
        (1, "100 %"),
    ],
)
def test_a_share_is_said_with_no_more_digits_than_are_read(value: float, words: str) -> None:
    assert share_words(value) == words


def test_rows_are_said_with_thousands_apart() -> None:
    assert [rows_words(1), rows_words(10_000)] == ["1 row", "10,000 rows"]
