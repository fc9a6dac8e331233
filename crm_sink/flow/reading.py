"""Read what the org holds now, for the keys of a batch and for the records that left it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.crm.contract import Api, Read
from crm_sink.match.route import ReadRoute, read_route
from crm_sink.schema import FieldSchema, FieldType

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from crm_sink.crm.contract import Crm
    from crm_sink.engine import Engine, Relation
    from crm_sink.flow.destination import Destination

ID = FieldSchema(name="Id", type=FieldType.ID, label="Record ID", length=18, id_lookup=True)


def read_present(
    destination: Destination, desired: Relation, crm: Crm, engine: Engine, into: Path
) -> tuple[Relation, ReadRoute]:
    """Read the present values of the records that a batch speaks of (table `present`).

    Returns:
        The records, and the way they were read. A Bulk query reads every record that has a key.
    """
    route = read_route(desired.rows)
    keys = None
    if route.api is Api.SOQL:
        keys = engine.save(f"select key from {desired.scan()}", into.with_name("keys.parquet"))
    query = Read(
        object=destination.schema.name,
        key=destination.key,
        fields=(*destination.fields.values(), *destination.extras),
        keys=keys,
        api=route.api,
    )
    present = crm.read(query, engine, into)
    if keys is not None:
        keys.path.unlink()
    return present, route


def read_leavers(destination: Destination, crm: Crm, engine: Engine, into: Path) -> Relation:
    """Read, by Id, the records in temp table `leavers` (table `present`)."""
    fields = (*destination.fields.values(), *destination.extras)
    return read_records(
        destination.schema.name,
        fields,
        "select id as key from leavers",
        crm=crm,
        engine=engine,
        into=into,
    )


def read_records(
    object_name: str,
    fields: Iterable[FieldSchema],
    values: str,
    *,
    crm: Crm,
    engine: Engine,
    into: Path,
    by: FieldSchema = ID,
) -> Relation:
    """Read records by their ids, or by the values of another field (table `present`).

    Args:
        object_name: Their object.
        fields: What to read.
        values: A query of distinct ids, or of values of that field, as column `key`.
        crm: The org.
        engine: Where the values are.
        into: The Parquet file.
        by: The other field.
    """
    keys = engine.save(values, into.with_name(f"keys-{into.name}"))
    query = Read(object_name, by, tuple(fields), keys, read_route(keys.rows).api)
    present = crm.read(query, engine, into)
    keys.path.unlink()
    return present
