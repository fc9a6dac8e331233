"""The steps between a CSV file and records: stage, judge, link, find twins, insert.

Rows lie in a temporary table `staged` (`n`, and one text column for each target); what is wrong
with them in `rejects`. Knows nothing of where targets come from.

Not imitated: triggers, validation rules, duplicate rules.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm_sink.emulator import ids
from crm_sink.emulator.seed import csv_values
from crm_sink.emulator.seed.deals import derived
from crm_sink.emulator.seed.team import owner
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

    from crm_sink.emulator.schema import ObjectType
    from crm_sink.emulator.seed.columns import Past
    from crm_sink.emulator.seed.csv_targets import Target
    from crm_sink.emulator.store import Store


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not taken: its number among the readable rows, the column and the reason."""

    row: int
    column: str
    value: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """How a file's texts are read.

    Attributes:
        date_format: As in strptime, `%m/%d/%Y` for US dates; None for ISO dates.
        defaults: Field → text that stands in for an empty cell.
        values: Field → value in the file → value in the org, as for stage names.
        delimiter: What stands between cells.
    """

    date_format: str | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    delimiter: str = ","


class Staging:
    """One file on its way into one object, inside one transaction."""

    def __init__(
        self,
        store: Store,
        cursor: duckdb.DuckDBPyConnection,
        target: ObjectType,
        found: list[Target],
        options: CsvOptions,
    ) -> None:
        self._store = store
        self._cursor = cursor
        self._target = target
        self._found = found
        self._options = options

    def read(self, path: Path) -> int:
        """Stage the file's rows and give how many it has, unreadable lines included."""
        headers = _headers(path, self._options.delimiter)
        self._check_columns(headers, path)
        columns = ", ".join(f"{literal(header)}: 'varchar'" for header in headers)
        # One reader and rejects of its own: rows keep their order, bad lines are not lost.
        source = (
            f"read_csv({literal(str(path))}, auto_detect = false, header = true, "
            f"columns = {{{columns}}}, delim = {literal(self._options.delimiter)}, "
            "quote = '\"', escape = '\"', parallel = false, store_rejects = true, "
            "rejects_table = 'reject_errors', rejects_scan = 'reject_scans')"
        )
        cells = ", ".join(f"{self._cell(one)} as c{k}" for k, one in enumerate(self._found))
        self._cursor.execute(
            f"create temp table staged as select row_number() over () as n, {cells} from {source}"
        )
        self._cursor.execute(
            'create temp table rejects (n bigint, "column" varchar, value varchar, reason varchar)'
        )
        self._cursor.execute(
            "insert into rejects select -line::bigint, coalesce(column_name, ''), null, "
            "'line ' || line || ' cannot be read: ' || error_type::varchar from reject_errors"
        )
        unread = self._number("select count(distinct line) from reject_errors")
        return self._number("select count(*) from staged") + unread

    def judge(self) -> None:
        """Note the cells that do not fit their field."""
        for k, one in enumerate(self._found):
            if one.parent is not None or one.is_owner:
                continue
            reason = csv_values.fault(one.field, f"c{k}", self._options.date_format)
            if not one.field.nillable and one.field.type != "boolean":
                reason = f"case when c{k} is null then 'required, but empty' else {reason} end"
            self._reject(one, f"select n, c{k} as value, {reason} as reason from staged")

    def link(self, past: Past) -> None:
        """Find the records that lookups lead to; owners who are missing are made."""
        self._cursor.execute("create temp table linked (k integer, text varchar, id varchar)")
        for k, one in enumerate(self._found):
            if one.is_owner:
                self._link_owners(k, past)
            elif one.parent is not None and one.key is not None:
                key = f"lower({name(one.key.name)})"
                live = "where not IsDeleted" if one.parent.find("IsDeleted") else ""
                only = "case when count(*) = 1 then min(Id) end"
                self._cursor.execute(
                    f"insert into linked select {k}, {key}, {only} "
                    f"from {name(one.parent.name)} {live} group by {key}"
                )
                missing = f"no {one.parent.name} has this {one.key.name}, or several have it"
                self._reject(
                    one,
                    f"select n, c{k} as value, case when c{k} is not null and id is null then "
                    f"{literal(missing)} end as reason from staged "
                    f"left join linked on k = {k} and text = lower(c{k})",
                )

    def find_twins(self) -> None:
        """Note rows whose unique value stands in an earlier row or in a record."""
        for k, one in enumerate(self._found):
            if not one.field.unique:
                continue
            value = f"c{k}" if one.field.case_sensitive else f"lower(c{k})"
            self._reject(
                one,
                f"select n, c{k} as value, case when row_number() over (partition by {value} "
                f"order by n) > 1 then 'the value stands in an earlier row' end as reason "
                f"from staged where c{k} is not null",
            )
            column = name(one.field.name)
            taken = column if one.field.case_sensitive else f"lower({column})"
            self._reject(
                one,
                f"select n, c{k} as value, 'a record has this value' as reason from staged "
                f"where {value} in (select {taken} from {name(self._target.name)})",
            )

    def insert(self, past: Past) -> int:
        """Insert the rows that nothing is wrong with and give how many."""
        good = "from staged where n not in (select n from rejects)"
        count = self._number(f"select count(*) {good}")
        if not count:
            return 0
        first = self._store.reserve(self._cursor, self._target.name, count)
        rows = f"select *, row_number() over (order by n) as place {good}"
        numbered = ids.numbered_sql(rows, self._target.key_prefix, f"{first - 1} + place")
        values, joins = self._values(past)
        selected = ", ".join(f"{sql} as {name(column)}" for column, sql in values.items())
        self._cursor.execute(
            f"insert into {name(self._target.name)} by name "
            f"select {selected} from ({numbered}) numbered {joins}"
        )
        return count

    def rejects(self, at_most: int) -> tuple[Reject, ...]:
        """Give the first rejects, one for each row, in the order of the file."""
        text = (
            'select n, "column", value, reason from rejects '
            "qualify row_number() over (partition by n) = 1 "
            f"order by abs(n) limit {at_most}"
        )
        return tuple(Reject(abs(row[0]), *row[1:]) for row in self._cursor.execute(text).fetchall())

    def _values(self, past: Past) -> tuple[dict[str, str], str]:
        """Give the SQL of each column of the new records, and the joins that it needs."""
        values, joins = self._system(past), ""
        for k, one in enumerate(self._found):
            if one.parent is not None or one.is_owner:
                joins += f" left join linked l{k} on l{k}.k = {k} and l{k}.text = lower(c{k})"
                fallback = literal(past.user_id) if one.is_owner else "null"
                values[one.field.name] = f"coalesce(l{k}.id, {fallback})"
            else:
                sql = csv_values.typed(one.field, f"c{k}", self._options.date_format)
                false = one.field.type == "boolean"
                values[one.field.name] = f"coalesce({sql}, false)" if false else sql
        if self._target.name == "Opportunity":
            amount = values.get("Amount", "null::double")
            more = derived(values["StageName"], amount, values["CloseDate"])
            values = {**more, **values}
        return values, joins

    def _system(self, past: Past) -> dict[str, str]:
        now = f"timestamp '{past.now:%Y-%m-%d %H:%M:%S}'"
        user = literal(past.user_id)
        given = {
            "Id": "new_id",
            "IsDeleted": "false",
            "OwnerId": user,
            "CreatedDate": now,
            "CreatedById": user,
            "LastModifiedDate": now,
            "LastModifiedById": user,
            "SystemModstamp": now,
        }
        defaults = {
            one.name: literal(one.default)
            for one in self._target.fields.values()
            if isinstance(one.default, str)
        }
        return {**defaults, **{key: sql for key, sql in given.items() if self._target.find(key)}}

    def _link_owners(self, k: int, past: Past) -> None:
        text = f"select distinct c{k} from staged where c{k} is not null order by 1"
        for (person,) in self._cursor.execute(text).fetchall():
            found = owner(self._store, self._cursor, person, past)
            self._cursor.execute("insert into linked values (?, lower(?), ?)", [k, person, found])

    def _cell(self, one: Target) -> str:
        """Give the SQL of a staged text: trimmed, replaced, with its default."""
        values = dict(self._options.values.get(one.field.name, {}))
        text = csv_values.replaced(f"nullif(trim({name(one.column)}), '')", values)
        default = self._options.defaults.get(one.field.name)
        return text if default is None else f"coalesce({text}, {literal(default)})"

    def _reject(self, one: Target, source: str) -> None:
        self._cursor.execute(
            f"insert into rejects select n, {literal(one.column)}, value, reason "
            f"from ({source}) where reason is not null"
        )

    def _check_columns(self, present: list[str], path: Path) -> None:
        missing = [one.column for one in self._found if one.column not in present]
        if missing:
            raise ValueError(
                f"{path} has no column {', '.join(missing)}; it has {', '.join(present)}"
            )

    def _number(self, text: str) -> int:
        row = self._cursor.execute(text).fetchone()
        return int(row[0]) if row else 0


def _headers(path: Path, delimiter: str) -> list[str]:
    """Read a file's header row; a byte order mark is no part of the first name."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        headers = next(csv.reader(file, delimiter=delimiter), [])
    if not headers or len(set(headers)) < len(headers):
        raise ValueError(f"{path} needs a header row of distinct names")
    return headers
