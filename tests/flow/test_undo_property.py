"""Whatever a run writes, its undo gives back; and every record is accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime
from itertools import count
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_sink.clock import SystemClock
from crm_sink.crm.memory import Memory
from crm_sink.flow.context import Context, Request
from crm_sink.flow.decide import decide
from crm_sink.flow.deliver import deliver
from crm_sink.flow.undo import UndoRequest, undo
from crm_sink.ledger.contract import Run, Totals
from crm_sink.ledger.store import SqlLedger, open_ledger
from crm_sink.mapping.load import loads
from crm_sink.schema import FieldSchema, FieldType, ObjectSchema
from crm_sink.tickets import Api
from tests.flow.conftest import in_memory

FIELDS = (
    FieldSchema("Ext__c", FieldType.STRING, length=40, external_id=True, id_lookup=True),
    FieldSchema("Score__c", FieldType.DOUBLE, precision=5, scale=2),
    FieldSchema("Note__c", FieldType.STRING, length=12),
    FieldSchema("On__c", FieldType.DATE),
    FieldSchema("At__c", FieldType.DATETIME),
    FieldSchema("Hot__c", FieldType.BOOLEAN, nillable=False),
)
LEAD = ObjectSchema("Lead", "Lead", "00Q", {field.name.lower(): field for field in FIELDS})
MAPPING = """
object: Lead
match: {external_id: Ext__c, column: id, missing: MISSING}
fields: {Score__c: score, Note__c: note, On__c: day, At__c: moment, Hot__c: hot}
"""
COLUMNS = pa.schema(
    [
        ("id", pa.string()),
        ("score", pa.float64()),
        ("note", pa.string()),
        ("day", pa.date32()),
        ("moment", pa.timestamp("us", tz="UTC")),
        ("hot", pa.bool_()),
    ]
)
KEYS = [f"k-{number}" for number in range(6)]
TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=14)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1))


def values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Give score, note, day, moment and whether it is hot; but for the last perhaps null."""
    return st.tuples(
        st.none() | st.integers(-99_999, 99_999).map(lambda cents: cents / 100),
        st.none() | texts,
        st.none() | st.dates(date(1971, 1, 1), date(2100, 1, 1)),
        st.none() | MOMENTS.map(lambda moment: moment.replace(microsecond=0)),
        st.booleans(),
    )


ORG = st.dictionaries(st.sampled_from(KEYS), values(TEXTS.filter(lambda text: len(text) <= 12)))
PREDICTIONS = st.dictionaries(st.sampled_from(KEYS), values(TEXTS), min_size=1)
NAMES = count()


def org_of(held: dict[str, tuple[Any, ...]], refused: set[str]) -> Memory:
    names = [field.name for field in FIELDS]
    records = {
        f"00Q{place:012}AAA": dict(zip(names, (key, *row), strict=True))
        for place, (key, row) in enumerate(held.items(), start=100)
    }
    reason = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no")
    return Memory({"Lead": LEAD}, {"Lead": records}, dict.fromkeys(refused, reason))


def accounted(totals: Totals) -> bool:
    written = totals.created + totals.updated + totals.cleared
    return totals.planned == written + totals.unchanged + totals.rejected + totals.conflicts


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlLedger]:
    home = tmp_path_factory.mktemp("home")
    with open_ledger(None, home, SystemClock()) as opened:
        yield opened


def synced(context: Context, rows: dict[str, tuple[Any, ...]], missing: str, api: Api) -> Run:
    text = MAPPING.replace("MISSING", missing)
    loaded, problems = loads(text, file="m.yaml", name=f"mapping-{next(NAMES)}")
    assert loaded is not None, problems
    lines = [dict(zip(COLUMNS.names, (key, *row), strict=True)) for key, row in rows.items()]
    frame = pa.Table.from_pylist(lines, schema=COLUMNS)
    return deliver(decide(Request(loaded, frame=frame, api=api), context), context)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    held=ORG,
    rows=PREDICTIONS,
    refused=st.sets(st.sampled_from(KEYS), max_size=2),
    missing=st.sampled_from(["reject", "create"]),
    api=st.sampled_from([Api.BULK, Api.COLLECTIONS]),
)
def test_an_undo_gives_back_what_was_there_and_its_undo_what_was_written(
    ledger: SqlLedger,
    *,
    held: dict[str, tuple[Any, ...]],
    rows: dict[str, tuple[Any, ...]],
    refused: set[str],
    missing: str,
    api: Api,
) -> None:
    memory = org_of(held, refused)
    before = deepcopy(memory.records)
    context = in_memory(memory, ledger, SystemClock(), parallel_jobs=2)
    done = synced(context, rows, missing, api)
    after = deepcopy(memory.records)
    assert accounted(done.totals), done.totals
    if not done.totals.created + done.totals.updated:
        return
    back = deliver(undo(UndoRequest(done, delete_created=True), context), context)
    assert memory.records == before
    assert accounted(back.totals), back.totals
    if back.totals.updated:
        again = deliver(undo(UndoRequest(back), context), context)
        created = after["Lead"].keys() - before["Lead"].keys()
        kept = {key: row for key, row in after["Lead"].items() if key not in created}
        assert memory.records["Lead"] == kept
        assert accounted(again.totals), again.totals
