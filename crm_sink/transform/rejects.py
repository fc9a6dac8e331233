"""The rows that cannot be written, as table `rejects`: one row for each field at fault.

Computed from bad rows alone. A person reads what is wrong, the value, and the cure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crm_sink import tables
from crm_sink.engine import literal, name
from crm_sink.transform.fit.coercion import Words

if TYPE_CHECKING:
    from crm_sink.engine import Relation
    from crm_sink.transform.columns import Column
    from crm_sink.transform.layers import Layers
    from crm_sink.transform.twins import Keys

LONGEST_VALUE = 255
BLOCK = 32
# Columns whose faults are listed together: the lists of all at once do not fit in memory when a
# mapping has hundreds of fields.
GROUP = 40
ALIKE = 0.8  # Jaro-Winkler similarity from which a picklist value is proposed

KEY_MISSING = Words(
    "the row has no key", "Find out why the scoring job lost it; when: ... is not null skips it."
)
TWIN_KEY = Words(
    "another row has the same key, and both would write one record",
    "Keep one row for each key, or take the newest: twins: {newest: scored_at}.",
)
CONDITION_FAILED = Words(
    "the condition `when` cannot be computed for this row",
    "Look for casts that fail: try_cast gives null instead.",
)


def good_query(layers: Layers) -> str:
    """Give the query of table `desired`, twins among it."""
    fields = [f"{column.c} as {name(column.field.name)}" for column in layers.columns[1:]]
    listed = ", ".join(["__row as row", "__key as key", "__match as match_key", *fields])
    return f"select {listed} from ({layers.judged()}) where not {layers.bad()}"


def without_twins(desired: Relation, twins: Relation) -> str:
    """Give the query of table `desired` without the rows that are not the one to keep."""
    return (
        f"select d.* from {desired.scan()} d left join {twins.scan()} t on d.match_key = t.match "
        "where t.match is null or t.keep = d.row"
    )


def rejects_query(layers: Layers, keys: Keys, desired: Relation | None) -> str:
    """Give the query of table `rejects`: what is not in `desired`, and why.

    Without `desired` every prediction is looked at.
    """
    if desired is not None:
        layers = replace(layers, table=_suspects(layers.table, desired))
    first, *rest = layers.columns
    groups = [tuple(rest[start : start + GROUP]) for start in range(0, len(rest), GROUP)] or [()]
    parts = [
        _bad(replace(layers, columns=(first, *group)), keys, is_first=group is groups[0])
        for group in groups
    ]
    return _worded(" union all ".join(f"({part})" for part in parts), layers)


def _bad(layers: Layers, keys: Keys, *, is_first: bool) -> str:
    """Give the query of the faults of some columns: row, key and `fault` (number, code, value).

    What is wrong with the row as a whole is told with the first of them.
    """
    twin = "false" if keys.twins is None else "(t.match is not null and t.keep is null)"
    kept = "true" if keys.twins is None else "(t.keep is null or t.keep = __row)"
    columns = layers.columns if is_first else layers.columns[1:]
    faults = [_fault(column, column.x, f"{column.e}.v") for column in columns]
    if is_first:
        faults.append(_struct(0, f"case when {twin} then 'TWIN_KEY' end", "__key"))
        if layers.when:
            faults.append(_struct(-1, "__xw", "null"))
    key = f"coalesce(__key, {_shown(f'{layers.key.e}.v')})"
    listed = f"[{', '.join(faults)}]"
    return (
        f"select __row as row, {key} as key, "
        f"unnest(list_filter({listed}, lambda f: f.code is not null)) as fault "
        f"from ({layers.judged()}) {_joined(keys)} where ({layers.bad()} or {twin}) and {kept}"
    )


def _suspects(table: str, desired: Relation) -> str:
    """Give the predictions without the blocks of rows that are wholly in `desired`.

    One number for 32 rows stays small in memory, whatever the input; and where few rows are bad,
    few are computed again.
    """
    whole = (
        f"select row // {BLOCK} as block from {desired.scan()} group by 1 having count(*) = {BLOCK}"
    )
    return f"(select * from {table} where __row // {BLOCK} not in ({whole}))"


def _joined(keys: Keys) -> str:
    return "" if keys.twins is None else f"left join {keys.twins.scan()} t on __match = t.match"


def _fault(column: Column, code: str, value: str) -> str:
    return _struct(column.number, code, value)


def _struct(number: int, code: str, value: str) -> str:
    return f"{{'number': {number}, 'code': {code}, 'value': {_shown(value)}}}"


def _shown(value: str) -> str:
    return f"left(cast({value} as varchar), {LONGEST_VALUE})"


def _worded(bad: str, layers: Layers) -> str:
    """Give the query that adds message and hint to each fault, and the nearest picklist value."""
    near = (
        "list_sort(list_transform(w.known, lambda k: {'s': jaro_winkler_similarity(lower(k), "
        "lower(fault.value)), 'k': k}), 'DESC')[1]"
    )
    hint = (
        f"case when len(w.known) > 0 and {near}.s >= {ALIKE} "
        f"then concat('Did you mean ', {near}.k, '? ', w.hint) else w.hint end"
    )
    values = {
        "row": "b.row",
        "key": f"left(b.key, {LONGEST_VALUE})",
        "stage": "'transform'",
        "field": "w.field",
        "value": "b.fault.value",
        "code": "b.fault.code",
        "message": "w.message",
        "hint": hint.replace("fault.", "b.fault."),
        "attempts": "0",
    }
    listed = ", ".join(
        f"cast({values.get(column, 'null')} as {kind}) as {name(column)}"
        for column, kind in tables.REJECTS.items()
    )
    return (
        f"select {listed} from ({bad}) b join ({_words(layers)}) w "
        "on w.number = b.fault.number and w.code = b.fault.code"
    )


def _words(layers: Layers) -> str:
    rows = []
    for column in layers.columns:
        words = dict(column.words)
        if column.number == 0:
            words |= {"KEY_MISSING": KEY_MISSING, "TWIN_KEY": TWIN_KEY}
        for code, text in words.items():
            known = column.coercion.known if code == "NOT_IN_PICKLIST" else ()
            rows.append(_word_row(column.number, column.field.name, code, text, known))
    rows.append(_word_row(-1, None, "CONDITION_FAILED", CONDITION_FAILED, ()))
    return (
        "select * from (values "
        + ", ".join(rows)
        + ") v(number, field, code, message, hint, known)"
    )


def _word_row(
    number: int, field: str | None, code: str, words: Words, known: tuple[str, ...]
) -> str:
    cells = [
        str(number),
        "null" if field is None else literal(field),
        literal(code),
        literal(words.message),
        literal(words.hint),
        f"[{', '.join(literal(value) for value in known)}]::varchar[]",
    ]
    return f"({', '.join(cells)})"
