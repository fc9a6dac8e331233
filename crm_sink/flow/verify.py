"""Verify: read back what a run wrote, and compare. Writes nothing, neither to the CRM nor to runs.

A difference need not be a fault: a person, a trigger or a later run may have changed the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from crm_sink.engine import Relation, open_engine
from crm_sink.flow.fields import field_at, written_fields
from crm_sink.flow.reading import read_records
from crm_sink.flow.trouble import computing
from crm_sink.flow.undo import require_rows, require_settled
from crm_sink.ledger.folder import RunFolder
from crm_sink.plan.readback import compared, differences, sampled
from crm_sink.report.verified import Difference

if TYPE_CHECKING:
    from crm_sink.engine import Engine
    from crm_sink.flow.context import Context
    from crm_sink.ledger.contract import Run

SAMPLE = 200  # records: one Collections call's worth, read in one SOQL call or two
MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Verified:
    """What reading back gave; figures are records."""

    run: str
    written: int
    checked: int
    equal: int
    different: int
    missing: int  # the record is gone
    differences: tuple[Difference, ...]  # the first few

    @property
    def is_equal(self) -> bool:
        """Whether every record that was checked holds what the run wrote."""
        return self.equal == self.checked


def verify(run: Run, context: Context, *, sample: int | None = SAMPLE) -> Verified:
    """Compare what a run wrote with what the records hold now.

    Args:
        run: The run.
        context: The parts.
        sample: How many records; None for all.

    Raises:
        UsageError: The run wrote nothing, or part of it is still on its way.
        NoSuchRun: Its files were deleted.
        CrmError: The org refused to be read.
    """
    require_settled(run, context.ledger)
    require_rows(run, context)
    source = RunFolder(context.home, run.run)
    with (
        TemporaryDirectory(prefix="crm-sink-") as place,
        computing(Path(place), runs=source.root.parent),
        open_engine(
            Path(place), sources=[source.root], memory_limit=context.memory_limit
        ) as engine,
    ):
        return _verify(run, context, engine, Path(place).resolve(), sample)


def _verify(
    run: Run, context: Context, engine: Engine, place: Path, sample: int | None
) -> Verified:
    source = RunFolder(context.home, run.run)
    schema = context.crm.describe(run.object)
    fields = [field_at(path, schema, context.crm) for path in written_fields(run, context.ledger)]
    changes, outcomes = Relation(source.changes, 0), Relation(source.outcomes, 0)
    query = sampled(changes, outcomes, fields, engine, most=sample)
    wrote = engine.save(query, place / "wrote.parquet")
    ids = f"select id as key from {wrote.scan()}"
    into = place / "present.parquet"
    present = read_records(run.object, fields, ids, crm=context.crm, engine=engine, into=into)
    marked = engine.save(compared(wrote, present, fields), place / "marked.parquet")
    counts = dict(engine.rows(f"select mark, count(*) from {marked.scan()} group by mark"))
    listed = engine.rows(differences(marked, fields, most=MOST_LISTED))
    return Verified(
        run=run.run,
        written=sum(chunk.ok for chunk in context.ledger.chunks(run.run)),
        checked=marked.rows,
        equal=int(counts.get("equal", 0)),
        different=int(counts.get("different", 0)),
        missing=int(counts.get("missing", 0)),
        differences=tuple(Difference(*row) for row in listed),
    )
