"""Refuses writes to objects that nobody may write: they are set up, or kept by the org itself.

Words: as people quote them for other such objects ("entity type cannot be inserted: Flow").

Not imitated: a user's rights on an object. Likely but not on record: the words for a delete of what
nobody may write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.emulator.describe.objects import READ_ONLY
from crm_sink.emulator.dml import staging
from crm_sink.emulator.dml.values import fault_sql
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.dml.staging import Write

CODE = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"


def check(cursor: duckdb.DuckDBPyConnection, write: Write) -> None:
    """Add a fault for each row, when the object may not be written at all."""
    if write.target.name not in READ_ONLY:
        return
    deed = "deleted" if write.deletes else "updated" if write.operation == "update" else "inserted"
    words = literal(f"entity type cannot be {deed}: {write.target.label}")
    # Nothing else is said of such a row.
    cursor.execute("delete from faults")
    cursor.execute(
        f"insert into faults select n, {staging.CALLER}, {fault_sql(CODE, words)} from stage"
    )
