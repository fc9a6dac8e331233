"""Which records a query names by their keys, so that they need not be looked for in a whole table.

A query does so by `Id = '...'`, `Id IN (...)` or the same of a unique text field, which stands
alone in its WHERE or is joined to the rest by AND. Knows nothing of where the records are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.soql.tree import Compare, Every, Path
from crm_sink.emulator.soql.values import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crm_sink.emulator.schema import Field
    from crm_sink.emulator.soql.scope import Scope
    from crm_sink.emulator.soql.tree import Condition, Query


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of all records that a query can find: as they are compared, each once."""

    field: Field
    texts: tuple[str, ...]


def named(query: Query, scope: Scope) -> Keys | None:
    """Give the keys that a translated query names its records by; None when it does not.

    Deleted records may have the keys of others: a query that sees them names none.
    """
    if query.where is None or query.all_rows or scope.statement.reading.all_rows:
        return None
    found = [keys for one in _joined(query.where) if (keys := _keys(one, scope)) is not None]
    return min(found, key=lambda keys: len(keys.texts), default=None)


def _joined(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, Every):
        for one in condition.conditions:
            yield from _joined(one)
    else:
        yield condition


def _keys(condition: Condition, scope: Scope) -> Keys | None:
    if not isinstance(condition, Compare) or not isinstance(condition.operand, Path):
        return None
    parts = scope.own(condition.operand)
    field = scope.target.find(parts[0]) if len(parts) == 1 else None
    if field is None or condition.operator not in ("=", "in") or condition.query is not None:
        return None
    if field.type != "id" and not (field.unique and field.is_text):
        return None
    read_ones = [read(scope.statement.soql, value, field) for value in condition.values]
    given = [one for one in read_ones if isinstance(one, str)]
    is_cased = field.type == "id" or field.case_sensitive
    texts = dict.fromkeys(one if is_cased else one.lower() for one in given)
    # Python folds the case of other letters than ASCII's not as the database does.
    is_plain = None not in read_ones and (is_cased or "".join(given).isascii())
    return Keys(field, tuple(texts)) if is_plain else None
