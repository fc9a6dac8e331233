"""Whether a mapping's `when` fits the prediction columns: told of the mapping, before any row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.mapping.problem import Problem
from crm_sink.mapping.sql.form import in_brackets
from crm_sink.transform.columns import kind_in
from crm_sink.transform.fit.coercion import Words
from crm_sink.transform.fit.kinds import NUMBERS, Kind

if TYPE_CHECKING:
    from crm_sink.engine import Engine
    from crm_sink.mapping.model import LoadedMapping

TRUTHS = NUMBERS | {Kind.BOOLEAN, Kind.TEXT, Kind.NULL}


def condition_problems(loaded: LoadedMapping, *, table: str, engine: Engine) -> list[Problem]:
    """Give what is wrong with `when`: it cannot be bound to the columns, or is no condition.

    Args:
        loaded: The mapping.
        table: The predictions, for their columns' types; no row is read.
        engine: Opened with `macros.MACROS`.
    """
    if loaded.mapping.when is None:
        return []
    kind = kind_in(in_brackets(loaded.mapping.when), table, engine)
    if isinstance(kind, Words):
        return [Problem(loaded.file, *loaded.place("when"), kind.message, kind.hint)]
    if kind in TRUTHS:
        return []
    message = f"when is true or false, but the expression gives {kind}"
    return [Problem(loaded.file, *loaded.place("when"), message, "Compare it: x is not null.")]
