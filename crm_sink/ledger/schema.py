"""The ledger's tables as SQLAlchemy Core knows them; `migrate` makes them.

Times are UTC: `timestamptz` in PostgreSQL, text in SQLite.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING

from crm_sink.ledger.contract import Totals

if TYPE_CHECKING:
    from sqlalchemy import Table

PREFIX = "crm_sink_"  # the database may be shared with others
TOTALS = tuple(field.name for field in fields(Totals))


@dataclass(frozen=True, slots=True)
class Tables:
    """The ledger's tables."""

    runs: Table
    chunks: Table
    leases: Table


@cache
def tables() -> Tables:
    """Describe the tables, on first use: importing SQLAlchemy takes long."""
    from sqlalchemy import JSON, BigInteger, Column, DateTime, Integer, MetaData, Table, Text

    data = MetaData()
    time = DateTime(timezone=True)
    runs = Table(
        f"{PREFIX}runs",
        data,
        Column("number", BigInteger, primary_key=True),  # the order in which runs began
        *(Column(name, Text) for name in ("run", "mapping", "object", "kind", "state")),
        Column("started", time),
        Column("ended", time),
        *(Column(name, BigInteger) for name in TOTALS),
        *(Column(name, Text) for name in ("api", "api_reason", "verdict", "released_by")),
        *(Column(name, Text) for name in ("org", "error", "folder", "rejects_file")),
        *(Column(name, JSON) for name in ("jobs", "verdicts", "details")),
    )
    chunks = Table(
        f"{PREFIX}chunks",
        data,
        Column("run", Text, primary_key=True),
        Column("chunk", Integer, primary_key=True),
        *(Column(name, Text) for name in ("object", "action", "api", "state")),
        *(Column(name, BigInteger) for name in ("records", "ok", "failed")),
        Column("attempt", Integer),
        *(Column(name, JSON(none_as_null=True)) for name in ("fields", "ticket")),
    )
    leases = Table(
        f"{PREFIX}leases",
        data,
        Column("mapping", Text, primary_key=True),
        *(Column(name, Text) for name in ("token", "run", "host", "place")),
        Column("pid", BigInteger),
        Column("since", time),
        Column("beats", BigInteger),
    )
    return Tables(runs, chunks, leases)
