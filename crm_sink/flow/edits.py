"""What a person changed in a reject file, held against the rejects that it came from.

A line that was deleted is a reject that is not tried again. A `value` that was changed is what the
field shall hold; an emptied one clears it. A `key` that was changed (or the `value` of the key
field) is another record's. A line that is not of a rejected row is an error: rows that were
written are never touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crm_sink.engine import literal
from crm_sink.errors import UsageError
from crm_sink.report.printable import one_line
from crm_sink.source.reject_file import save_reject_file

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crm_sink.engine import Engine
    from crm_sink.schema import FieldSchema

WIDTH = 60  # characters of a value in an error


@dataclass(frozen=True, slots=True)
class Edits:
    """An edited reject file in the engine.

    Attributes:
        file: Its path, for errors.
        values: Temp table of changed values: line, row, field (as the mapping spells it), value.
        keys: Temp table of changed keys: line, row, key.
        rows: Temp table of all lines: line, row, key (of a row that is no longer scored).
    """

    file: Path
    values: str = "edited_values"
    keys: str = "edited_keys"
    rows: str = "edited_rows"

    def fault(self, line: int, message: str, hint: str | None = None) -> UsageError:
        """Give the error for a line of the file."""
        return UsageError(message, where=f"{self.file}:{line}", hint=hint)

    def refuse(self, engine: Engine, query: str, message: str, hint: str | None = None) -> None:
        """Raise when a query gives a row: a line, and perhaps a text for `{}`.

        Raises:
            UsageError: With the first such line.
        """
        found = engine.rows(f"select * from ({query}) as fault order by 1 limit 1")
        if found:
            line, *texts = found[0]
            for text in texts:
                message = message.replace("{}", one_line(str(text), WIDTH), 1)
            raise self.fault(int(line), message, hint)


def read_edits(
    file: Path,
    rejects: str,
    *,
    run: str,
    key: FieldSchema,
    fields: Iterable[str],
    engine: Engine,
    folder: Path,
) -> Edits:
    """Read an edited reject file and find out what was changed.

    Args:
        file: The CSV file.
        rejects: The SQL table of the run's rejects.
        run: The run, for errors.
        key: The field that is matched on.
        fields: The mapped fields.
        engine: Where the tables are made.
        folder: A folder of the new run, for the copy.

    Raises:
        UsageError: A line cannot be read, is of no rejected row, or contradicts another.
    """
    copy = folder / "edited-rejects.parquet"
    save_reject_file(file, copy)
    edits = Edits(file)
    engine.run(f"create temp table edited as from read_parquet({literal(str(copy))})")
    _check_rows(edits, rejects, run, engine)
    engine.run(f"create temp table {edits.rows} as select line, row, key from edited")
    _find_keys(edits, rejects, key, engine)
    _find_values(edits, rejects, key, fields, engine)
    return edits


def _check_rows(edits: Edits, rejects: str, run: str, engine: Engine) -> None:
    edits.refuse(
        engine,
        f"select line, row from edited where row is not null and row not in "
        f"(select row from {rejects} where row is not null)",
        f"row {{}} is not a reject of run {run}",
        "only rows that were rejected are tried again",
    )
    edits.refuse(
        engine,
        "select line from edited where row is null and key is distinct from null and key not in "
        f"(select key from {rejects} where row is null and key is not null)",
        f"this line has no row number, and is no reject of run {run}",
    )
    edits.refuse(
        engine,
        "select line from edited where row is null and key is null",
        "this line has neither a row number nor a key",
    )


def _find_keys(edits: Edits, rejects: str, key: FieldSchema, engine: Engine) -> None:
    """A key was changed where it is not the rejected row's, or where the key field's value was."""
    same = f"lower(e.field) = {literal(key.name.lower())}"
    known = f"(select row, lower(field) as field, value from {rejects})"
    engine.run(
        f"create temp table {edits.keys} as "
        f"select distinct on (row, key) line, row, key from ("
        f"select e.line, e.row, e.key from edited e where e.row is not null and not exists "
        f"(from {rejects} r where r.row = e.row and r.key is not distinct from e.key) "
        f"union all select e.line, e.row, trim(e.value) from edited e where {same} "
        f"and e.row is not null and not exists (from {known} r where r.row = e.row "
        "and r.field = lower(e.field) and r.value is not distinct from e.value)) order by line"
    )
    edits.refuse(
        engine,
        f"select line from {edits.keys} where key is null or key = ''",
        "the key was emptied",
        "delete the line to leave the row alone",
    )
    edits.refuse(
        engine,
        f"select max(line) from {edits.keys} group by row having count(*) > 1",
        "the row was given two keys",
    )


def _find_values(
    edits: Edits, rejects: str, key: FieldSchema, fields: Iterable[str], engine: Engine
) -> None:
    mapped = ", ".join(f"({literal(field)})" for field in fields)
    known = f"(select row, lower(field) as field, value from {rejects})"
    changed = (
        "select e.line, e.row, e.field, e.value from edited e where e.field is not null "
        f"and lower(e.field) <> {literal(key.name.lower())} and not exists (from {known} r "
        "where r.row is not distinct from e.row and r.field = lower(e.field) "
        "and r.value is not distinct from e.value)"
    )
    edits.refuse(
        engine,
        f"select line, field from ({changed}) where row is null",
        "{} of a record that is no longer scored cannot be given a value",
    )
    edits.refuse(
        engine,
        f"select line, field from ({changed}) "
        f"where lower(field) not in (select lower(f) from (values {mapped}) m(f))",
        "{} is not a field of the mapping",
        "one line for each field, named as the mapping names it",
    )
    engine.run(
        f"create temp table {edits.values} as select min(c.line) as line, c.row, m.f as field, "
        f"c.value from ({changed}) c join (values {mapped}) m(f) on lower(m.f) = lower(c.field) "
        "group by c.row, m.f, c.value"
    )
    edits.refuse(
        engine,
        f"select max(line), field from {edits.values} group by row, field having count(*) > 1",
        "{} was given two values for one row",
    )
