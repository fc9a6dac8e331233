"""A chunk of at most 200 records is one Collections call, matched by position and settled."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sink.crm.contract import Action, Api
from crm_sink.engine import Engine
from crm_sink.errors import CrmError, Fate
from crm_sink.tickets import Ticket
from tests.salesforce.conftest import (
    ACCOUNT,
    AT,
    HOT,
    NOTE,
    SCORE,
    Client,
    Reply,
    Wire,
    changes,
    chunk_of,
    nothing,
)
from tests.salesforce.records import BAD, GOOD, PATH, SCORES, A, B, sent, two


def test_only_written_fields_travel_as_json_values(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("PATCH", PATH, Reply([GOOD]))
    rows = (
        f"('{A}', 'k', 83.0, true, 'unchanged', false, false, true, "
        "timestamp '2026-11-20 06:00:00', true, 'a-1', true)"
    )
    names = ", ".join(
        f'"{n}", "{n}.write"' for n in ("Score__c", "Note__c", "Hot__c", "At__c", "Account.Ext__c")
    )
    relation = changes(engine, tmp_path / "c.parquet", rows, names)
    chunk = chunk_of(relation, SCORE, NOTE, HOT, AT, ACCOUNT, api=Api.COLLECTIONS)
    client.crm.submit(chunk, engine, nothing)
    expected = (
        b'{"allOrNone": false, "records": [{"attributes": {"type": "Lead"}, "id": "' + A.encode()
    )
    assert wire.asked[0].body.startswith(expected)
    assert b'"Score__c": 83,' in wire.asked[0].body
    (record,) = wire.asked[0].json["records"]
    assert record == {
        "attributes": {"type": "Lead"},
        "id": A,
        "Score__c": 83,
        "Hot__c": False,
        "At__c": "2026-11-20T06:00:00.000Z",
        "Account": {"Ext__c": "a-1"},
    }


def test_null_clears_a_field_and_a_lookup_is_cleared_by_its_own_name(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("PATCH", PATH, Reply([GOOD]))
    rows = f"('{A}', 'k', null::double, true, null::varchar, true)"
    names = f'{SCORES}, "Account.Ext__c", "Account.Ext__c.write"'
    relation = changes(engine, tmp_path / "c.parquet", rows, names)
    chunk = chunk_of(relation, SCORE, ACCOUNT, api=Api.COLLECTIONS)
    client.crm.submit(chunk, engine, nothing)
    (record,) = wire.asked[0].json["records"]
    assert (record["Score__c"], record["AccountId"]) == (None, None)
    assert "Account" not in record


@pytest.mark.parametrize(
    ("action", "method", "path", "first"),
    [
        (Action.UPDATE, "PATCH", PATH, {"id": A, "Score__c": 83}),
        (Action.CREATE, "POST", PATH, {"Ext__c": "k-1", "Score__c": 83}),
        (Action.UPSERT, "PATCH", f"{PATH}/Lead/Ext__c", {"Ext__c": "k-1", "Score__c": 83}),
    ],
)
def test_each_action_has_its_call(
    wire: Wire,
    client: Client,
    engine: Engine,
    tmp_path: Path,
    *,
    action: Action,
    method: str,
    path: str,
    first: dict[str, object],
) -> None:
    wire.on(method, path, Reply([GOOD, GOOD | {"id": B}]))
    client.crm.submit(two(engine, tmp_path, action), engine, nothing)
    assert wire.asked[0].json["records"][0] == {"attributes": {"type": "Lead"}} | first


def test_a_delete_names_its_ids_in_the_url(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("DELETE", PATH, Reply([GOOD, GOOD | {"id": B}]))
    client.crm.submit(two(engine, tmp_path, Action.DELETE), engine, nothing)
    assert wire.asked[0].query == {"ids": f"{A},{B}", "allOrNone": "false"}


def test_answers_are_matched_by_position(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """A failed row carries no id."""
    wire.on("PATCH", PATH, Reply([BAD, GOOD | {"id": B}]))
    assert sent(client, engine, tmp_path, two(engine, tmp_path)) == [
        (
            "k-1",
            A,
            False,
            False,
            "STRING_TOO_LONG",
            "Note: data value too large: x (max length=25)",
            "Note__c",
        ),
        ("k-2", B, True, False, None, None, None),
    ]


def test_an_upsert_tells_which_records_are_new(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    answer = [GOOD | {"created": True}, GOOD | {"id": B, "created": False}]
    wire.on("PATCH", f"{PATH}/Lead/Ext__c", Reply(answer))
    found = sent(client, engine, tmp_path, two(engine, tmp_path, Action.UPSERT))
    assert [outcome[:4] for outcome in found] == [("k-1", A, True, True), ("k-2", B, True, False)]


def test_an_answer_of_another_length_cannot_be_matched(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("PATCH", PATH, Reply([GOOD]))
    with pytest.raises(CrmError, match="2 records were sent and 1 answered") as raised:
        client.crm.submit(two(engine, tmp_path), engine, nothing)
    assert raised.value.fate is Fate.STOP


def test_a_call_that_is_refused_as_a_whole_is_raised(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    body = [{"message": "malformed", "errorCode": "JSON_PARSER_ERROR"}]
    wire.on("PATCH", PATH, Reply(body, 400))
    with pytest.raises(CrmError, match="malformed"):
        client.crm.submit(two(engine, tmp_path), engine, nothing)


def test_more_records_than_a_call_takes_are_not_sent(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    rows = ", ".join(f"('00Q{n:012}AAA', 'k-{n}', 1.0, true)" for n in range(201))
    relation = changes(engine, tmp_path / "c.parquet", rows, SCORES)
    with pytest.raises(CrmError, match="201 records; a Collections call takes 200"):
        client.crm.submit(chunk_of(relation, SCORE, api=Api.COLLECTIONS), engine, nothing)
    assert wire.asked == []


def test_a_chunk_that_was_answered_is_not_sent_again(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("PATCH", PATH, Reply([GOOD, BAD]))
    journal: list[Ticket] = []
    chunk = two(engine, tmp_path)
    client.crm.submit(chunk, engine, journal.append)
    assert [ticket.closed for ticket in journal] == [False, True]
    again = two(engine, tmp_path, ticket=journal[-1])
    assert client.crm.submit(again, engine, nothing) == journal[-1]
    assert len(wire.asked) == 1
    outcomes = client.crm.collect(again, journal[-1], engine, tmp_path / "o.parquet")
    assert outcomes.rows == 2


def test_outcomes_that_are_gone_are_said_to_be(
    client: Client, engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(CrmError, match="not in the run folder"):
        client.crm.collect(
            two(engine, tmp_path), Ticket(Api.COLLECTIONS, None), engine, tmp_path / "o.parquet"
        )


@pytest.mark.parametrize(
    "row",
    [
        None,
        {"id": A, "success": "true", "errors": []},
        {"id": A, "errors": []},
        {"success": False, "errors": ["no"]},
    ],
)
def test_a_row_that_does_not_say_what_became_of_it_is_not_taken_for_a_failure(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, row: object
) -> None:
    """It would be sent again, and may have been written."""
    wire.on("PATCH", PATH, Reply([row, {**GOOD, "id": B}]))
    with pytest.raises(CrmError) as raised:
        client.crm.submit(two(engine, tmp_path), engine, nothing)
    assert raised.value.code == "UNEXPECTED_ANSWER"


def test_an_answer_about_other_records_than_were_sent_is_not_believed(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("PATCH", PATH, Reply([{**GOOD, "id": B}, GOOD]))
    with pytest.raises(CrmError, match="other records") as raised:
        client.crm.submit(two(engine, tmp_path), engine, nothing)
    assert raised.value.code == "RESULTS_DISAGREE"
