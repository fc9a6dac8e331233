"""Numbers and times as the text that travels: the very digits that they were rounded to."""

from __future__ import annotations

import pytest

from crm_sink.engine import Engine
from crm_sink.schema import FieldSchema, FieldType
from crm_sink.tables import text_of


@pytest.mark.parametrize(
    ("value", "precision", "scale", "text"),
    [
        ("-40393320175653.63", 16, 2, "-40393320175653.63"),  # 100 times it is no double
        ("4.158286515313248", 18, 15, "4.158286515313248"),
        ("0.004032506311444362", 18, 18, "0.004032506311444362"),
        ("1e17", 18, 0, "100000000000000000"),
        ("1e-7", 18, 8, "0.00000010"),
        ("83.4", 3, 0, "83.4"),  # what others wrote: Salesforce does not enforce the scale
        ("1e-20", 3, 0, "0"),
        ("-0.125", 5, 2, "-0.125"),
        ("83.5", 5, 2, "83.50"),
    ],
)
def test_a_double_is_written_with_its_own_digits(
    engine: Engine, value: str, precision: int, scale: int, text: str
) -> None:
    field = FieldSchema("F__c", FieldType.DOUBLE, precision=precision, scale=scale)
    assert engine.value(f"select {text_of(field, f'cast({value} as double)')}") == text


def test_a_time_of_day_is_written_as_salesforce_writes_it(engine: Engine) -> None:
    """DuckDB formats timestamps alone."""
    field = FieldSchema("F__c", FieldType.TIME)
    text = text_of(field, "time '06:30:05'")
    assert engine.value(f"select {text}") == "06:30:05.000Z"
