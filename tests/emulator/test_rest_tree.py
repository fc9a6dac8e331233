"""Parents with their children in one call (facts 3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.emulator.conftest import Api


def record(kind: str, reference: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": kind, "referenceId": reference}, **values}


def test_children_are_made_with_their_parent(api: Api) -> None:
    jo = record("Contact", "jo", LastName="Jo")
    tree = {"records": [record("Account", "acme", Name="Acme", contacts={"records": [jo]})]}
    reply = api.post("composite/tree/Account", tree)
    assert reply.status_code == 201
    acme, made = reply.json()["results"]
    assert (acme["referenceId"], made["referenceId"]) == ("acme", "jo")
    found = api.get(f"sobjects/Contact/{made['id']}?fields=AccountId").json()
    assert found["AccountId"] == acme["id"]


def test_one_bad_child_leaves_nothing(api: Api) -> None:
    bad = record("Contact", "bad", FirstName="nameless")
    tree = {"records": [record("Account", "acme", Name="Acme", Contacts={"records": [bad]})]}
    reply = api.post("composite/tree/Account", tree)
    assert reply.status_code == 400
    (fault,) = reply.json()["results"]
    assert reply.json()["hasErrors"] is True
    assert fault["referenceId"] == "bad"
    assert fault["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    found = api.get("query", params={"q": "SELECT Id FROM Account"}).json()
    assert found["records"] == []


def test_every_record_has_a_reference(api: Api) -> None:
    tree = {"records": [{"attributes": {"type": "Account"}, "Name": "Acme"}]}
    reply = api.post("composite/tree/Account", tree)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_INPUT")


def test_a_key_that_leads_to_no_children_is_no_column(api: Api) -> None:
    tree = {"records": [record("Account", "a", Name="A", Deals={"records": []})]}
    reply = api.post("composite/tree/Account", tree)
    assert reply.json()[0]["message"] == "No such column 'Deals' on sobject of type Account"


def test_more_than_200_records_are_refused(api: Api) -> None:
    tree = {"records": [record("Account", f"a{number}", Name="A") for number in range(201)]}
    reply = api.post("composite/tree/Account", tree)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")


def test_two_records_with_one_reference_are_refused(api: Api) -> None:
    child = record("Contact", "a", LastName="Doe")
    tree = {"records": [record("Account", "a", Name="A", Contacts={"records": [child]})]}
    reply = api.post("composite/tree/Account", tree)
    assert reply.status_code == 400
    assert reply.json()["results"] == [
        {
            "referenceId": "a",
            "errors": [
                {
                    "statusCode": "INVALID_INPUT",
                    "message": "Duplicate ReferenceId provided in the request.",
                    "fields": [],
                }
            ],
        }
    ]


def test_a_record_of_another_type_than_its_place_is_refused(api: Api) -> None:
    child = record("Lead", "b", LastName="Doe")
    tree = {"records": [record("Account", "a", Name="A", Contacts={"records": [child]})]}
    reply = api.post("composite/tree/Account", tree)
    (fault,) = reply.json()["results"]
    assert (fault["referenceId"], fault["errors"][0]["statusCode"]) == ("b", "INVALID_TYPE")


def test_children_that_are_no_list_are_refused(api: Api) -> None:
    tree = {"records": [record("Account", "a", Name="A", Contacts={"records": None})]}
    reply = api.post("composite/tree/Account", tree)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
