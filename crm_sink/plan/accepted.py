"""The changes of a run that the org accepted, out of its changes and outcomes.

To join a million wide changes to their outcomes takes half a minute and all the memory there is.
Nearly all were accepted, and an update knows its record's id: so it is asked first what there is to
be joined at all. Only the refused are looked up, and the ids of what was created.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from crm_sink.tables import same_change

if TYPE_CHECKING:
    from crm_sink.engine import Engine


def accepted(changes: str, outcomes: str, engine: Engine) -> str:
    """Give the SQL table of the accepted changes: the columns of table `changes`, and `created`.

    `id` is never null. `created` is false for a change that was to create a record and found one,
    and null where the answer was lost and nothing tells who made the record.

    Args:
        changes: The SQL table of a run's changes.
        outcomes: The SQL table of its outcomes: one for each change, or fewer when the run was
            stopped.
        engine: Tells what there is; a small temp table of the refused is left in it.
    """
    known, failed = engine.rows(f"select count(*), count(*) filter (not ok) from {outcomes}")[0]
    planned, creates = engine.rows(
        f"select count(*), count(*) filter (action = 'create') from {changes}"
    )[0]
    if known != planned:
        return _joined(changes, outcomes)
    conditions = ["c.action <> 'create'"] if creates else []
    if failed:
        conditions.append(_not_refused(outcomes, engine))
    where = f" where {' and '.join(conditions)}" if conditions else ""
    updates = f"select c.*, false as created from {changes} c{where}"
    if not creates:
        return f"({updates})"
    made = _joined(f"(from {changes} where action = 'create')", outcomes)
    return f"({updates} union all by name from {made})"


def _joined(changes: str, outcomes: str) -> str:
    return (
        "(select c.* replace (coalesce(o.id, c.id) as id), o.created "
        f"from {changes} c join (from {outcomes} where ok) o "
        f"on {same_change('c', 'o')})"
    )


def _not_refused(outcomes: str, engine: Engine) -> str:
    """Leave out the updates that the org refused. A table tells the planner how few they are."""
    table = f"refused_{sha256(outcomes.encode()).hexdigest()[:16]}"
    engine.run(
        f"create or replace temp table {table} as select chunk, id from {outcomes} where not ok"
    )
    return f"not exists (from {table} f where f.chunk = c.chunk and f.id = c.id)"
