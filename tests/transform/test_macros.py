"""Our functions do what the help page says of them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from crm_sink.mapping.sql.functions import OWN
from crm_sink.transform.macros import EXAMPLES, MACROS, MOST_BANDS

if TYPE_CHECKING:
    from crm_sink.engine import Engine


@pytest.mark.parametrize("expression", EXAMPLES)
def test_each_example_gives_what_it_says(engine: Engine, expression: str) -> None:
    assert engine.value(f"select {expression}") == EXAMPLES[expression]


@pytest.mark.parametrize("expression", EXAMPLES)
def test_each_example_stands_on_the_help_page(expression: str) -> None:
    page = files("crm_sink").joinpath("help", "functions.md").read_text(encoding="utf-8")
    result = EXAMPLES[expression]
    shown = "null" if result is None else json.dumps(result)
    assert f"    {expression}\n        → {shown}\n" in page


def test_the_macros_are_those_that_expressions_may_call() -> None:
    assert {macro.split()[2].split("(")[0] for macro in MACROS} == OWN


def reasons(engine: Engine, factors: str, n: int = 9) -> object:
    return engine.value(f"select reasons({factors}, {n})")


@pytest.mark.parametrize(
    ("factors", "text"),
    [
        ("[]::varchar[]", None),
        ("['', null, 'x']", "1. X"),
        ("[{'feature': 'a', 'value': 9.0, 'contribution': -1.0}]", "1. A (-)"),
        ("[{'name': 'a', 'weight': 1}, {'name': 'b', 'weight': -2}]", "1. B (-)\n2. A (+)"),
        ("[{'feature': 'a', 'value': 1.0}, {'feature': 'b', 'value': 2.0}]", "1. B (+)\n2. A (+)"),
        ("[{'feature': null, 'weight': 9.0}, {'feature': 'b', 'weight': 0.0}]", "1. B"),
        ("[{'feature': 'a', 'weight': null}, {'feature': 'b', 'weight': 0.1}]", "1. B (+)\n2. A"),
        ("[{'feature': 'a', 'weight': 'nan'::double}]", "1. A"),
        ("null::struct(feature varchar)[]", None),
        ("map {'a': 1, 'b': -3}", "1. B (-)\n2. A (+)"),
        ("""'["page_views", "b"]'""", "1. Page views\n2. B"),
        ("""'[{"feature": "a", "contribution": "0.5"}]'::json""", "1. A (+)"),
        ("'[]'", None),
    ],
)
def test_reasons_take_what_scoring_jobs_write(engine: Engine, factors: str, text: str) -> None:
    assert reasons(engine, factors) == text


def test_reasons_of_equal_weight_keep_their_order(engine: Engine) -> None:
    factors = ", ".join(f"{{'feature': '{name}', 'weight': 1.0}}" for name in "dbeac")
    assert reasons(engine, f"[{factors}]") == ("1. D (+)\n2. B (+)\n3. E (+)\n4. A (+)\n5. C (+)")


def test_reasons_of_the_real_pipeline_shape_are_computed_set_based(engine: Engine) -> None:
    """A scoring job's list of structs, in a table, with rows that have none."""
    table = """(values
        ([{'feature': 'sales_agent', 'value': 1.2, 'contribution': -0.3},
          {'feature': 'product_price', 'value': -0.4, 'contribution': 0.5}]), (null)) t(f)"""
    rows = engine.rows(f"select reasons(f, 2) from {table}")
    assert rows == [("1. Product price (+)\n2. Sales agent (-)",), (None,)]


def test_band_takes_up_to_eight_bands_with_or_without_a_rest(engine: Engine) -> None:
    pairs = ", ".join(f"'b{i}', {1 - i / 10}" for i in range(MOST_BANDS))
    assert engine.value(f"select band(0.35, {pairs})") == "b7"
    assert engine.value(f"select band(0.1, {pairs}, 'rest')") == "rest"
    assert engine.value(f"select band(null, {pairs}, 'rest')") is None


@pytest.mark.parametrize("call", ["band('nan'::double, 'Hot', 0.8)", "pct(62.5)", "pct(-0.1)"])
def test_a_value_that_makes_no_sense_fails_for_its_row(engine: Engine, call: str) -> None:
    """NaN is above everything for DuckDB: it would be the hottest of all."""
    assert engine.value(f"select try({{'v': {call}}})") is None
