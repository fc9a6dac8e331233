"""Composite calls that are kept or undone as a whole (facts 3.2, 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulator.conftest import Api

ROOT = "/services/data/v60.0"
HALTED = "The transaction was rolled back since another operation in the same transaction failed."


def part(reference: str, kind: str, **values: Any) -> dict[str, Any]:
    url = f"{ROOT}/sobjects/{kind}"
    return {"method": "POST", "url": url, "referenceId": reference, "body": values}


def count(api: Api, kind: str) -> int:
    return int(api.get("query", params={"q": f"SELECT count() FROM {kind}"}).json()["totalSize"])


def test_a_graph_is_kept_when_all_its_parts_are(api: Api) -> None:
    parts = [
        part("acme", "Account", Name="Acme"),
        part("jo", "Contact", LastName="Jo", AccountId="@{acme.id}"),
    ]
    reply = api.post("composite/graph", {"graphs": [{"graphId": "1", "compositeRequest": parts}]})
    (told,) = reply.json()["graphs"]
    assert told["graphId"] == "1"
    assert told["isSuccessful"] is True
    acme, jo = told["graphResponse"]["compositeResponse"]
    assert acme["httpHeaders"] == {"Location": f"{ROOT}/sobjects/Account/{acme['body']['id']}"}
    found = api.get(f"sobjects/Contact/{jo['body']['id']}?fields=AccountId").json()
    assert found["AccountId"] == acme["body"]["id"]


def test_a_part_reads_what_an_earlier_part_has_written(api: Api) -> None:
    read = {"method": "GET", "url": f"{ROOT}/sobjects/Account/@{{acme.id}}", "referenceId": "read"}
    query = f"{ROOT}/query?q=SELECT Name FROM Account"
    ask = {"method": "GET", "url": query, "referenceId": "ask"}
    parts = [part("acme", "Account", Name="Acme"), read, ask]
    body = {"allOrNone": True, "compositeRequest": parts}
    _, record, found = api.post("composite", body).json()["compositeResponse"]
    assert record["body"]["Name"] == "Acme"
    assert [one["Name"] for one in found["body"]["records"]] == ["Acme"]


def test_a_failed_graph_leaves_nothing_and_the_next_one_is_kept(api: Api) -> None:
    bad = [part("a", "Account", Name="A"), part("b", "Contact", FirstName="nameless")]
    good = [part("c", "Account", Name="C")]
    graphs = [
        {"graphId": "bad", "compositeRequest": bad},
        {"graphId": "good", "compositeRequest": good},
    ]
    one, two = api.post("composite/graph", {"graphs": graphs}).json()["graphs"]
    halted, failed = one["graphResponse"]["compositeResponse"]
    assert (one["isSuccessful"], two["isSuccessful"]) == (False, True)
    assert halted["body"] == [{"errorCode": "PROCESSING_HALTED", "message": HALTED}]
    assert failed["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert count(api, "Account") == 1


def test_all_or_none_undoes_a_composite(api: Api) -> None:
    lead = api.lead(Company="Before")
    change = {
        "method": "PATCH",
        "url": f"{ROOT}/sobjects/Lead/{lead}",
        "referenceId": "change",
        "body": {"Company": "After"},
    }
    body = {"allOrNone": True, "compositeRequest": [change, part("bad", "Account", Phone="1")]}
    reply = api.post("composite", body)
    assert reply.status_code == 200
    assert [one["httpStatusCode"] for one in reply.json()["compositeResponse"]] == [400, 400]
    assert api.field(lead, "Company") == "Before"


def test_without_all_or_none_good_parts_stay(api: Api) -> None:
    body = {"compositeRequest": [part("a", "Account", Name="A"), part("b", "Account", Phone="1")]}
    api.post("composite", body)
    assert count(api, "Account") == 1


def test_a_failed_row_of_a_collection_undoes_the_whole_composite(api: Api) -> None:
    rows = [{"attributes": {"type": "Account"}, "Phone": "1"}]
    collection = {
        "method": "POST",
        "url": f"{ROOT}/composite/sobjects",
        "referenceId": "rows",
        "body": {"records": rows},
    }
    body = {"allOrNone": True, "compositeRequest": [part("a", "Account", Name="A"), collection]}
    api.post("composite", body)
    assert count(api, "Account") == 0


def test_writes_of_others_wait_for_an_all_or_none_call_and_go_on_after_it(api: Api) -> None:
    bad = [part("a", "Account", Name="A"), part("b", "Account", Phone="1")]
    api.post("composite", {"allOrNone": True, "compositeRequest": bad})
    assert api.post("sobjects/Account", {"Name": "later"}).status_code == 201
    assert count(api, "Account") == 1


def test_a_call_of_more_than_75_graphs_is_refused(api: Api) -> None:
    graph = {"graphId": "1", "compositeRequest": [part("a", "Account", Name="A")]}
    reply = api.post("composite/graph", {"graphs": [graph] * 76})
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")
