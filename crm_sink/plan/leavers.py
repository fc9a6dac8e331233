"""Records that are no longer scored: ours by the ledger, and not in the predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.plan.parts import MOST_PARTS, SHARE

if TYPE_CHECKING:
    from crm_sink.engine import Engine
    from crm_sink.plan.written import Written

ROW_BYTES = 250  # an id, a key, an action, and what finding the newest of them costs


@dataclass(frozen=True, slots=True)
class Leaving:
    """How many records are no longer scored, of how many that carry our values."""

    records: int
    ours: int


def collect_leavers(
    written: Written,
    engine: Engine,
    *,
    spoken_of: str,
    rejected: str,
    key: str,
    among: str | None = None,
) -> Leaving:
    """Collect into temp table `leavers` (id, key) the records that are no longer scored.

    A record is a leaver only when the ledger shows that this mapping wrote it, and that its last
    write did not already clear it.

    Args:
        written: What earlier runs wrote.
        engine: Where to compute.
        spoken_of: A query of the ids that the predictions speak of.
        rejected: A query of the match keys of rejected rows: such a row is still a prediction.
        key: The SQL that makes a match key of column `key`.
        among: A query of the only ids to look at, or None for all.
    """
    chosen = f" and id in ({among})" if among else ""
    engine.run("create or replace temp table leavers (id varchar, key varchar)")
    parts = max(1, min(MOST_PARTS, -(-written.rows * ROW_BYTES // int(SHARE * engine.memory()))))
    for part in range(parts):
        some = f"hash(id) % {parts} = {part}"
        # One row more, without an id, tells how many are ours: to find them is most of the work.
        engine.run(
            "insert into leavers with ours as materialized (select * from ("
            "select id, arg_max(key, seq) as key, arg_max(action, seq) as action "
            f"from {written.table(some)} where live and not undo group by id) "
            "where action <> 'clear') "
            "select id, key from ours "
            f"where id not in (select id from ({spoken_of}) s where {some}) "
            f"and {key} not in ({rejected}){chosen} "
            "union all select null, cast(count(*) as varchar) from ours"
        )
    ours = engine.value("select sum(cast(key as bigint)) from leavers where id is null")
    engine.run("delete from leavers where id is null")
    return Leaving(int(engine.value("select count(*) from leavers")), int(ours))
