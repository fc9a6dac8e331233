"""Expressions: what may stand in a value, and that nothing else can be smuggled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_sink.mapping.sql.expression import Judge, open_judge

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with open_judge() as judge:
        yield judge


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("round(100 * score)", ["score"]),
        ("case when a then 'x' else b end", ["a", "b"]),
        ("factors[1].feature", ["factors"]),
        ("person.name.first", ["person"]),
        ('"a column" || x', ["a column", "x"]),
        ("list_transform(l, lambda x: x.weight + bias)", ["l", "bias"]),
        ("list_transform(l, (x, i) -> x + i)", ["l"]),
        ("[x for x in l if x > low]", ["l", "low"]),
        ("scored_at at time zone 'UTC'", ["scored_at"]),
        ("x::date + interval 3 day", ["x"]),
        ("x in (1, 2) and y between 0 and 1", ["x", "y"]),
        ('"user" || x', ["user", "x"]),
        ("{'a': x, 'b': [y]}", ["x", "y"]),
        ("map {'a': x}", ["x"]),
        ("reasons(f, 3) || band(s, 'a', 0.5) || pct(p)", ["f", "s", "p"]),
        ("x -- a comment", ["x"]),
        ("x /* a /* nested */ comment */", ["x"]),
        ("'it''s; select 1' || x", ["x"]),
        ("$$drop table x$$ || x", ["x"]),
        ("E'\\n' || x", ["x"]),
        ("E'\\' || (select 1) || '", []),  # one text: \\' is a quote in it
        ("try_cast(x as decimal(9, 2))", ["x"]),
        ("'é😀' || x", ["x"]),
    ],
)
def test_a_scalar_expression_is_accepted_with_its_columns(
    judge: Judge, text: str, columns: list[str]
) -> None:
    uses, faults = judge.judge(text)
    assert faults == []
    assert [use.name for use in uses] == columns


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(select max(x) from t)", "a sub-query"),
        ("x in (select 1)", "a sub-query"),
        ("exists(select 1)", "a sub-query"),
        ("select 1", "a sub-query"),
        ("from t", "a sub-query"),
        ("drop table x", "drop begins a statement"),
        ("attach 'x.db'", "begins a statement"),
        ("x; drop table x", "a semicolon ends a statement"),
        ("x, y", "several expressions"),
        ("x as y", "needs no name"),
        ("*", "a star"),
        ("columns('a.*')", "a star"),
        ("count(*)", "a star"),
        ("$1", "a parameter"),
        ("?", "a parameter"),
        ("#1", "a column by its position"),
        ("sum(x) over ()", "a window function"),
        ("row_number() over ()", "a window function"),
        ("sum(x)", "an aggregate"),
        ("max(x, y)", "greatest(a, b)"),
        ("read_csv('/etc/passwd')", "reads a table or a file"),
        ("read_parquet('x')", "reads a table or a file"),
        ("glob('*')", "reads a table or a file"),
        ("unnest(l)", "unnest"),
        ("now()", "another answer each time"),
        ("current_date", "another answer each time"),
        ("current_timestamp", "another answer each time"),
        ("random()", "another answer each time"),
        ("uuid()", "another answer each time"),
        ("age(x)", "another answer each time"),
        ("getenv('HOME')", "looks at the machine"),
        ("current_setting('threads')", "looks at the machine"),
        ("current_user", "looks at the machine"),
        ("x.upper()", "write upper(x, ...)"),
        ("rond(x)", "there is no function rond"),
        ("resons(f, 3)", "Did you mean reasons?"),
        ("", "the expression is empty"),
        ("-- only a comment", "the expression is empty"),
        (
            " order",
            """a word of SQL, and no expression A column of that name stands in two kinds""",
        ),
        ("at", """'"at"'."""),
        ("x +", "this is not an expression"),
        ("(x", "this is not an expression"),
        ("'open", "A quote is not closed"),
        ("x y", "needs no name"),
        ("x" * 20_001, "longer than 20,000 characters"),
        ("(" * 3000 + "x" + ")" * 3000, "nested too deep"),
        ("x" + "+x" * 900, "nested too deep"),
        ("x" + "+x" * 3000, "nested too deep"),
    ],
)
def test_everything_else_is_refused(judge: Judge, text: str, words: str) -> None:
    _, faults = judge.judge(text)
    assert words in " ".join(f"{fault.message} {fault.hint}" for fault in faults)


def test_a_fault_points_at_its_word(judge: Judge) -> None:
    text = "round(a)\n + 'é' || nope(b)"
    _, faults = judge.judge(text)
    assert [fault.offset for fault in faults] == [text.index("nope")]


@pytest.mark.parametrize(
    "text",
    [
        "x) from range(3) t(x), (select 1",
        "1) union all (select 1",
        "x) as v, (select 2",
        "x /*' */ ) , (select 1) -- '*/",
        "'\\' || (select 1) || '",
        "$a$ ' $a$ || (select 1) || '$a$",
    ],
)
def test_a_text_that_closes_our_brackets_is_refused(judge: Judge, text: str) -> None:
    """Two parsers must both see one expression: sqlglot's, and DuckDB's, which runs it."""
    _, faults = judge.judge(text)
    assert faults


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "x",
                "'",
                "''",
                "(",
                ")",
                "--",
                "/*",
                "*/",
                "$$",
                "\\",
                ";",
                ",",
                "select",
                "1",
                "+",
                "E'",
                '"',
                "from",
                "||",
                "::",
                "[",
                "]",
                "case",
                "end",
                "round(",
                "\n",
            ]
        ),
        max_size=10,
    )
)
def test_no_text_makes_the_judge_raise_and_what_it_accepts_is_one_value(parts: list[str]) -> None:
    import duckdb

    text = " ".join(parts)
    with open_judge() as judge:
        uses, faults = judge.judge(text)
    if faults or any(use.name != "x" for use in uses):
        return
    connection = duckdb.connect()
    try:
        rows = connection.execute(f"select typeof((\n{text}\n)) from (select 1 as x)").fetchall()
        assert len(rows) == 1
    except (duckdb.BinderException, duckdb.ConversionException, duckdb.OutOfRangeException):
        return  # one expression, and it does not fit its columns: told by `transform`
    finally:
        connection.close()
