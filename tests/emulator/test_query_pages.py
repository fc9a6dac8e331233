"""`/query`: bodies, pages, locators and headers over real HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from crm_sink.emulator.serve import Running

LEADS = """
insert into Lead by name
select printf('00Q%012dAAA', i) as Id, 'L' || i as LastName, 'Acme' as Company,
  false as IsDeleted
from range(1, {0}) t(i)
"""


def fill(api: Any, leads: int) -> None:
    with api.running.org.store.writing() as cursor:
        cursor.execute(LEADS.format(leads + 1))


def query(api: Any, soql: str, **given: Any) -> dict[str, Any]:
    reply = api.get("query", params={"q": soql}, **given)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def test_a_short_result_is_compact_and_done(api: Any) -> None:
    fill(api, 1)
    reply = api.get("query/", params={"q": "SELECT Id, LastName FROM Lead"})
    assert reply.text == (
        '{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Lead",'
        '"url":"/services/data/v60.0/sobjects/Lead/00Q000000000001AAA"},'
        '"Id":"00Q000000000001AAA","LastName":"L1"}]}'
    )
    assert reply.headers["content-type"] == "application/json;charset=UTF-8"


def test_count_gives_a_total_and_no_records(api: Any) -> None:
    fill(api, 3)
    assert query(api, "SELECT count() FROM Lead") == {"totalSize": 3, "done": True, "records": []}
    assert query(api, "SELECT count() FROM Lead LIMIT 2")["totalSize"] == 2


def test_a_long_result_comes_in_pages_of_2000_under_one_total(api: Any) -> None:
    fill(api, 4001)
    seen: list[str] = []
    found = query(api, "SELECT Id FROM Lead")
    while True:
        assert found["totalSize"] == 4001
        seen += [record["Id"] for record in found["records"]]
        if found["done"]:
            break
        assert found["nextRecordsUrl"].endswith(f"-{len(seen)}")
        found = api.get(found["nextRecordsUrl"]).json()
    assert "nextRecordsUrl" not in found
    assert seen == [f"00Q{number:012d}AAA" for number in range(1, 4002)]


def test_pages_keep_the_order_that_was_asked_for(api: Any) -> None:
    fill(api, 2500)
    first = query(api, "SELECT Id FROM Lead ORDER BY Id DESC")
    second = api.get(first["nextRecordsUrl"]).json()
    seen = [record["Id"] for record in first["records"] + second["records"]]
    assert seen == [f"00Q{number:012d}AAA" for number in range(2500, 0, -1)]


@pytest.mark.parametrize(
    ("soql", "options", "rows"),
    [
        ("SELECT Id FROM Lead", "batchSize=500", 500),
        ("SELECT Id FROM Lead", "batchSize = 1", 200),  # 200 is the least
        ("SELECT Id FROM Lead", "batchSize=9999", 2000),
        ("SELECT Id, Description FROM Lead", "", 1000),  # recorded with a long text
    ],
)
def test_the_size_of_a_page(api: Any, soql: str, options: str, rows: int) -> None:
    fill(api, 2100)
    found = query(api, soql, headers={"Sforce-Query-Options": options})
    assert (len(found["records"]), found["totalSize"]) == (rows, 2100)


@pytest.mark.parametrize("locator", ["0r8000000000000AAA-2000", "nonsense", "../org.json-1"])
def test_an_unknown_locator_is_refused(api: Any, locator: str) -> None:
    reply = api.get(f"query/{locator.replace('/', '%2F')}")
    assert reply.status_code in (400, 404)
    assert reply.json()[0]["errorCode"] in ("INVALID_QUERY_LOCATOR", "NOT_FOUND")


def test_a_locator_is_stale_after_two_days(org: Running) -> None:
    with org.org.store.writing() as cursor:
        cursor.execute(LEADS.format(3000))
    url = f"{org.url}/services/data/v60.0/query"

    def get(address: str, **params: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {org.token()}"}
        return requests.get(address, params=params, headers=headers, timeout=30)

    more = org.url + get(url, q="SELECT Id FROM Lead").json()["nextRecordsUrl"]
    assert get(more).status_code == 200
    org.org.clock.advance(2 * 86_400 + 1)  # type: ignore[attr-defined]
    assert get(more).json() == [
        {"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}
    ]


def test_the_eleventh_open_cursor_lets_the_first_go(api: Any) -> None:
    fill(api, 2001)
    urls = [query(api, "SELECT Id FROM Lead")["nextRecordsUrl"] for _ in range(11)]
    assert api.get(urls[0]).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert api.get(urls[1]).status_code == 200


def test_a_query_is_answered_however_many_cursors_others_open_meanwhile(api: Any) -> None:
    fill(api, 201)
    options = {"Sforce-Query-Options": "batchSize=200"}

    def ask(_: int) -> int:
        # A session for each: requests shares connections badly between threads.
        url = f"{api.running.url}/services/data/v60.0/query"
        headers = {**api.session.headers, **options}
        reply = requests.get(url, {"q": "SELECT Id FROM Lead"}, headers=headers, timeout=30)
        return reply.status_code

    with ThreadPoolExecutor(12) as threads:
        assert set(threads.map(ask, range(36))) == {200}


def test_query_all_shows_deleted_records(api: Any) -> None:
    record_id = api.lead()
    api.call("DELETE", f"sobjects/Lead/{record_id}")
    soql = "SELECT Id, IsDeleted FROM Lead"
    assert query(api, soql)["totalSize"] == 0
    found = api.get("queryAll", params={"q": soql}).json()
    assert [(one["Id"], one["IsDeleted"]) for one in found["records"]] == [(record_id, True)]


def test_a_missing_statement_is_refused(api: Any) -> None:
    reply = api.get("query")
    assert reply.status_code == 400
    assert reply.text == (
        '[{"message":"A query string has to be specified","errorCode":"MALFORMED_QUERY"}]'
    )


def test_a_uri_longer_than_16384_bytes_is_414(api: Any) -> None:
    ids = ",".join(f"'{'x' * 18}'" for _ in range(800))
    reply = api.get("query", params={"q": f"SELECT Id FROM Lead WHERE Name IN ({ids})"})
    assert reply.status_code == 414


def test_what_the_cli_asks_at_login_is_answered(api: Any) -> None:
    soql = (
        "SELECT Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, "
        "OrganizationType FROM Organization"
    )
    record = query(api, soql)["records"][0]
    assert list(record)[1:] == [
        "Name", "InstanceName", "IsSandbox", "TrialExpirationDate", "NamespacePrefix",
        "OrganizationType",
    ]  # fmt: skip
    assert query(api, "SELECT Id FROM ScratchOrgInfo limit 1")["records"] == []
    assert query(api, "SELECT SobjectName FROM TabDefinition")["records"] == []


def test_columns_tell_the_cli_what_a_query_shows(api: Any) -> None:
    soql = "SELECT Id, Owner.Name FROM Lead"
    found = api.get("query", params={"q": soql, "columns": "true"}).json()
    assert (found["entityName"], found["keyPrefix"], found["idSelected"]) == ("Lead", "00Q", True)
    first, second = found["columnMetadata"]
    assert (first["columnName"], first["apexType"], first["joinColumns"]) == ("Id", "Id", [])
    assert second["columnName"] == "Owner"
    assert [one["columnName"] for one in second["joinColumns"]] == ["Name"]


def test_columns_name_aggregates(api: Any) -> None:
    soql = "SELECT COUNT(Id), MAX(Name) top FROM Lead"
    found = api.get("query", params={"q": soql, "columns": "true"}).json()["columnMetadata"]
    assert [(one["columnName"], one["displayName"], one["aggregate"]) for one in found] == [
        ("expr0", "count(Id)", True),
        ("top", "max(Name)", True),
    ]
