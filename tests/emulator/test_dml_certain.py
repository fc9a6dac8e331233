"""The shortcut for values beyond doubt never passes what the rule book refuses or changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_sink.emulator.dml.certain import cast_sql, certain
from crm_sink.emulator.dml.values import JSON, type_fault, typed_sql, value_faults
from crm_sink.emulator.schema import Field, PicklistValue

if TYPE_CHECKING:
    from collections.abc import Iterator

BANDS = (PicklistValue("Hot", "Hot"), PicklistValue("Cold", "Cold", active=False))
FIELDS = {
    "text": Field("A", "A", "string", length=8),
    "long text": Field("B", "B", "textarea"),
    "email": Field("C", "C", "email", length=30),
    "picklist": Field("D", "D", "picklist", restricted=True, values=BANDS),
    "empty picklist": Field("E", "E", "picklist", restricted=True),
    "open picklist": Field("F", "F", "picklist"),
    "several": Field("G", "G", "multipicklist", restricted=True, values=BANDS),
    "number": Field("H", "H", "double", precision=5, scale=2),
    "large number": Field("I", "I", "currency"),
    "int": Field("J", "J", "int"),
    "checkbox": Field("K", "K", "boolean", nillable=False),
    "day": Field("L", "L", "date"),
    "moment": Field("M", "M", "datetime"),
    "phone": Field("N", "N", "phone", length=5, nillable=False),
}
TRICKY = [
    JSON.clear, "", " ", "x", " x", "x ", "\tx", "x\n", "\u00a0x", "x\u2028", "x" * 8, "x" * 9,
    "é" * 8, "😀" * 8, "😀" * 9, "e\u0301" * 5, "a\0b", "a\nb", "#N/A", "null", "NaN", "inf", "-0",
    "0", "1", "+1", "-1", "01", "1.", ".5", "1e2", "1E400", "1e-400", "999", "999.999", "1000",
    "-1000", "1,000", "1_000", "٣", "99999999", "100000000", "2147483647", "9" * 19, "0x1F", "5.0",
    "true", "false", "True", "TRUE", "yes", "t", "2026-02-28", "2026-02-30", "2024-02-29",
    "0000-01-01", "0001-01-01", "1699-12-31", "1700-01-01", "4000-12-31", "4001-01-01",
    "9999-12-31", "4000-12-31T23:59:59.9Z", "4001-01-01T00:00:00Z", "1699-12-31T23:59:59Z",
    "1700-01-01T00:00:00Z", "2026-2-3", "20260203", "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.1234567Z", "2026-01-01T24:00:00Z",
    "2026-01-01T23:59:60Z", "2026-01-01T00:00:00+0000", "2026-01-01T00:00:00-00:00",
    "2026-01-01T00:00:00+01:00", "2026-01-01 00:00:00Z", "0001-01-01T00:00:00Z", "Hot", "hot",
    "Cold", "Hot;Hot", "Hot;", ";", "Hot; Hot", "a@b.de", "a@b", "a'b@c.de", "a@b.de\n", "ä@b.de",
]  # fmt: skip


@pytest.fixture(scope="module")
def judged() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def complaints(
    connection: duckdb.DuckDBPyConnection, field: Field, texts: list[str]
) -> list[tuple[str, ...]]:
    """Give the certain texts that the rule book refuses, or types in another way."""
    sure = certain(field)
    assert sure is not None
    typed, plain = typed_sql(field, "c0", JSON), cast_sql(field, "c0")
    kind = type_fault(field, "c0", "t0", JSON, 0)
    faults = [*([kind] if kind else []), *value_faults(field, "c0", "t0", JSON)]
    wrong = " or ".join(f"coalesce({fault.condition}, false)" for fault in faults) or "false"
    found: list[tuple[str, ...]] = connection.execute(
        f"select c0, t0::varchar, p0::varchar from (select c0, {typed} as t0, {plain} as p0 "
        f"from (select unnest(?::varchar[]) as c0)) where t0 is distinct from p0 or {wrong}",
        [[text for text in texts if sure(text)]],
    ).fetchall()
    return found


@pytest.mark.parametrize("name", FIELDS)
def test_no_certain_text_is_refused_or_changed(
    judged: duckdb.DuckDBPyConnection, name: str
) -> None:
    assert complaints(judged, FIELDS[name], TRICKY) == []


@pytest.mark.parametrize("name", FIELDS)
def test_no_certain_text_of_any_shape_is_refused(
    judged: duckdb.DuckDBPyConnection, name: str
) -> None:
    numbers = st.floats(allow_nan=False, allow_infinity=False).map(repr)
    dates = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
    words = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
    close = st.sampled_from(TRICKY).flatmap(lambda one: words.map(lambda more: one + more[:2]))

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.one_of(numbers, dates, words, close), max_size=80))
    def hold(texts: list[str]) -> None:
        assert complaints(judged, FIELDS[name], texts) == []

    hold()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("text", "visited"), ("email", "a.b@c.de"), ("picklist", "Hot"), ("several", "Hot"),
        ("number", "55.5"), ("int", "12"), ("checkbox", "true"), ("day", "2026-01-31"),
        ("day", "1700-01-01"), ("day", "4000-12-31"),
        ("moment", "2026-01-31T06:00:00.000Z"), ("moment", "2026-01-31T06:00:00+0000"),
        ("text", JSON.clear),
    ],
)  # fmt: skip
def test_what_nobody_would_object_to_is_certain(name: str, text: str) -> None:
    sure = certain(FIELDS[name])
    assert sure is not None
    assert sure(text)


def test_references_are_never_certain() -> None:
    assert certain(Field("A", "A", "reference", reference_to=("Account",))) is None
