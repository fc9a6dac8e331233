"""A small write is answered before it is in the database: it is seen at once, and never lost."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from crm_sink.emulator.ahead import waiting
from crm_sink.emulator.serve import running

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the database follow only when somebody waits for it."""
    monkeypatch.setattr(waiting, "LINGER", 60.0)


def score(api: Any, lead: str, value: int) -> None:
    assert api.patch(f"sobjects/Lead/{lead}", {"Score__c": value}).status_code == 204


def kill(api: Any, place: Path) -> Path:
    """Give the folder that a kill would leave: the files as they are now."""
    return shutil.copytree(api.running.org.store.folder, place)


def stored(api: Any, lead: str) -> list[Any]:
    """Give the scores that the database has now."""
    with api.running.org.store.reader() as cursor:
        rows = cursor.execute("select Score__c from Lead where Id = ?", [lead]).fetchall()
    return [value for (value,) in rows]


def test_a_write_is_answered_before_it_is_in_the_database(api: Any) -> None:
    lead = api.lead(Score__c=1)
    assert stored(api, lead) == []
    assert api.field(lead, "Score__c") == 1.0
    score(api, lead, 2)
    assert stored(api, lead) == [1.0]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("sobjects/Lead/{}?fields=Score__c", "7.0"),
        ("query?q=SELECT+Score__c+FROM+Lead", "7.0"),
        ("/__log__?id={}", '"Score__c": 7.0'),
        ("/__log__/counts", '"changes": 2'),
        ("/lightning/r/Lead/{}/view", "7"),
        ("search?q=FIND+{{Doe}}+RETURNING+Lead(Score__c)", "7.0"),
    ],
)
def test_whoever_reads_sees_what_was_answered(api: Any, path: str, told: str) -> None:
    lead = api.lead()
    score(api, lead, 7)
    assert told.replace('": ', '":') in api.get(path.format(lead)).text.replace('": ', '":')


def test_a_write_of_the_long_way_comes_after_it(api: Any) -> None:
    lead = api.lead(Score__c=1)
    assert api.patch(f"sobjects/Lead/{lead}", {"Score__c": 2, "Note__c": " long "}).ok
    assert api.call("DELETE", f"sobjects/Lead/{lead}").status_code == 204
    changes = api.get(f"/__log__?id={lead}").json()["changes"]
    assert [change["operation"] for change in changes] == ["insert", "update", "delete"]
    assert changes[1]["old"] == {"Score__c": 1.0, "Note__c": None}


def test_a_record_that_is_about_to_change_is_read_as_it_will_be(api: Any) -> None:
    lead = api.lead(Score__c=1)
    for value in (2, 3):
        score(api, lead, value)
    changes = api.get(f"/__log__?id={lead}").json()["changes"]
    assert [change["old"]["Score__c"] for change in changes] == [None, 1.0, 2.0]
    assert api.field(lead, "Score__c") == 3.0


def test_what_was_answered_survives_a_kill(api: Any, tmp_path: Path, log_in: Any) -> None:
    known = api.lead(Score__c=1, Ext__c="P-1")
    api.field(known, "Score__c")
    score(api, known, 2)
    new = api.lead(Note__c="new")
    assert api.patch("sobjects/Lead/Ext__c/P-1", {"Note__c": None}).ok
    folder = kill(api, tmp_path / "killed")
    for starts in range(2):
        with running(folder) as handle:
            after = log_in(handle)
            assert after.field(known, "Score__c") == 2.0
            assert after.field(new, "Note__c") == "new"
            counts = after.get("/__log__/counts").json()
            assert (counts["changes"], counts["repeated"]) == (4 + starts, {known: 3})
            assert after.lead() > new


def test_what_is_in_the_database_is_not_written_again(
    api: Any, tmp_path: Path, log_in: Any
) -> None:
    """The kill came after the commit, and before the file was emptied."""
    lead = api.lead(Score__c=1)
    api.field(lead, "Score__c")
    score(api, lead, 2)
    path = api.running.org.store.folder / waiting.FILE
    lines = path.read_bytes()
    assert api.patch(f"sobjects/Lead/{lead}", {"Score__c": 3, "Note__c": " long "}).ok
    folder = kill(api, tmp_path / "killed")
    assert (folder / waiting.FILE).read_bytes() == b""
    (folder / waiting.FILE).write_bytes(lines)
    with running(folder) as handle:
        after = log_in(handle)
        assert after.field(lead, "Score__c") == 3.0
        assert after.get("/__log__/counts").json()["changes"] == 3


def test_a_stop_leaves_all_of_it_in_the_database(api_folder: Path, log_in: Any) -> None:
    with running(api_folder) as handle:
        log_in(handle).lead(Score__c=1)
    assert (api_folder / waiting.FILE).stat().st_size == 0
    with duckdb.connect(str(api_folder / "org.duckdb"), read_only=True) as base:
        assert base.execute("select Score__c from Lead").fetchall() == [(1.0,)]


def test_a_record_that_moved_meanwhile_is_found_by_its_id(api: Any) -> None:
    """The database may give rows other places when it tidies up after deletions."""
    first, second = api.lead(Score__c=1), api.lead(Score__c=2)
    api.field(first, "Score__c")
    score(api, first, 7)
    with api.running.org.store.reader() as cursor:
        cursor.execute("create temp table kept as select * from Lead")
        cursor.execute("delete from Lead")
        cursor.execute("insert into Lead select * from kept order by Id desc")
    assert [api.field(one, "Score__c") for one in (first, second)] == [7.0, 2.0]


def test_what_the_database_refuses_is_kept_until_it_takes_it(api: Any) -> None:
    lead = api.lead(Score__c=1)
    store = api.running.org.store
    with store.reader() as cursor:
        cursor.execute("alter table _log_writes rename to elsewhere")
        with pytest.raises(duckdb.CatalogException):
            store.cursor()
        cursor.execute("alter table elsewhere rename to _log_writes")
    assert api.field(lead, "Score__c") == 1.0


def test_writes_that_come_together_are_all_there(api: Any, log_in: Any) -> None:
    leads = [api.lead(Score__c=0) for _ in range(4)]
    begin = threading.Barrier(4)

    def work(number: int) -> None:
        own = log_in(api.running)
        begin.wait()
        for value in range(1, 6):
            score(own, leads[number], value)
            score(own, leads[number - 1], 100 * value)
            own.lead(Note__c="new")

    with ThreadPoolExecutor(4) as clients:
        list(clients.map(work, range(4)))
    assert len(api.get("query?q=SELECT+Id+FROM+Lead").json()["records"]) == 4 + 20
    counts = api.get("/__log__/counts").json()
    assert (counts["changes"], counts["most"]) == (4 + 4 * 15, 11)


def test_the_database_follows_by_itself(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LINGER", 0.0)
    lead = api.lead(Score__c=1)
    assert api.running.org.waiting.has_followed(within=20)
    assert stored(api, lead) == [1.0]
