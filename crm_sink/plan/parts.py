"""How many parts to compare in: as few as possible, each with a join that fits in memory.

A join that does not fit spills, and DuckDB then spends five times the CPU on it (measured: 1.8 and
9 seconds for a million rows of eight fields). A part reads both sides again, which costs a quarter
of a second a million rows.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

from crm_sink.engine import name
from crm_sink.plan.changes import cell_bytes
from crm_sink.plan.route import JOB_BYTES
from crm_sink.schema import TEXT_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.engine import Engine, Relation
    from crm_sink.plan.changes import FieldRule
    from crm_sink.schema import FieldSchema

SAMPLE_ROWS = 20_000
# What a row of a hash table costs beside its values: hash, pointer, id, match key, modified.
ROW_OVERHEAD = 120
# The share of memory that the hash table of one part may take; the rest is for the scans, the
# other side, and the rows that wait to be written.
SHARE = 0.35
MOST_PARTS = 64
MOST_UNGROUPED = 12


def parts_of(present: Relation, rules: Sequence[FieldRule], engine: Engine) -> int:
    """Give the number of parts in which to compare predictions with their records."""
    fields = [rule.field for rule in rules]
    width = ROW_OVERHEAD + sum(16 if field.type in TEXT_TYPES else 8 for field in fields)
    width += _characters(present, fields, engine)
    return _parts(width * present.rows, int(SHARE * engine.memory()))


def parts_for_jobs(desired: Relation, rules: Sequence[FieldRule], engine: Engine) -> int:
    """Give the number of parts of which each fits in one Bulk job, were every field written.

    The changes then need not be copied once more to be cut.
    """
    fields = [rule.field for rule in rules]
    width = 20 + sum(cell_bytes(field) for field in fields) + _characters(desired, fields, engine)
    return _parts(width * desired.rows, JOB_BYTES)


def parts_for_marks(records: int, fields: int, engine: Engine) -> int:
    """Give the number of parts of which each can hold so many records' marks of so many fields."""
    return _parts(records * (ROW_OVERHEAD + fields), int(SHARE * engine.memory()))


def groups_of(parts: int) -> int:
    """Give the number of groups into which to split both sides, before they are read by parts.

    Each part reads them from end to end. Above a dozen parts it is cheaper to copy them once more,
    in groups of a few parts each (measured: 10 million rows in 40 parts, 77 seconds of CPU instead
    of 130).
    """
    return isqrt(parts) if parts > MOST_UNGROUPED else 1


def _parts(needed: int, each: int) -> int:
    return max(1, min(MOST_PARTS, -(-needed // each)))


def _characters(relation: Relation, fields: Sequence[FieldSchema], engine: Engine) -> int:
    """Give the bytes of a row's texts, on average of the first rows."""
    texts = [name(field.name) for field in fields if field.type in TEXT_TYPES]
    if not texts:
        return 0
    lengths = " + ".join(f"coalesce(strlen({text}), 0)" for text in texts)
    sample = f"(from {relation.scan()} limit {SAMPLE_ROWS})"
    return int(engine.value(f"select avg({lengths}) from {sample}") or 0)
