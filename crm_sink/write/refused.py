"""Judge the outcomes that the CRM refused, and keep the final ones as rejects.

Judged in SQL, by code and message: a job may refuse a million rows, each in words of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from crm_sink.crm.policy import Rule, Rulebook
    from crm_sink.engine import Engine, Relation


def judged(outcomes: Relation, book: Rulebook, engine: Engine) -> str:
    """Give the SQL table of the refused outcomes, with what to do about each.

    Args:
        outcomes: Table `outcomes`.
        book: What the codes mean.
        engine: Where to compute.

    Returns:
        The columns of `outcomes`, and `fate` and `hint`.
    """
    found = engine.rows(f"select distinct code from {outcomes.scan()} where not ok")
    codes = sorted(str(code) for (code,) in found if code is not None)
    fate = _ruled(codes, book, lambda rule: rule.fate.value, book.unknown.fate.value)
    hint = _ruled(codes, book, lambda rule: rule.hint, book.unknown.hint)
    return f"(select *, {fate} as fate, {hint} as hint from {outcomes.scan()} where not ok)"


def _ruled(
    codes: Iterable[str], book: Rulebook, what: Callable[[Rule], str], otherwise: str
) -> str:
    cases = " ".join(
        f"when code = {literal(code)}{_fits(rule)} then {literal(what(rule))}"
        for code in codes
        for rule in book.of(code)
    )
    return f"case {cases} else {literal(otherwise)} end" if cases else literal(otherwise)


def _fits(rule: Rule) -> str:
    if not rule.pattern:
        return ""
    return f" and regexp_matches(coalesce(message, ''), {literal(rule.pattern)})"


def rejects_of(refused: str, attempts: int) -> str:
    """Give the query that makes rejects of judged outcomes.

    Args:
        refused: A table of `judged`.
        attempts: How often the rows were sent.
    """
    return (
        "select row, key, id, 'write' as stage, fields as field, cast(null as varchar) as value, "
        f"code, message, hint, {attempts} as attempts from {refused}"
    )


def save_rejects(refused: str, attempts: int, engine: Engine, into: Path) -> Relation:
    """Save a reject for each judged outcome."""
    return engine.save(rejects_of(refused, attempts), into)
