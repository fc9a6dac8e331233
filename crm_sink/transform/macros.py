"""Our few functions for expressions, as DuckDB macros, each with an example that a test runs.

`reasons(factors, n)`, `band(score, ...)` and `pct(p)`. They compute on whole columns. Among the
variants of a macro DuckDB picks the one whose parameter types fit best. An argument that makes no
sense raises an error, which is a reject of that row (see `run`).
"""

from __future__ import annotations

MOST_BANDS = 8

# Under which names scoring jobs keep a factor's name and its weight; the first that is not null.
FACTOR_NAMES = ("feature", "name", "factor", "reason", "label")
FACTOR_WEIGHTS = ("contribution", "weight", "importance", "impact", "shap_value", "shap", "value")

# What each function does with one row: shown by `crm-sink help functions`, run by a test.
EXAMPLES: dict[str, str | float | None] = {
    "reasons(['visited_pricing_page', 'opened_email'], 1)": "1. Visited pricing page",
    "reasons([{'feature': 'opened_email', 'contribution': 0.1}, "
    "{'feature': 'days_idle', 'contribution': -0.7}], 2)": "1. Days idle (-)\n2. Opened email (+)",
    "reasons(map {'opened_email': 0.1, 'days_idle': -0.7}, 1)": "1. Days idle (-)",
    """reasons('[{"name": "opened_email", "weight": 0.1}]', 3)""": "1. Opened email (+)",
    """reasons('{"opened_email": 0.1, "days_idle": -0.7}', 1)""": "1. Days idle (-)",
    "reasons(null, 3)": None,
    "band(0.83, 'Hot', 0.8, 'Warm', 0.5, 'Cold')": "Hot",
    "band(0.5, 'Hot', 0.8, 'Warm', 0.5, 'Cold')": "Warm",
    "band(0.1, 'Hot', 0.8, 'Warm', 0.5, 'Cold')": "Cold",
    "band(0.1, 'Hot', 0.8, 'Warm', 0.5)": None,
    "pct(0.125)": 12.5,
}


def _ranked(factors: str, name: str, weight: str) -> str:
    """Give SQL for the text of the n heaviest factors of a list; `f` is one of them.

    Factors without a name go last and leave no line. Underscores become blanks once for the whole
    text, which is three times as quick as once for each factor.
    """
    order = f"lambda f: case when {name} is not null then -abs(coalesce({weight}, 0)) end"
    ranks = f"list_grade_up(list_transform({factors}, {order}), 'ASC', 'NULLS LAST')"
    sign = (
        f"case when {weight} < 0 then ' (-)' "
        f"when {weight} > 0 and not isnan({weight}) then ' (+)' else '' end"
    )
    return _lines(f"list_select({factors}, {ranks}[1:n])", name, sign)


def _lines(factors: str, name: str, sign: str) -> str:
    line = f"concat(i, '. ', upper(left({name}, 1)), substr({name}, 2), {sign})"
    lines = f"list_transform({factors}, lambda f, i: case when {name} is not null then {line} end)"
    return f"nullif(replace(array_to_string({lines}, chr(10)), '_', ' '), '')"


def _of_structs() -> str:
    kinds = [f'"{name}" varchar' for name in FACTOR_NAMES]
    kinds += [f'"{name}" double' for name in FACTOR_WEIGHTS]
    unified = f"cast(factors as struct({', '.join(kinds)})[])"
    name = f"coalesce({', '.join(f'f.{name}' for name in FACTOR_NAMES)})"
    weight = f"coalesce({', '.join(f'f.{name}' for name in FACTOR_WEIGHTS)})"
    return _ranked(unified, name, weight)


def _of_json() -> str:
    names = ", ".join(f"f ->> '$.{name}'" for name in FACTOR_NAMES)
    weights = ", ".join(f"try_cast(f ->> '$.{name}' as double)" for name in FACTOR_WEIGHTS)
    name = f"case json_type(f) when 'VARCHAR' then f ->> '$' else coalesce({names}) end"
    factor = f"{{'n': {name}, 's': coalesce({weights})}}"
    array = f"list_transform(cast(factors as json[]), lambda f: {factor})"
    pairs = "map_entries(cast(cast(factors as json) as map(varchar, double)))"
    pair_list = f"list_transform({pairs}, lambda p: {{'n': p.key, 's': p.value}})"
    unified = (
        f"case json_type(factors) when 'ARRAY' then {array} when 'OBJECT' then {pair_list} end"
    )
    return _ranked(f"({unified})", "f.n", "f.s")


def _reasons() -> str:
    variants = {
        "factors varchar[]": _lines("list_filter(factors, lambda f: f <> '')[1:n]", "f", "''"),
        "factors map(varchar, double)": _ranked("map_entries(factors)", "f.key", "f.value"),
        "factors varchar": _of_json(),
        "factors": _of_structs(),
    }
    bodies = [f"({factors}, n) as {body}" for factors, body in variants.items()]
    return f"create macro reasons {', '.join(bodies)}"


def _band() -> str:
    bodies = []
    for count in range(1, MOST_BANDS + 1):
        pairs = ", ".join(f"label{i}, from{i}" for i in range(1, count + 1))
        # NaN is above everything for DuckDB: without this line it would be the hottest of all.
        tests = f"when isnan(cast(score as double)) then {_failing('score')} "
        tests += " ".join(f"when score >= from{i} then label{i}" for i in range(1, count + 1))
        bodies.append(f"(score, {pairs}) as case {tests} end")
        bodies.append(
            f"(score, {pairs}, label) as case {tests} when score is not null then label end"
        )
    return f"create macro band {', '.join(bodies)}"


def _pct() -> str:
    # 12.5 for 12.5 %: what Salesforce's percent fields hold. A value outside 0..1 is most likely
    # a percentage already, so it is refused and not guessed.
    return (
        "create macro pct(p) as case when p is null then null when p between 0 and 1 "
        f"then 100 * cast(p as double) else cast({_failing('p')} as double) end"
    )


def _failing(value: str) -> str:
    """Give SQL that fails for the row: TRY does not take DuckDB's `error`, which is volatile."""
    return f"cast(cast(concat('no score: ', {value}) as boolean) as varchar)"


MACROS: tuple[str, ...] = (_reasons(), _band(), _pct())
