"""The most frequent error codes of a run, each with a count, an example and its cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_sink.engine import Relation
from crm_sink.report.masking import masked
from crm_sink.report.reading import reading

if TYPE_CHECKING:
    from crm_sink.engine import Engine
    from crm_sink.ledger.contract import Run

MOST = 5


def top_errors(rejects: Relation, engine: Engine, limit: int = MOST) -> list[dict[str, Any]]:
    """Group rejects by code, the most frequent first.

    Args:
        rejects: Table `rejects`.
        engine: Where to compute.
        limit: How many codes to give.

    Returns:
        For each code: code, count (lines of the reject file), stage, field (up to three, null
        for whole rows), message (an example without values of records), hint (the cure, or null).
    """
    rows = engine.rows(
        "select code, count(*) as lines, any_value(stage), "
        "array_to_string(list_sort(list(distinct field))[:3], ', '), "
        "arg_min(struct_pack(m := message, v := value, k := key), coalesce(row, -1)), "
        "arg_min(hint, coalesce(row, -1)) "
        f"from {rejects.scan()} group by code order by lines desc, code limit {int(limit)}"
    )
    return [
        {
            "code": code,
            "count": count,
            "stage": stage,
            "field": fields or None,
            "message": masked(example["m"] or "", example["v"], example["k"]),
            "hint": hint,
        }
        for code, count, stage, fields, example, hint in rows
    ]


def errors_of(run: Run) -> list[dict[str, Any]]:
    """Give a run's most frequent errors: as the ledger keeps them, or out of its reject file.

    The list is empty when nothing was rejected, or when the run's files were deleted.
    """
    kept = run.details.get("top_errors")
    if kept is not None:
        return [dict(error) for error in kept]
    path = run.folder / "rejects.parquet"
    if not run.totals.rejected or not path.is_file():
        return []
    with reading(run.folder) as engine:
        return top_errors(Relation(path.resolve(), run.totals.rejected), engine)
