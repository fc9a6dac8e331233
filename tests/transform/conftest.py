"""What the tests of the transform share: a mapping text and literal rows in, rows out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from crm_sink.engine import Engine, open_engine
from crm_sink.mapping.load import loads
from crm_sink.mapping.resolve import resolve
from crm_sink.transform.macros import MACROS
from crm_sink.transform.run import Transformed, transform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.schema import FieldSchema


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Open a locked engine that knows our functions."""
    with open_engine(tmp_path, macros=MACROS) as engine:
        yield engine


def mapping(type_: str, value: str = "v", extra: str = "") -> str:
    """Give a mapping with one field, F__c, of a column v."""
    return (
        "object: Lead\nmatch: {external_id: K__c, column: k}\nfields:\n"
        f"  F__c:\n    value: {value}\n    type: {type_}\n{extra}"
    )


def table(*values: str) -> str:
    """Give predictions with these values of v."""
    rows = ", ".join(f"('k{at}', {value})" for at, value in enumerate(values))
    return f"(values {rows}) t(k, v)"


@dataclass(frozen=True)
class Result:
    """What came of a transform, as Python values."""

    transformed: Transformed
    desired: list[dict[str, Any]]  # in the order of the source
    rejects: list[dict[str, Any]]  # by row and field

    def values(self, field: str) -> list[Any]:
        """Give a field of the good rows."""
        return [row[field] for row in self.desired]

    def codes(self) -> list[tuple[int, str, str]]:
        """Give row, field and code of each reject."""
        return [(each["row"], each["field"], each["code"]) for each in self.rejects]


class Run(Protocol):
    """Transform predictions: the `from` part of a query, without row numbers."""

    def __call__(
        self,
        text: str,
        table: str,
        *,
        fields: dict[str, FieldSchema] | None = None,
        key: FieldSchema | None = None,
    ) -> Result:
        """Run it."""


@pytest.fixture
def run(engine: Engine, tmp_path: Path) -> Run:
    """Run a mapping's text over a SQL table of predictions."""

    def run(
        text: str,
        table: str,
        *,
        fields: dict[str, FieldSchema] | None = None,
        key: FieldSchema | None = None,
    ) -> Result:
        loaded = load(text)
        resolved, known = resolve(loaded, None, {})
        numbered = f"(select row_number() over () as __row, * from {table})"
        columns = engine.columns(numbered)
        del columns["__row"]
        done = transform(
            loaded,
            resolved if fields is None else fields,
            key or known,
            table=numbered,
            columns=columns,
            engine=engine,
            into=tmp_path / "desired.parquet",
        )
        desired = _dicts(engine, done.desired.scan(), "row")
        return Result(done, desired, _dicts(engine, done.rejects.scan(), "row, field, code"))

    return run


def load(text: str) -> LoadedMapping:
    """Load a text that has no problems."""
    loaded, problems = loads(text, file="m.yaml", name="m")
    assert loaded is not None, [str(problem) for problem in problems]
    return loaded


def _dicts(engine: Engine, scan: str, order: str) -> list[dict[str, Any]]:
    names = list(engine.columns(scan))
    rows = engine.rows(f"select * from {scan} order by {order}")
    return [dict(zip(names, row, strict=True)) for row in rows]
