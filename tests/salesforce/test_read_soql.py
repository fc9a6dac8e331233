"""The records of a few keys are read through SOQL, quoted so that every key can be asked for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_sink.crm.contract import Api, Read
from crm_sink.engine import Engine, Relation, literal
from crm_sink.errors import CrmError
from crm_sink.salesforce.read_soql import soql_literal, statements
from crm_sink.schema import FieldSchema, FieldType
from tests.salesforce.conftest import ACCOUNT, BAND, EXT, HOT, ID, ROOT, SCORE, Client, Reply, Wire

NUMBER = FieldSchema("N__c", FieldType.DOUBLE, external_id=True)


def keys_of(engine: Engine, folder: Path, *keys: str) -> Relation:
    rows = ", ".join(f"({literal(key)})" for key in keys)
    return engine.save(f"select * from (values {rows}) t(key)", folder / "keys.parquet")


def reading(keys: Relation | None, *fields: FieldSchema, key: FieldSchema = EXT) -> Read:
    return Read("Lead", key, fields, keys, Api.SOQL)


def record(number: int, **values: object) -> dict[str, object]:
    return {
        "attributes": {"type": "Lead", "url": "/x"},
        "Id": f"00Q{number:012}AAA",
        "SystemModstamp": "2026-05-01T07:25:37.000+0000",
        **values,
    }


@pytest.mark.parametrize(
    ("field", "key", "literal"),
    [
        (EXT, "p-1", "'p-1'"),
        (EXT, "O'Neill", r"'O\'Neill'"),
        (EXT, r"a\b", r"'a\\b'"),
        (EXT, 'say "hi"', r"'say \"hi\"'"),
        (EXT, "two\nlines", r"'two\nlines'"),
        (EXT, "a/b c?d&e=f%", "'a/b c?d&e=f%'"),
        (EXT, "😀é", "'😀é'"),
        (EXT, "x') OR Name != ('", r"'x\') OR Name != (\''"),
        (NUMBER, "7.0", "7"),
        (NUMBER, "07.5", "7.5"),
        (ID, "00Q000000000001AAA", "'00Q000000000001AAA'"),
        (ID, "00Q000000000001", "'00Q000000000001'"),
        (FieldSchema("D__c", FieldType.DATE), "2026-11-20", "2026-11-20"),
        (HOT, "True", "true"),
    ],
)
def test_a_key_is_written_as_soql_compares_it(field: FieldSchema, key: str, literal: str) -> None:
    assert soql_literal(field, key) == literal


@pytest.mark.parametrize(
    ("field", "key"),
    [
        (NUMBER, "seven"),
        (NUMBER, "nan"),
        (NUMBER, "inf"),
        (ID, "p-1"),
        (EXT, "a\x00b"),
        (HOT, "maybe"),
        (FieldSchema("D__c", FieldType.DATE), "20 November"),
    ],
)
def test_a_key_that_no_record_can_have_is_left_out(field: FieldSchema, key: str) -> None:
    assert soql_literal(field, key) is None
    assert list(statements(reading(None, key=field), [key])) == []


def test_a_key_longer_than_a_literal_may_be_is_left_out() -> None:
    assert soql_literal(EXT, "x" * 3998) is not None
    assert soql_literal(EXT, "x" * 4001) is None


@given(st.lists(st.text(min_size=1, max_size=60), max_size=400))
def test_statements_fit_into_a_url_and_hold_every_key_once(keys: list[str]) -> None:
    sent = list(statements(reading(None, SCORE), keys))
    literals = [text for key in keys if (text := soql_literal(EXT, key)) is not None]
    start = "SELECT Id, SystemModstamp, Ext__c, Score__c FROM Lead WHERE Ext__c IN ("
    assert all(statement.startswith(start) and statement.endswith(")") for statement in sent)
    assert ",".join(s.removeprefix(start)[:-1] for s in sent) == ",".join(literals)
    assert all(len(f"{ROOT}/query?q={quote(statement)}") < 16_384 for statement in sent)


def test_a_long_list_of_keys_leaves_room_for_the_headers() -> None:
    """URL and headers have 16,384 bytes together (431); a session that is a JWT takes 2,000."""
    sent = list(statements(reading(None, SCORE), [f"P-{n:040}" for n in range(2000)]))
    assert len(sent) > 1
    assert max(len(quote(f"{ROOT}/query?q={statement}")) for statement in sent) < 13_000


def test_a_field_is_selected_once() -> None:
    (statement,) = statements(reading(None, EXT, SCORE), None)
    expected = "SELECT Id, SystemModstamp, Ext__c, Score__c FROM Lead WHERE Ext__c != null"
    assert statement == expected


def test_values_become_their_types(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    held = record(
        1,
        Ext__c=" P-1 ",
        Score__c=83.0,
        Band__c=None,
        Hot__c=True,
        Account={"attributes": {"type": "Account"}, "Ext__c": "a-1"},
    )
    page = {"totalSize": 1, "done": True, "records": [held]}
    wire.on("GET", "/query", Reply(page))
    query = reading(keys_of(engine, tmp_path, "P-1"), SCORE, BAND, HOT, ACCOUNT)
    present = client.crm.read(query, engine, tmp_path / "present.parquet")
    assert engine.rows(f"select * from {present.scan()}") == [
        ("00Q000000000001AAA", "p-1", datetime(2026, 5, 1, 7, 25, 37), 83.0, None, True, "a-1")
    ]
    kinds = list(engine.columns(present.scan()).values())
    text, number, flag = "VARCHAR", "DOUBLE", "BOOLEAN"
    assert kinds == [text, text, "TIMESTAMP", number, text, flag, text]


def test_all_pages_are_read(wire: Wire, client: Client, engine: Engine, tmp_path: Path) -> None:
    following = f"{ROOT}/query/0r8xx5R2yF2gs3VASQ-1"
    first = {"done": False, "nextRecordsUrl": following, "records": [record(1, Ext__c="a")]}
    last = {"done": True, "records": [record(2, Ext__c="b", Account=None)]}
    wire.on("GET", "/query", Reply(first))
    wire.on("GET", following, Reply(last))
    query = reading(keys_of(engine, tmp_path, "a", "b"), ACCOUNT)
    present = client.crm.read(query, engine, tmp_path / "present.parquet")
    sql = f'select match_key, "Account.Ext__c" from {present.scan()} order by 1'
    assert engine.rows(sql) == [("a", None), ("b", None)]


def test_keys_that_the_org_takes_for_equal_are_asked_for_once(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("GET", "/query", Reply({"done": True, "records": []}))
    query = reading(keys_of(engine, tmp_path, "a-1", "A-1", "b"))
    assert client.crm.read(query, engine, tmp_path / "present.parquet").rows == 0
    assert wire.asked[0].query["q"].endswith("WHERE Ext__c IN ('A-1','b')")


def test_no_key_makes_no_call(wire: Wire, client: Client, engine: Engine, tmp_path: Path) -> None:
    query = reading(engine.save("select 'x' as key where false", tmp_path / "keys.parquet"))
    assert client.crm.read(query, engine, tmp_path / "present.parquet").rows == 0
    assert wire.asked == []


def test_the_orgs_own_spelling_of_a_field_is_accepted(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    held = record(1, EXT__C="a", sCORE__c=7)
    wire.on("GET", "/query", Reply({"done": True, "records": [held]}))
    present = client.crm.read(reading(None, SCORE), engine, tmp_path / "present.parquet")
    assert engine.rows(f"select match_key, Score__c from {present.scan()}") == [("a", 7.0)]


def test_an_answer_without_records_is_not_salesforces(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("GET", "/query", Reply({"done": True}))
    with pytest.raises(CrmError, match="has no 'records'"):
        client.crm.read(reading(None), engine, tmp_path / "present.parquet")


def test_a_value_that_is_not_of_its_type_is_not_shown(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    held = record(1, Ext__c="a", Score__c="secret value")
    wire.on("GET", "/query", Reply({"done": True, "records": [held]}))
    with pytest.raises(CrmError, match="fields' types") as raised:
        client.crm.read(reading(None, SCORE), engine, tmp_path / "present.parquet")
    assert "secret" not in str(raised.value)
