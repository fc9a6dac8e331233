"""Which functions an expression may call: DuckDB's scalar ones that always give the same answer.

A plan must be repeatable: nothing that looks at the clock, at chance, at the session or at the
machine. The list is read from the DuckDB that will run the expression, so it never lags behind;
the few whose catalogue entry says too little are named here, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

# Our own macros (see `transform.macros`): known here so that an expression can be checked without
# an engine.
OWN = frozenset({"reasons", "band", "pct"})

# DuckDB's macros are not marked with a stability. These are plain functions of their arguments.
SAFE_MACROS = frozenset(
    [
        "array_append",
        "array_pop_back",
        "array_pop_front",
        "array_prepend",
        "array_push_back",
        "array_push_front",
        "array_reverse",
        "array_to_string",
        "array_to_string_comma_default",
        "date_add",
        "days_in_month",
        "fdiv",
        "fmod",
        "if",
        "list_any_value",
        "list_append",
        "list_approx_count_distinct",
        "list_avg",
        "list_bit_and",
        "list_bit_or",
        "list_bit_xor",
        "list_bool_and",
        "list_bool_or",
        "list_count",
        "list_entropy",
        "list_first",
        "list_histogram",
        "list_kurtosis",
        "list_kurtosis_pop",
        "list_last",
        "list_mad",
        "list_max",
        "list_median",
        "list_min",
        "list_mode",
        "list_prepend",
        "list_product",
        "list_reverse",
        "list_sem",
        "list_skewness",
        "list_stddev_pop",
        "list_stddev_samp",
        "list_string_agg",
        "list_sum",
        "list_var_pop",
        "list_var_samp",
        "map_contains_entry",
        "map_contains_value",
        "md5_number_lower",
        "md5_number_upper",
        "nullif",
        "split_part",
        "json",
    ]
)

# What looks at the clock, at chance, at the session or the machine, whatever the catalogue says.
VOLATILE = frozenset(
    [
        "age",
        "ago",
        "current_date",
        "current_localtime",
        "current_localtimestamp",
        "current_time",
        "current_timestamp",
        "get_current_time",
        "get_current_timestamp",
        "localtime",
        "localtimestamp",
        "now",
        "today",
        "transaction_timestamp",
        "random",
        "setseed",
        "uuid",
        "uuidv4",
        "uuidv7",
        "gen_random_uuid",
    ]
)
ENVIRONMENT = frozenset(
    [
        "current_catalog",
        "current_connection_id",
        "current_database",
        "current_query",
        "current_query_id",
        "current_role",
        "current_schema",
        "current_schemas",
        "current_setting",
        "current_transaction_id",
        "current_user",
        "getenv",
        "getvariable",
        "in_search_path",
        "session_user",
        "txid_current",
        "user",
        "version",
    ]
)
# Keywords that DuckDB turns into a call when no column has that name.
KEYWORD_CALLS = frozenset(
    [
        "current_catalog",
        "current_date",
        "current_role",
        "current_schema",
        "current_time",
        "current_timestamp",
        "current_user",
        "localtime",
        "localtimestamp",
        "session_user",
        "user",
    ]
)
UNWANTED = frozenset(
    ["error", "json_serialize_plan", "json_serialize_sql", "unnest", "vector_type"]
)


@cache
def keywords() -> frozenset[str]:
    """Read which words are no plain column names in this DuckDB: `order`, `user`."""
    import duckdb

    connection = duckdb.connect()
    try:
        rows = connection.execute(
            "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
        ).fetchall()
    finally:
        connection.close()
    return frozenset(str(row[0]) for row in rows) | KEYWORD_CALLS


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The functions of this DuckDB, by what an expression may do with them."""

    allowed: frozenset[str]
    aggregates: frozenset[str]
    tables: frozenset[str]


@cache
def catalogue() -> Catalogue:
    """Read which functions there are, from DuckDB itself."""
    import duckdb

    connection = duckdb.connect()
    try:
        rows = connection.execute(
            "select distinct function_name, function_type, stability from duckdb_functions()"
        ).fetchall()
    finally:
        connection.close()
    scalars = {name for name, kind, stable in rows if kind == "scalar" and stable == "CONSISTENT"}
    macros = {name for name, kind, _ in rows if kind == "macro"} & SAFE_MACROS
    refused = VOLATILE | ENVIRONMENT | UNWANTED
    return Catalogue(
        allowed=frozenset((scalars | macros | OWN) - refused),
        aggregates=frozenset(name for name, kind, _ in rows if kind in ("aggregate", "window")),
        tables=frozenset(name for name, kind, _ in rows if kind in ("table", "table_macro")),
    )
