"""Turn the outcomes that the CRM refused into rejects, each with its reason and its cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crm_sink.crm.policy import Ruling
from crm_sink.engine import literal

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.engine import Engine, Relation

Judge = Callable[[str, str], Ruling]  # an error's code and message -> what to do about it


def save_refused(outcomes: Relation, judge: Judge, engine: Engine, into: Path) -> Relation:
    """Save a reject for each refused outcome.

    Args:
        outcomes: Table `outcomes`.
        judge: Tells the cure of an error code; asked once for each code.
        engine: Where to compute.
        into: The Parquet file for the rejects.
    """
    codes = engine.rows(
        f"select code, any_value(message) from {outcomes.scan()} where not ok group by code"
    )
    cures = " ".join(
        f"when {literal(str(code))} then {literal(judge(str(code), str(message)).hint)}"
        for code, message in codes
    )
    hint = f"case coalesce(code, 'None') {cures} end" if cures else "null"
    return engine.save(
        "select row, key, id, 'write' as stage, fields as field, cast(null as varchar) as value, "
        f"code, message, {hint} as hint, 1 as attempts "
        f"from {outcomes.scan()} where not ok",
        into,
    )
