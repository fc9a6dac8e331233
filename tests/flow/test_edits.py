"""Whatever stands in the cells of an edited reject file, it is understood or refused by line."""

from __future__ import annotations

import csv
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_sink.engine import open_engine
from crm_sink.errors import UsageError
from crm_sink.flow.edits import read_edits
from crm_sink.schema import FieldSchema, FieldType

KEY = FieldSchema("Ext__c", FieldType.STRING, external_id=True)
REJECTS = """(from (values
    (1, 'p-1', 'Score__c', 'many'), (2, 'p-2', 'Ext__c', 'p-2'), (3, null, 'Ext__c', null),
    (null, 'p-4', null, null)) v(row, key, field, value))"""
CELL = st.one_of(
    st.sampled_from(["", "1", "2", "3", "4", "p-1", "p-2", "p-4", "Score__c", "Ext__c", "ext__C"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.sampled_from(["'; drop table edited; --", '"', "{}", "{0}", "null", "=1+1", "\r\n"]),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(lines=st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=4))
def test_any_cells_are_understood_or_refused_with_a_line(
    tmp_path: Path, lines: list[tuple[str, str, str, str]]
) -> None:
    file = tmp_path / "edited.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("row", "key", "field", "value"), *lines])
    told = f"{file}:"
    with open_engine(tmp_path) as engine:
        try:
            edits = read_edits(
                file, REJECTS, run="r", key=KEY, fields=["Score__c"], engine=engine, folder=tmp_path
            )
            rows = engine.rows(f"select row from {edits.rows} where row is not null")
        except UsageError as error:
            told, rows = str(error.where), []
    assert told.startswith(f"{file}:")
    assert {row for (row,) in rows} <= {1, 2, 3}
