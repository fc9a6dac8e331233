"""What a run wrote, held against what the records hold now: SQL for `verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.engine import literal, name
from crm_sink.plan.accepted import accepted
from crm_sink.plan.differ import differs
from crm_sink.tables import sql_type, text_of, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.engine import Engine, Relation
    from crm_sink.schema import FieldSchema


def sampled(
    changes: Relation,
    outcomes: Relation,
    fields: Sequence[FieldSchema],
    engine: Engine,
    *,
    most: int | None,
) -> str:
    """Give the query of what a run wrote: key, id, action, F and "F.write".

    Args:
        changes: Table `changes`.
        outcomes: Table `outcomes`.
        fields: The fields that the run wrote.
        engine: Tells which changes were refused.
        most: How many records, chosen by the hash of their ids; None for all.
    """
    columns = "".join(
        f", try_cast({name(field.name)} as {sql_type(field)}) as {name(field.name)}, "
        f"{write(field.name)}"
        for field in fields
    )
    limit = "" if most is None else f" order by hash(id) limit {most}"
    table = accepted(changes.scan(), outcomes.scan(), engine)
    return f"select key, id, action{columns} from {table}{limit}"


def compared(wrote: Relation, present: Relation, fields: Sequence[FieldSchema]) -> str:
    """Give the query that marks each record: equal, different or missing.

    A record that the run deleted is equal when it is gone.

    Columns: key, id, mark; F, "F.present" and "F.differs" for each field.
    """
    columns = "".join(
        f", w.{name(field.name)}, p.{name(field.name)} as {_present(field)}, "
        f"(w.{write(field.name)} and "
        f"{differs(field, f'w.{name(field.name)}', f'p.{name(field.name)}')}) as {_differs(field)}"
        for field in fields
    )
    some = " or ".join(_differs(field) for field in fields) or "false"
    return (
        "select *, case when action = 'delete' then if(gone, 'equal', 'different') "
        f"when gone then 'missing' when {some} then 'different' else 'equal' end as mark "
        f"from (select w.key, w.id, w.action, p.id is null as gone{columns} "
        f"from {wrote.scan()} w left join {present.scan()} p on p.match_key = left(w.id, 15))"
    )


def differences(marked: Relation, fields: Sequence[FieldSchema], *, most: int) -> str:
    """Give the query of what differs: key, id, field (null: the whole record), written, present."""
    parts = [
        f"select key, id, {literal(field.name)} as field, "
        f"{text_of(field, name(field.name))} as written, {text_of(field, _present(field))} "
        f"as present from {marked.scan()} where mark = 'different' and {_differs(field)}"
        for field in fields
    ]
    parts.append(
        "select key, id, null as field, if(action = 'delete', 'deleted', 'record') as written, "
        f"if(gone, 'no record', 'record') as present from {marked.scan()} "
        "where mark = 'missing' or (mark = 'different' and action = 'delete')"
    )
    return f"select * from ({' union all '.join(parts)}) order by key, id, field limit {most}"


def _present(field: FieldSchema) -> str:
    return name(f"{field.name}.present")


def _differs(field: FieldSchema) -> str:
    return name(f"{field.name}.differs")
