"""Predictions from a SQL query: fetched in batches through SQLAlchemy, copied to Parquet.

The query runs in a read-only transaction where the database knows one, and nothing is committed.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_sink.errors import SourceError
from crm_sink.ledger.address import Place, place_of, read_url
from crm_sink.source.columns import check_names
from crm_sink.source.copying import BatchCopy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from sqlalchemy import URL, CursorResult

    from crm_sink.engine import Engine
    from crm_sink.source.locate import Located

BATCH_ROWS = 50_000
BATCH_CELLS = 500_000  # a wide table has smaller batches
READ_ONLY = {
    "sqlite": "pragma query_only = on",
    "mysql": "set session transaction read only",
    "mariadb": "set session transaction read only",
}
# What PostgreSQL calls a type (pg_type.oid), so that a column of nulls has one too.
POSTGRES_TYPES = {
    16: "bool", 20: "int64", 21: "int64", 23: "int64", 25: "string", 700: "double",
    701: "double", 1043: "string", 1082: "date32",
}  # fmt: skip
# How a driver's reason begins when there is no database to ask, or no more.
UNREACHED = (
    "connection failed", "connection is bad", "connection timeout", "failed to resolve host",
    "server closed the connection", "terminating connection", "consuming input failed",
)  # fmt: skip
DRIVERS_HINT = "pip install the driver, such as 'crm_sink[postgres]'"


def sql_query(located: Located, engine: Engine, folder: Path) -> tuple[str, int]:
    """Give the query that reads the copy of a query's result, and how many rows it has.

    Raises:
        SourceError: The database cannot be reached, refuses the query, or gives a column whose
            values do not go together.
    """
    url = read_url(located.url)
    if url is None:
        raise SourceError(
            "the variable does not hold a database URL",
            where=located.shown,
            hint="postgresql://user:password@host/database",
        )
    _require_file(url, located.shown)
    with _result(located, url) as result:
        names = list(result.keys())
        check_names(names, located.shown)
        size = min(BATCH_ROWS, max(1_000, BATCH_CELLS // len(names)))
        with BatchCopy(names, _first_types(result), folder, located.shown) as copy:
            for rows in result.partitions(size):
                copy.write(rows)
    return copy.query(engine), copy.rows


@contextmanager
def _result(located: Located, url: URL) -> Iterator[CursorResult[Any]]:
    """Run the query with a cursor that holds its rows in the database."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
    from sqlalchemy.pool import NullPool

    options: dict[str, Any] = {"stream_results": True, "no_parameters": True}
    if url.get_backend_name() == "postgresql":
        options["postgresql_readonly"] = True
    try:
        database = create_engine(url, poolclass=NullPool)
        with database.connect() as connection:
            guard = READ_ONLY.get(url.get_backend_name())
            if guard is not None:
                connection.exec_driver_sql(guard)
                connection.rollback()
            connection = connection.execution_options(**options)
            result = connection.exec_driver_sql(located.query.strip().rstrip(";"))
            if not result.returns_rows:
                raise SourceError(
                    "the query gives no rows", where=located.shown, hint="write a SELECT"
                )
            try:
                yield result
            finally:
                result.close()
    except (ImportError, NoSuchModuleError) as error:
        raise SourceError(
            f"the database's driver is not installed: {error}",
            where=located.shown,
            hint=DRIVERS_HINT,
        ) from error
    except SQLAlchemyError as error:
        raise _refused(error, located.shown, place_of(url)) from None


def _require_file(url: URL, shown: str) -> None:
    """Refuse a SQLite file that is not there: SQLite would make an empty one."""
    file = url.database
    if url.get_backend_name() != "sqlite" or file in {None, "", ":memory:"}:
        return
    if not Path(str(file)).is_file():
        raise SourceError(
            f"there is no file {file}", where=shown, hint="check the path in the variable"
        )


def _refused(error: Exception, shown: str, place: Place) -> SourceError:
    """Quote a driver's reason up to the value that it may quote itself."""
    reason = place.clean(str(getattr(error, "orig", None) or error))
    for quoting in (" with text ", "LINE 1:", "DETAIL:", ": '"):
        reason = reason.partition(quoting)[0].strip()
    if "syntax for type" in reason:  # PostgreSQL goes on with the value
        reason = reason.partition(": ")[0]
    hint = "run the query there by hand"
    if reason.startswith(UNREACHED):
        hint = "check the URL in the variable, and that the database runs"
    return SourceError(f"{place.shown}: {reason}", where=shown, hint=hint)


def _first_types(result: CursorResult[Any]) -> list[pa.DataType]:
    """Give the types that the database itself tells, null where it does not."""
    import pyarrow as pa

    described = result.cursor.description if result.cursor is not None else []
    postgres = result.context.dialect.name == "postgresql"
    codes: list[Any] = [one[1] for one in described or []]
    told = [POSTGRES_TYPES.get(code) if postgres else None for code in codes]
    return [pa.type_for_alias(kind) if kind else pa.null() for kind in told]
