"""The query of a transform, in layers: evaluated, coerced, judged.

Each layer names what the one below computed, so that an expression stands in the query once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink import tables
from crm_sink.engine import moment, name
from crm_sink.mapping.sql.form import in_brackets
from crm_sink.transform.fit.kinds import Kind

if TYPE_CHECKING:
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.transform.columns import Column


# A limit that is never reached. Without it DuckDB moves a condition on the codes down through the
# layers, where it is computed anew from every expression: eighteen seconds instead of one.
NO_LIMIT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Layers:
    """SQL over the predictions.

    Attributes:
        columns: The key's column, then one for each field.
        table: The predictions.
        when: The condition in brackets, or None.
        newest: SQL for a time or number by which the newest of twins is told, null where a row
            has none; None to reject twins.
    """

    columns: tuple[Column, ...]
    table: str
    when: str | None
    newest: str | None

    @property
    def key(self) -> Column:
        """The key's column."""
        return self.columns[0]

    def keyed(self) -> str:
        """Give a query for `row`, `match`, `met` and `newest` of every prediction."""
        inner = self._coerced((self.key,), extra=self.newest or "null")
        met = "(__w is null or coalesce(__w.v, false))" if self.when else "true"
        return (
            f"select __row as row, {self._match_key()} as match, {met} as met, "
            f"__extra as newest from ({inner}) limit {NO_LIMIT}"
        )

    def judged(self) -> str:
        """Give a query for every prediction that meets `when`.

        Columns: `__row`; `__key` and `__match`; `__e0`, `__c0`, `__x0` of the key, and so on for
        each field; `__xw`, the reject's code of `when`.
        """
        inner = self._coerced(self.columns, extra="null")
        codes = [f"{_code(column)} as {column.x}" for column in self.columns]
        failed = "case when __w is null then 'CONDITION_FAILED' end" if self.when else "null"
        text = tables.text_of(self.key.field, self.key.c)
        query = (
            f"select *, {text} as __key, {self._match_key()} as __match, {failed} as __xw, "
            f"{', '.join(codes)} from ({inner})"
        )
        met = " where __w is null or __w.v" if self.when else ""
        return f"{query}{met} limit {NO_LIMIT}"

    def bad(self) -> str:
        """Give the condition under which a judged row has some field at fault."""
        codes = ["__xw"] if self.when else []
        codes += [column.x for column in self.columns]
        return "not (" + " and ".join(f"{code} is null" for code in codes) + ")"

    def _coerced(self, columns: tuple[Column, ...], *, extra: str) -> str:
        evaluated = [f"{_attempt(column)} as {column.e}" for column in columns]
        if self.when:
            evaluated.append(f"try({{'v': cast({self.when} as boolean)}}) as __w")
        inner = f"select __row, {extra} as __extra, {', '.join(evaluated)} from {self.table}"
        values = [f"{column.coercion.value} as {column.c}" for column in columns]
        return f"select *, {', '.join(values)} from ({inner})"

    def _match_key(self) -> str:
        text = tables.text_of(self.key.field, self.key.c)
        return tables.match_key(self.key.field, text)


def layers_of(
    loaded: LoadedMapping, columns: list[Column], *, table: str, kinds: dict[str, str]
) -> Layers:
    """Lay out the query of a mapping; `kinds` has the DuckDB type of each prediction column."""
    mapping = loaded.mapping
    twins = mapping.match.twins
    return Layers(
        columns=tuple(columns),
        table=table,
        when=in_brackets(mapping.when) if mapping.when is not None else None,
        newest=None if twins == "reject" else _newness(twins.newest, kinds),
    )


def _newness(column: str, kinds: dict[str, str]) -> str:
    """Give SQL for how new a row is: NaN and the infinities, greatest of all, tell nothing.

    Text is read as a time, as by the freshness gate: in the order of text `9` comes after `10`.
    """
    kind = {known.lower(): kind.upper() for known, kind in kinds.items()}.get(column.lower(), "")
    value = name(column)
    if kind.startswith("VARCHAR"):
        value = moment(value)
    elif not kind.startswith(("TIMESTAMP", "DATE", "FLOAT", "DOUBLE")):
        return value
    return f"case when isfinite({value}) then {value} end"


def _attempt(column: Column) -> str:
    """Give SQL for `{'v': value}`, or null when the expression raised an error.

    The struct tells an error from an expression that is null. What counts as text is text from here
    on: a UUID knows no `trim`.
    """
    sql = f"cast({column.sql} as varchar)" if column.kind is Kind.TEXT else column.sql
    return f"try({{'v': {sql}}})"


def _code(column: Column) -> str:
    code = column.coercion.code
    if column.number == 0:
        code = f"coalesce({code}, case when {column.c} is null then 'KEY_MISSING' end)"
    return f"case when {column.e} is null then 'EXPRESSION_FAILED' else {code} end"
