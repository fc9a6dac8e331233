"""Bring a ledger's tables to the shape that this code knows: numbered steps, each run once.

A step is never changed after a release; a new shape is a new step. The SQL is what SQLite and
PostgreSQL have in common, but for `{serial}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.errors import LedgerError
from crm_sink.ledger.schema import PREFIX

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from crm_sink.clock import Clock
    from crm_sink.ledger.database import Database

STEPS = (
    (
        """create table crm_sink_runs (
            number {serial}, run text not null unique, mapping text not null,
            object text not null, kind text not null, state text not null,
            started timestamptz not null, ended timestamptz,
            source_rows bigint not null, skipped bigint not null, planned bigint not null,
            to_create bigint not null, to_update bigint not null, to_clear bigint not null,
            created bigint not null, updated bigint not null, cleared bigint not null,
            unchanged bigint not null, rejected bigint not null, conflicts bigint not null,
            failed bigint not null, api_calls bigint not null, uploaded_bytes bigint not null,
            api text, api_reason text, verdict text, released_by text, org text, error text,
            folder text not null, rejects_file text,
            jobs json not null, verdicts json not null, details json not null)""",
        "create index crm_sink_runs_by_mapping on crm_sink_runs (mapping, number)",
        """create table crm_sink_chunks (
            run text not null references crm_sink_runs (run), chunk integer not null,
            object text not null, action text not null, api text not null, state text not null,
            records bigint not null, ok bigint not null, failed bigint not null,
            fields json not null, ticket json, primary key (run, chunk))""",
        """create table crm_sink_leases (
            mapping text primary key, token text not null, run text not null,
            host text not null, place text not null, pid bigint not null,
            since timestamptz not null, beats bigint not null)""",
    ),
    ("alter table crm_sink_chunks add column attempt integer not null default 1",),
)
RECORD = f"{PREFIX}migrations"
SERIAL = {
    "sqlite": "integer primary key autoincrement",
    "postgresql": "bigint generated always as identity primary key",
}
# Two processes that open a new ledger at once take turns. Any number will do, if always the same.
LOCK = "select pg_advisory_xact_lock(4727656)"


def migrate(database: Database, clock: Clock, steps: tuple[tuple[str, ...], ...] = STEPS) -> None:
    """Run the steps that a ledger has not had, all in one transaction with their record.

    Raises:
        LedgerError: The ledger was made by a newer crm_sink, or a step failed.
    """
    with database.reading() as connection:
        version = _version(connection)
    if version < len(steps):
        with database.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(LOCK)
            version = _version(connection)
            for number, statements in enumerate(steps[version:], start=version + 1):
                _run(connection, number, statements, clock)
    if version > len(steps):
        raise LedgerError(
            f"the ledger has version {version}, and this crm_sink knows only {len(steps)}",
            where=database.place.shown,
            hint="pip install --upgrade crm_sink",
        )


def _version(connection: Connection) -> int:
    from sqlalchemy import inspect

    if not inspect(connection).has_table(RECORD):
        return 0
    return connection.exec_driver_sql(f"select max(number) from {RECORD}").scalar() or 0


def _run(connection: Connection, number: int, statements: tuple[str, ...], clock: Clock) -> None:
    from sqlalchemy import text

    connection.exec_driver_sql(
        f"create table if not exists {RECORD} (number integer primary key, made text not null)"
    )
    for statement in statements:
        connection.exec_driver_sql(statement.format(serial=SERIAL[connection.dialect.name]))
    record = text(f"insert into {RECORD} (number, made) values (:number, :made)")
    connection.execute(record, {"number": number, "made": clock.now().isoformat()})
