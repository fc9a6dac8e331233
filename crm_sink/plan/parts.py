"""How many parts to compare in: as few as possible, each with a join that fits in memory.

A join that does not fit spills, and DuckDB then spends five times the CPU on it (measured: 1.8 and
9 seconds for a million rows of eight fields). A part reads both sides again, which costs a quarter
of a second a million rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import name
from crm_sink.schema import TEXT_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.engine import Engine, Relation
    from crm_sink.plan.changes import FieldRule

SAMPLE_ROWS = 20_000
# What a row of a hash table costs beside its values: hash, pointer, id, match key, modified.
ROW_OVERHEAD = 120
# The share of memory that the hash table of one part may take; the rest is for the scans, the
# other side, and the rows that wait to be written.
SHARE = 0.35
MOST_PARTS = 64


def parts_of(present: Relation, rules: Sequence[FieldRule], engine: Engine) -> int:
    """Give the number of parts in which to compare predictions with their records."""
    width = ROW_OVERHEAD
    texts = []
    for rule in rules:
        if rule.field.type in TEXT_TYPES:
            width += 16
            texts.append(f"coalesce(strlen({name(rule.field.name)}), 0)")
        else:
            width += 8
    if texts:
        average = engine.value(
            f"select avg({' + '.join(texts)}) from (from {present.scan()} limit {SAMPLE_ROWS})"
        )
        width += int(average or 0)
    needed = width * present.rows
    return max(1, min(MOST_PARTS, -(-needed // int(SHARE * engine.memory()))))
