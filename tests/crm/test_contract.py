"""The contract of a CRM, held by the one in memory and by Salesforce against a local org."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from crm_sink import tables
from crm_sink.clock import SystemClock
from crm_sink.crm.contract import Action, Api, Chunk, Crm, Progress, Read
from crm_sink.crm.memory import Memory
from crm_sink.crm.observed import Observed
from crm_sink.engine import Engine, Relation, literal, open_engine
from crm_sink.errors import CrmError, Fate
from crm_sink.salesforce.auth import Login
from crm_sink.salesforce.salesforce import Salesforce
from crm_sink.salesforce.session import Session
from crm_sink.schema import FieldSchema, FieldType, ObjectSchema
from crm_sink.tickets import Ticket

EXT = FieldSchema("Prediction_Id__c", FieldType.STRING, length=80, external_id=True)
SCORE = FieldSchema("Score__c", FieldType.DOUBLE, precision=5, scale=2)
NOTE = FieldSchema("Note__c", FieldType.TEXTAREA, length=1024)
HOT = FieldSchema("Hot__c", FieldType.BOOLEAN)
NAMES = {field.name.lower(): field for field in (EXT, SCORE, NOTE, HOT)}
LAST = FieldSchema("LastName", FieldType.STRING, length=80)
COMPANY = FieldSchema("Company", FieldType.STRING, length=255)
SEEDED = {"p-1": (50.25, "old"), "p-2": (10.0, None), "P-3": (None, 'a "b",\nc')}


@dataclass(frozen=True)
class World:
    """A CRM with three leads, and a way to look at it that does not go through it."""

    crm: Crm
    ids: dict[str, str]
    look: Callable[[str, str], Any]  # key, field -> the value held


def in_memory() -> World:
    schema = ObjectSchema("Lead", "Lead", "00Q", NAMES)
    rows = {
        f"00Q{number:012}AAA": {EXT.name: key, "Score__c": score, "Note__c": note, "Hot__c": False}
        for number, (key, (score, note)) in enumerate(SEEDED.items())
    }
    memory = Memory({"Lead": schema}, {"Lead": rows})

    def look(key: str, field: str) -> Any:
        held = memory.records["Lead"].values()
        return next((row.get(field) for row in held if row[EXT.name] == key), None)

    return World(memory, {str(row[EXT.name]): record for record, row in rows.items()}, look)


def on_salesforce(url: str, token: str, session: Session) -> World:
    def ask(method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    types = {"Score__c": "Number(5, 2)", "Note__c": "LongTextArea(1024)", "Hot__c": "Checkbox"}
    fields = [{"object": "Lead", "name": name, "type": kind} for name, kind in types.items()]
    key_field = {"object": "Lead", "name": EXT.name, "type": "Text(80)", "external_id": True}
    ask("POST", "/__seed__", {"seed": 7, "fields": [key_field, *fields]})
    leads = [
        {
            "attributes": {"type": "Lead"},
            "LastName": "Doe",
            "Company": "Acme",
            EXT.name: key,
            "Score__c": score,
            "Note__c": note,
        }
        for key, (score, note) in SEEDED.items()
    ]
    root = "/services/data/v62.0"
    made = ask("POST", f"{root}/composite/sobjects", {"allOrNone": True, "records": leads})

    def look(key: str, field: str) -> Any:
        soql = f"SELECT {field} FROM Lead WHERE {EXT.name} = '{key}'"
        records = ask("GET", f"{root}/query?q={quote(soql)}")["records"]
        return records[0][field] if records else None

    observed = Observed(session, SystemClock())
    crm = Salesforce(observed, SystemClock(), observed.usage, "62.0")
    ids = {key: record["id"] for key, record in zip(SEEDED, made, strict=True)}
    return World(crm, ids, look)


@pytest.fixture(params=["memory", "salesforce"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "memory":
        yield in_memory()
        return
    org = request.getfixturevalue("org")
    session = Session(lambda: Login(org.url, token))
    token = org.token()
    yield on_salesforce(org.url, token, session)
    session.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(tmp_path) as opened:
        yield opened


@dataclass(frozen=True)
class Desk:
    """Where a test works: an engine, a folder, and the API by which changes travel."""

    engine: Engine
    folder: Path
    api: Api

    def chunk(self, action: Action, *rows: tuple[Any, ...], ticket: Ticket | None = None) -> Chunk:
        """Make a chunk of rows: id, key, score, whether written, note, whether written."""
        values = ", ".join(
            f"({_sql(i)}, {_sql(k)}, {_sql(s)}, {w}, {_sql(n)}, {v}, 'Doe', true, 'Acme', true)"
            for i, k, s, w, n, v in rows
        )
        relation = self.engine.save(
            f"""
            select 0::integer as chunk, row_number() over () as row, key, id::varchar as id,
                'update' as action, null::timestamp as modified,
                score::double as "Score__c", score_w as "Score__c.write",
                note::varchar as "Note__c", note_w as "Note__c.write",
                last as "LastName", last_w as "LastName.write",
                company as "Company", company_w as "Company.write"
            from (values {values}) t(id, key, score, score_w, note, note_w, last, last_w,
                company, company_w)
            """,
            self.folder / "changes.parquet",
        )
        fields = (SCORE, NOTE) if action is Action.UPDATE else (SCORE, NOTE, LAST, COMPANY)
        return Chunk("run-1", 0, "Lead", action, self.api, EXT, fields, relation, ticket)

    def deliver(self, crm: Crm, chunk: Chunk) -> dict[str, tuple[Any, ...]]:
        """Send a chunk, wait, and give by key: ok, created, code, id."""
        ticket = crm.submit(chunk, self.engine, lambda _: None)
        while crm.progress(ticket) is Progress.WAITING:
            pass
        outcomes = crm.collect(chunk, ticket, self.engine, self.folder / "outcomes.parquet")
        assert list(self.engine.columns(outcomes.scan())) == list(tables.OUTCOMES)
        sql = f"select key, ok, created, code, id from {outcomes.scan()}"
        return {row[0]: tuple(row[1:]) for row in self.engine.rows(sql)}


def _sql(value: object) -> str:
    if value is None:
        return "null"
    return literal(value) if isinstance(value, str) else str(value)


@pytest.fixture(params=[Api.BULK, Api.COLLECTIONS])
def desk(request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> Desk:
    return Desk(engine, tmp_path, request.param)


def read(
    world: World, engine: Engine, tmp_path: Path, api: Api, *keys: str
) -> dict[str, tuple[Any, ...]]:
    """Read by these keys, or all; give by match key what was found."""
    relation: Relation | None = None
    if keys:
        rows = ", ".join(f"({literal(key)})" for key in keys)
        relation = engine.save(f"select * from (values {rows}) t(key)", tmp_path / "keys.parquet")
    query = Read("Lead", EXT, (SCORE, NOTE, HOT), relation, api)
    present = world.crm.read(query, engine, tmp_path / "present.parquet")
    assert list(engine.columns(present.scan()))[:3] == list(tables.PRESENT)
    return {row[1]: (row[0], *row[3:]) for row in engine.rows(f"select * from {present.scan()}")}


def test_an_object_is_described_with_its_fields(world: World) -> None:
    schema = world.crm.describe("Lead")
    score, key = schema.find("score__c"), schema.find(EXT.name)
    assert score is not None
    assert key is not None
    assert (schema.name, schema.key_prefix) == ("Lead", "00Q")
    assert (score.type, score.precision, score.scale) == (FieldType.DOUBLE, 5, 2)
    assert (key.type, key.external_id) == (FieldType.STRING, True)


def test_an_unknown_object_stops_the_run(world: World) -> None:
    with pytest.raises(CrmError) as raised:
        world.crm.describe("Leed")
    assert (raised.value.code, raised.value.fate) == ("NOT_FOUND", Fate.STOP)


@pytest.mark.parametrize("api", [Api.SOQL, Api.BULK])
def test_all_records_with_a_key_are_read(
    world: World, engine: Engine, tmp_path: Path, api: Api
) -> None:
    assert read(world, engine, tmp_path, api) == {
        "p-1": (world.ids["p-1"], 50.25, "old", False),
        "p-2": (world.ids["p-2"], 10.0, None, False),
        "p-3": (world.ids["P-3"], None, 'a "b",\nc', False),
    }


@pytest.mark.parametrize("api", [Api.SOQL, Api.BULK])
def test_records_are_read_by_key_whatever_its_case(
    world: World, engine: Engine, tmp_path: Path, api: Api
) -> None:
    found = read(world, engine, tmp_path, api, "P-1", "p-3", "nobody", "O'Neill")
    assert set(found) == {"p-1", "p-3"}


def test_an_update_writes_the_written_fields_and_no_other(world: World, desk: Desk) -> None:
    chunk = desk.chunk(
        Action.UPDATE,
        (world.ids["p-1"], "p-1", 77.5, True, None, False),
        (world.ids["p-2"], "p-2", None, False, 'new "note"', True),
        (world.ids["P-3"], "P-3", None, True, None, True),
    )
    outcomes = desk.deliver(world.crm, chunk)
    assert {key: rest[:3] for key, rest in outcomes.items()} == dict.fromkeys(
        SEEDED, (True, False, None)
    )
    held = {key: (world.look(key, "Score__c"), world.look(key, "Note__c")) for key in SEEDED}
    assert held == {"p-1": (77.5, "old"), "p-2": (10.0, 'new "note"'), "P-3": (None, None)}


def test_a_refused_row_is_an_outcome_and_the_others_are_written(world: World, desk: Desk) -> None:
    chunk = desk.chunk(
        Action.UPDATE,
        ("00Q999999999999EAA", "gone", 1.0, True, None, False),
        (world.ids["p-1"], "p-1", 2.0, True, None, False),
    )
    outcomes = desk.deliver(world.crm, chunk)
    ok, _, code, _ = outcomes["gone"]
    assert not ok
    assert code in {"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"}
    assert outcomes["p-1"][0] is True
    assert world.look("p-1", "Score__c") == 2.0


def test_an_upsert_tells_what_it_created(world: World, desk: Desk) -> None:
    chunk = desk.chunk(
        Action.UPSERT,
        (None, "p-1", 3.0, True, None, False),
        (None, "p-9", 4.0, True, None, False),
    )
    outcomes = desk.deliver(world.crm, chunk)
    assert outcomes["p-1"] == (True, False, None, world.ids["p-1"])
    assert outcomes["p-9"][:3] == (True, True, None)
    assert outcomes["p-9"][3].startswith("00Q")
    assert (world.look("p-1", "Score__c"), world.look("p-9", "Score__c")) == (3.0, 4.0)


def test_a_chunk_that_was_sent_is_not_sent_again(world: World, desk: Desk) -> None:
    rows = ((None, "new-1", 1.0, True, None, False), (None, "new-2", 2.0, True, None, False))
    remembered: list[Ticket] = []
    world.crm.submit(desk.chunk(Action.CREATE, *rows), desk.engine, remembered.append)
    assert remembered[-1].closed
    again = desk.chunk(Action.CREATE, *rows, ticket=remembered[-1])
    outcomes = desk.deliver(world.crm, again)
    assert {key: rest[:3] for key, rest in outcomes.items()} == {
        "new-1": (True, True, None),
        "new-2": (True, True, None),
    }


def test_outcomes_can_be_collected_again(world: World, desk: Desk) -> None:
    chunk = desk.chunk(Action.UPDATE, (world.ids["p-1"], "p-1", 5.0, True, None, False))
    ticket = world.crm.submit(chunk, desk.engine, lambda _: None)
    while world.crm.progress(ticket) is Progress.WAITING:
        pass
    first, second = (
        desk.engine.rows(
            f"select * from {world.crm.collect(chunk, ticket, desk.engine, into).scan()}"
        )
        for into in (desk.folder / "a.parquet", desk.folder / "b.parquet")
    )
    assert first == second


def test_a_read_tells_when_a_record_was_last_changed(
    world: World, engine: Engine, tmp_path: Path
) -> None:
    query = Read("Lead", EXT, (), None, Api.SOQL)
    present = world.crm.read(query, engine, tmp_path / "present.parquet")
    (changed,) = engine.rows(f"select max(modified) from {present.scan()}")[0]
    assert abs((changed.replace(tzinfo=UTC) - datetime.now(UTC)).days) < 3650


def test_the_budget_counts_our_calls(world: World) -> None:
    world.crm.describe("Lead")
    first = world.crm.budget()
    assert first.calls_made >= 1
    assert 0 < first.remaining <= first.limit
