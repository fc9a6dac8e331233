"""After a lost answer records are read back first, and none is written or counted twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from crm_sink.crm.contract import Action, Api
from crm_sink.engine import Engine
from crm_sink.errors import CrmError
from crm_sink.tickets import Ticket
from tests.conftest import FakeClock
from tests.salesforce.conftest import Client, Reply, Wire, nothing
from tests.salesforce.records import GOOD, LOST, ME, PATH, USERINFO, A, B, held, sent, two


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
