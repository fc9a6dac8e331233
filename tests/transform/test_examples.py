"""A mapping's examples go through the same queries as a run; what differs is a problem."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crm_sink.mapping.load import load_mapping, loads
from crm_sink.mapping.resolve import resolve
from crm_sink.transform.examples import run_examples

if TYPE_CHECKING:
    from crm_sink.engine import Engine

HEAD = """\
object: Lead
match: {external_id: K__c, column: k}
when: score is null or score >= 0
fields:
  Score__c: {value: round(100 * score), type: "Number(3, 0)"}
  Reasons__c: {value: "reasons(factors, 2)", type: LongTextArea(1024)}
  At__c: {value: scored_at, type: DateTime}
  Tags__c: {value: tags, type: "MultiselectPicklist(A, B)"}
  Open__c: {value: "coalesce(score > 0.5, false)", type: Checkbox}
examples:
"""
COLUMNS = {
    "k": "VARCHAR",
    "score": "DOUBLE",
    "factors": 'STRUCT(feature VARCHAR, "value" DOUBLE, contribution DOUBLE)[]',
    "scored_at": "TIMESTAMP WITH TIME ZONE",
    "tags": "VARCHAR[]",
}


def told(engine: Engine, examples: str, columns: dict[str, str] | None = None) -> list[str]:
    loaded, problems = loads(HEAD + examples, file="m.yaml", name="m")
    assert loaded is not None, problems
    fields, key = resolve(loaded, None, {})
    found = run_examples(loaded, fields, key, engine, columns=columns)
    return [str(problem).removeprefix("m.yaml:") for problem in found]


@pytest.mark.parametrize("columns", [COLUMNS, None], ids=["typed", "guessed"])
@pytest.mark.parametrize(
    "example",
    [
        "{given: {k: a, score: 0.83}, expect: {Score__c: 83, Open__c: true}}",
        "{given: {score: 0.83}, expect: {score__c: 83.0}}",
        "{given: {k: a}, expect: {Score__c: null, Reasons__c: null, Open__c: false}}",
        "{given: {scored_at: 2026-11-20T07:00:00+01:00}, expect: {At__c: 2026-11-20T06:00:00Z}}",
        "{given: {scored_at: 2026-11-20 07:00 +0100}, expect: {At__c: 2026-11-20 06:00 UTC}}",
        "{given: {tags: [B, A]}, expect: {Tags__c: A;B}}",
        "{given: {tags: [B, A]}, expect: {Tags__c: [B, A]}}",
        "{given: {factors: [{feature: a_b, contribution: 1.0}]}, expect: {Reasons__c: 1. A b (+)}}",
        "{given: {factors: [{feature: a, contribution: 1.0}, {feature: b, value: 2.0}]}, "
        'expect: {Reasons__c: "1. B (+)\\n2. A (+)"}}',
        "{given: {score: .nan}, reject: Score__c}",
        "{given: {tags: [C]}, reject: tags__c}",
    ],
)
def test_an_example_that_holds(
    engine: Engine, example: str, columns: dict[str, str] | None
) -> None:
    assert told(engine, f"  - {example}\n", columns) == []


@pytest.mark.parametrize(
    ("example", "problem"),
    [
        (
            "{given: {score: 0.83}, expect: {Score__c: 84}}",
            "11:37  Score__c is 83, but 84 is expected",
        ),
        (
            "{given: {score: 0.83}, expect: {Score__c: null}}",
            "11:37  Score__c is 83, but empty is expected",
        ),
        (
            "{given: {score: 0.83}, expect: {At__c: yesterday}}",
            "11:37  At__c can never be 'yesterday'",
        ),
        (
            "{given: {score: 83}, expect: {Score__c: 83}}",
            "11:5  the example is rejected for Score__c: Score__c holds at most 3 digits",
        ),
        (
            "{given: {scored_at: yesterday}, expect: {At__c: null}}",
            "11:14  column scored_at is TIMESTAMP WITH TIME ZONE in the source, and cannot be 'yes",
        ),
        ("{given: {score: -1}, expect: {Score__c: 1}}", "11:5  the example does not meet `when`"),
        ("{given: {score: -1}, reject: Score__c}", "11:26  the example does not meet `when`, so"),
        (
            "{given: {score: 0.5}, reject: Score__c}",
            "11:27  the example is not rejected, but should be for Score__c",
        ),
        (
            "{given: {tags: [C]}, reject: Score__c}",
            "11:26  the example is rejected for Tags__c, not for Score__c",
        ),
    ],
)
def test_an_example_that_does_not_hold_is_a_problem_at_its_place(
    engine: Engine, example: str, problem: str
) -> None:
    (found,) = told(engine, f"  - {example}\n", COLUMNS)
    assert found.startswith(problem)


def test_a_column_that_the_source_has_not_is_a_problem(engine: Engine) -> None:
    (found,) = told(engine, "  - {given: {scor: 1}, expect: {Score__c: 1}}\n", COLUMNS)
    assert found == "11:14  the source has no column scor. Did you mean score?"


def test_with_the_sources_columns_types_are_checked_without_any_example(engine: Engine) -> None:
    naive = {**COLUMNS, "scored_at": "TIMESTAMP"}
    (found,) = told(engine, "  - {given: {score: 1}, expect: {Score__c: 100}}\n", naive)
    assert found.startswith("7:11  Lead.At__c is a date and time, but the expression gives a times")


@pytest.mark.parametrize("name", ["lead_score", "churn_risk", "next_best_offer"])
def test_the_mappings_that_we_ship_pass_their_own_examples(engine: Engine, name: str) -> None:
    path = Path(__file__).parents[2] / "mappings" / f"{name}.yaml"
    loaded, problems = load_mapping(path)
    assert loaded is not None, problems
    assert len(loaded.mapping.examples) >= 3
    fields, key = resolve(loaded, None, {})
    assert run_examples(loaded, fields, key, engine) == []


def test_an_example_has_the_text_that_a_csv_file_would_have(engine: Engine) -> None:
    """A run writes the version 1.10 as it stands in the file, though the column is a number."""
    text = (
        "object: Lead\nsource: {csv: p.csv}\nmatch: {external_id: K__c, column: k}\n"
        'fields:\n  V__c: {value: v, type: Text(9)}\n  N__c: {value: v, type: "Number(3, 1)"}\n'
        "examples: [{given: {v: '1.10'}, expect: {V__c: '1.10', N__c: 1.1}}]\n"
    )
    loaded, _ = loads(text, file="m.yaml", name="m")
    assert loaded is not None
    fields, key = resolve(loaded, None, {})
    columns = {"k": "VARCHAR", "v": "DOUBLE"}
    assert run_examples(loaded, fields, key, engine, columns=columns) == []
