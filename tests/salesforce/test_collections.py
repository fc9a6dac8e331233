"""A chunk of at most 200 records is one Collections call, matched by position and settled."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crm_sink.crm.contract import Action, Api, Chunk, Progress
from crm_sink.engine import Engine
from crm_sink.errors import CrmError, Fate
from crm_sink.tickets import Ticket
from tests.conftest import FakeClock
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
)

PATH = "/composite/sobjects"
USERINFO, ME = "/services/oauth2/userinfo", "005000000000001AAA"
A, B = "00Q000000000001AAA", "00Q000000000002AAA"
SCORES = '"Score__c", "Score__c.write"'
GOOD = {"id": A, "success": True, "errors": []}
BAD = {
    "success": False,
    "errors": [
        {
            "statusCode": "STRING_TOO_LONG",
            "message": "Note: data value too large: x (max length=25)",
            "fields": ["Note__c"],
        }
    ],
}
LOST = Reply([], cut=0)


def nothing(ticket: Ticket) -> None:
    return


def two(
    engine: Engine, tmp_path: Path, action: Action = Action.UPDATE, ticket: Ticket | None = None
) -> Chunk:
    rows = f"('{A}', 'k-1', 83.0, true), ('{B}', 'k-2', 12.0, true)"
    if action not in (Action.UPDATE, Action.DELETE):
        rows = "(null::varchar, 'k-1', 83.0, true), (null::varchar, 'k-2', 12.0, true)"
    relation = changes(engine, tmp_path / "c.parquet", rows, SCORES)
    return chunk_of(relation, SCORE, action=action, api=Api.COLLECTIONS, ticket=ticket)


def sent(client: Client, engine: Engine, tmp_path: Path, chunk: Chunk) -> list[tuple[object, ...]]:
    """Submit and collect a chunk; give its outcomes."""
    ticket = client.crm.submit(chunk, engine, nothing)
    assert client.crm.progress(ticket) is Progress.DONE
    outcomes = client.crm.collect(chunk, ticket, engine, tmp_path / "o.parquet")
    left = {path.name for path in tmp_path.glob("*.*")}
    assert left == {"c.parquet", "o.parquet", "answer-0.outcomes"}
    columns = "key, id, ok, created, code, message, fields"
    return engine.rows(f"select {columns} from {outcomes.scan()} order by key")


def held(*scores: tuple[str, float], by: str | None = None, at: datetime | None = None) -> Reply:
    """Answer a query with records that hold these scores; and who made them, and when."""
    records = [
        {
            "CreatedById": by,
            "CreatedDate": at and f"{at:%Y-%m-%dT%H:%M:%S}.000+0000",
            "Id": record,
            "SystemModstamp": "2026-05-01T07:25:37.000+0000",
            "Ext__c": f"K-{record[14]}",
            "Score__c": score,
        }
        for record, score in scores
    ]
    return Reply({"done": True, "records": records})


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


def test_after_a_lost_answer_only_records_without_the_new_values_are_sent_again(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("PATCH", PATH, LOST, Reply([GOOD | {"id": B}]))
    wire.on("GET", "/query", held((A, 83.0), (B, 5.0)))
    found = sent(client, engine, tmp_path, two(engine, tmp_path))
    assert [outcome[:3] for outcome in found] == [("k-1", A, True), ("k-2", B, True)]
    first, _, second = wire.asked
    assert [len(asked.json["records"]) for asked in (first, second)] == [2, 1]
    assert second.json["records"][0]["id"] == B


def test_after_a_lost_answer_a_record_that_exists_is_not_created_again(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, clock: FakeClock
) -> None:
    """A trigger may have changed its values: the key tells that it was made."""
    wire.on("POST", PATH, LOST, Reply([GOOD | {"id": B}]))
    wire.on("GET", USERINFO, Reply({"user_id": ME}))
    wire.on("GET", "/query", held((A, 99.0), by=ME, at=clock.now()))
    found = sent(client, engine, tmp_path, two(engine, tmp_path, Action.CREATE))
    assert [outcome[:4] for outcome in found] == [("k-1", A, True, True), ("k-2", B, True, True)]
    assert [record["Ext__c"] for record in wire.asked[-1].json["records"]] == ["k-2"]


@pytest.mark.parametrize(
    ("action", "by", "seconds", "created"),
    [
        (Action.UPSERT, ME, 0, True),
        (Action.UPSERT, ME, 600, True),  # a call may be at work for ten minutes
        (Action.UPSERT, ME, -3600, None),  # another tool of our user's, or an hour's skew
        (Action.UPSERT, ME, 3600, None),
        (Action.UPSERT, "005000000000009AAA", 0, False),
        (Action.UPSERT, None, 0, None),
        (Action.CREATE, ME, -3600, None),
        (Action.CREATE, None, 0, None),
    ],
)
def test_after_a_lost_answer_a_record_is_created_by_us_only_if_it_says_so(
    wire: Wire,
    client: Client,
    engine: Engine,
    tmp_path: Path,
    clock: FakeClock,
    *,
    action: Action,
    by: str | None,
    seconds: float,
    created: bool | None,
) -> None:
    """It holds our key and values, made by some user so many seconds after our call."""
    at = clock.now() + timedelta(seconds=seconds)
    for method, path in (("POST", PATH), ("PATCH", f"{PATH}/Lead/Ext__c")):
        wire.on(method, path, LOST)
    wire.on("GET", USERINFO, Reply({"user_id": ME}))
    wire.on("GET", "/query", held((A, 83.0), (B, 12.0), by=by, at=at))
    found = sent(client, engine, tmp_path, two(engine, tmp_path, action))
    assert [outcome[1:4] for outcome in found] == [(A, True, created), (B, True, created)]


def test_after_a_lost_answer_anothers_record_does_not_stand_for_ours(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, clock: FakeClock
) -> None:
    """It has the key of one that we were to create, and is somebody else's: ours is created."""
    wire.on("POST", PATH, LOST, Reply([GOOD, GOOD | {"id": B}]))
    wire.on("GET", USERINFO, Reply({"user_id": ME}))
    another = "005000000000009AAA"
    wire.on("GET", "/query", held((A, 83.0), by=another, at=clock.now()))
    found = sent(client, engine, tmp_path, two(engine, tmp_path, Action.CREATE))
    assert [outcome[1:4] for outcome in found] == [(A, True, True), (B, True, True)]
    assert len(wire.asked[-1].json["records"]) == 2


def test_when_the_org_does_not_say_who_we_are_nothing_counts_as_created_by_us(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path, clock: FakeClock
) -> None:
    wire.on("POST", PATH, LOST)
    wire.on("GET", USERINFO, Reply([{"errorCode": "FORBIDDEN", "message": "no"}], status=403))
    wire.on("GET", "/query", held((A, 83.0), (B, 12.0), by=ME, at=clock.now()))
    found = sent(client, engine, tmp_path, two(engine, tmp_path, Action.CREATE))
    assert [outcome[3] for outcome in found] == [None, None]


def test_after_a_lost_answer_a_deleted_record_is_not_deleted_again(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("DELETE", PATH, LOST)
    wire.on("GET", "/query", held())
    found = sent(client, engine, tmp_path, two(engine, tmp_path, Action.DELETE))
    assert [outcome[2] for outcome in found] == [True, True]
    assert len(wire.paths("DELETE")) == 1


def test_answers_that_are_lost_again_and_again_end_the_run(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    wire.on("PATCH", PATH, LOST)
    wire.on("GET", "/query", held((A, 1.0), (B, 1.0)))
    with pytest.raises(CrmError, match="lost 4 times") as raised:
        client.crm.submit(two(engine, tmp_path), engine, nothing)
    assert "crm-sink resume run-1" in str(raised.value.hint)


def test_a_chunk_that_may_have_been_sent_before_is_read_back_first(
    wire: Wire, client: Client, engine: Engine, tmp_path: Path
) -> None:
    """The process ended between sending and answer: its ticket is not closed."""
    wire.on("GET", "/query", held((A, 83.0), (B, 12.0)))
    chunk = two(engine, tmp_path, ticket=Ticket(Api.COLLECTIONS, None))
    found = sent(client, engine, tmp_path, chunk)
    assert [outcome[2] for outcome in found] == [True, True]
    assert wire.paths("PATCH") == []


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
