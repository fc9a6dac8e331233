"""Who changed the records of a conflict, and when: read from the org, for those records alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crm_sink.engine import Relation, name
from crm_sink.errors import CrmError
from crm_sink.flow.reading import read_records
from crm_sink.schema import FieldSchema, FieldType

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.crm.contract import Crm
    from crm_sink.engine import Engine
    from crm_sink.schema import ObjectSchema

BY, AT = "LastModifiedById", "LastModifiedDate"
NAME = FieldSchema("Name", FieldType.STRING, length=121)
# A user without the permission to see users still gets the ids.
UNSEEN = frozenset({"INVALID_TYPE", "INVALID_FIELD", "INSUFFICIENT_ACCESS", "NOT_FOUND"})


def tell_editors(conflicts: Path, schema: ObjectSchema, crm: Crm, engine: Engine) -> None:
    """Fill in `changed_by` and `changed_at` of table `conflicts`.

    Salesforce tells who changed a record last, not who changed a field: it is the best there is
    without field history.
    """
    by, at = schema.find(BY), schema.find(AT)
    if by is None or at is None:
        return
    table = Relation(conflicts, 0).scan()
    ids = f"select distinct id as key from {table}"
    edited, editors = (conflicts.with_name(f"{kind}.parquet") for kind in ("edited", "editors"))
    records = read_records(schema.name, (by, at), ids, crm=crm, engine=engine, into=edited)
    known = f"(select id, {BY} as editor, {AT} as moment from {records.scan()})"
    users = _users(f"select distinct editor as key from {known}", crm, engine, editors)
    new = conflicts.with_name(f"new-{conflicts.name}")
    engine.save(
        f"select c.* replace (coalesce(u.{name('Name')}, k.editor) as changed_by, "
        f"k.moment as changed_at) from {table} c left join {known} k on k.id = c.id "
        f"left join {users} u on u.match_key = left(k.editor, 15)",
        new,
    )
    os.replace(new, conflicts)
    for file in (edited, editors):
        file.unlink(missing_ok=True)


def _users(ids: str, crm: Crm, engine: Engine, into: Path) -> str:
    try:
        return read_records("User", (NAME,), ids, crm=crm, engine=engine, into=into).scan()
    except CrmError as error:
        if error.code not in UNSEEN:
            raise
        return f"(select null::varchar as match_key, null::varchar as {name('Name')} where false)"
