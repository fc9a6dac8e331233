"""Rows whose texts fit each its field, and together not into a row of a Bulk job.

One such row would fail its whole job, and every row with it. Only where several long texts are
mapped can there be one; elsewhere nothing is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink import tables
from crm_sink.engine import literal, name
from crm_sink.schema import TEXT_TYPES
from crm_sink.transform.fit.coercion import Words

if TYPE_CHECKING:
    from crm_sink.engine import Relation
    from crm_sink.transform.layers import Layers

# "400,000 characters for a record" (Bulk API 2.0 guide, "Prepare CSV Files").
LONGEST_ROW = 400_000
OTHER_CELL = 40  # a number, a time, an id: no longer than this with its comma
SIGNS = 3  # two quotes and a comma

ROW_TOO_LONG = Words(
    "the texts of this row have more than 400,000 characters together, and no Bulk job takes it",
    "Map fewer long texts, or shorten them: left(x, 100000).",
)


def long_rows(layers: Layers) -> str | None:
    """Give the condition on table `desired` under which a row is too long; None if none can be."""
    texts = [column.field for column in layers.columns[1:] if column.field.type in TEXT_TYPES]
    room = LONGEST_ROW - OTHER_CELL * (len(layers.columns) - len(texts))
    longest = [field.length or LONGEST_ROW for field in texts]
    if sum(longest) + SIGNS * len(texts) <= room:
        return None
    sizes = [f"coalesce(length({name(field.name)}), 0) + {SIGNS}" for field in texts]
    return f"({' + '.join(sizes)}) > {room}"


def rejects_of_long_rows(desired: Relation, condition: str) -> str:
    """Give the query of table `rejects` of the rows that are too long."""
    values = {
        "row": "row",
        "key": "key",
        "stage": "'transform'",
        "code": "'ROW_TOO_LONG'",
        "message": literal(ROW_TOO_LONG.message),
        "hint": literal(ROW_TOO_LONG.hint),
        "attempts": "0",
    }
    listed = ", ".join(
        f"cast({values.get(column, 'null')} as {kind}) as {name(column)}"
        for column, kind in tables.REJECTS.items()
    )
    return f"select {listed} from {desired.scan()} where {condition}"
