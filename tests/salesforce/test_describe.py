"""A describe answer becomes the schema that the rest of the house speaks of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm_sink.errors import CrmError, Fate
from crm_sink.salesforce.salesforce import Salesforce
from crm_sink.schema import FieldSchema, FieldType
from tests.salesforce.conftest import Client, Reply, Wire

PLAIN = {
    "nillable": True,
    "createable": True,
    "updateable": True,
    "unique": False,
    "externalId": False,
    "idLookup": False,
    "caseSensitive": False,
    "filterable": True,
    "restrictedPicklist": False,
    "picklistValues": [],
    "referenceTo": [],
    "relationshipName": None,
    "relationshipOrder": None,
    "cascadeDelete": False,
    "length": 0,
    "precision": 0,
    "scale": 0,
    "digits": 0,
}


def described(wire: Wire, client: Client, **entry: object) -> FieldSchema:
    """Describe an object with one field, which differs so from a plain one."""
    fields = [PLAIN | {"name": "F__c", "label": "F"} | entry]
    body = {"name": "Lead", "label": "Lead", "keyPrefix": "00Q", "fields": fields}
    wire.on("GET", "/sobjects/Lead/describe", Reply(body))
    found = client.crm.describe("Lead").find("f__C")
    assert found is not None
    return found


def test_a_number(wire: Wire, client: Client) -> None:
    assert described(wire, client, type="double", precision=18, scale=2) == FieldSchema(
        "F__c", FieldType.DOUBLE, "F", precision=18, scale=2
    )


def test_an_int_has_its_digits(wire: Wire, client: Client) -> None:
    assert described(wire, client, type="int", digits=8).precision == 8


def test_a_restricted_picklist_has_its_active_values_only(wire: Wire, client: Client) -> None:
    values = [
        {"active": True, "value": "Hot", "label": "Hot!"},
        {"active": False, "value": "Tepid", "label": "Tepid"},
    ]
    field = described(
        wire, client, type="picklist", length=255, restrictedPicklist=True, picklistValues=values
    )
    assert (field.values, field.restricted, field.length) == (("Hot",), True, 255)


def test_an_external_id(wire: Wire, client: Client) -> None:
    field = described(
        wire, client, type="string", length=36, externalId=True, idLookup=True, caseSensitive=True
    )
    assert (field.external_id, field.id_lookup, field.case_sensitive) == (True, True, True)


@pytest.mark.parametrize(
    ("entry", "is_detail"),
    [
        ({"relationshipOrder": 0}, True),
        ({"relationshipOrder": None, "cascadeDelete": True}, False),
    ],
)
def test_a_master_detail_field_is_one_with_a_relationship_order(
    wire: Wire, client: Client, entry: dict[str, object], is_detail: bool
) -> None:
    field = described(
        wire,
        client,
        type="reference",
        referenceTo=["Account"],
        relationshipName="Account__r",
        **entry,
    )
    assert field.master_detail is is_detail
    assert (field.reference_to, field.relationship) == (("Account",), "Account__r")


@pytest.mark.parametrize("kind", ["address", "location", "base64", "something_new"])
def test_what_we_cannot_write_is_other(wire: Wire, client: Client, kind: str) -> None:
    assert described(wire, client, type=kind).type is FieldType.OTHER


def test_an_object_is_described_once(wire: Wire, client: Client) -> None:
    described(wire, client, type="string")
    client.crm.describe("lead")
    assert wire.paths() == ["GET /sobjects/Lead/describe"]


def test_an_object_that_the_org_lacks_is_named(client: Client) -> None:
    with pytest.raises(CrmError, match="no object Leed") as raised:
        client.crm.describe("Leed")
    assert (raised.value.code, raised.value.fate) == ("NOT_FOUND", Fate.STOP)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Leed", "did you mean Lead?"),
        ("Score_Cards", "did you mean Score_Card__c?"),
        ("customer score", "did you mean Score_Card__c?"),  # its label
        ("Zebra", "check the name Zebra, and the user's object permissions"),
    ],
)
def test_the_nearest_object_is_proposed_by_name_or_label(
    wire: Wire, client: Client, name: str, hint: str
) -> None:
    objects = [
        {"name": "Lead", "label": "Lead"},
        {"name": "Account", "label": "Account"},
        {"name": "Score_Card__c", "label": "Customer Score"},
    ]
    wire.on("GET", "/sobjects", Reply({"sobjects": objects}))
    with pytest.raises(CrmError) as raised:
        client.crm.describe(name)
    assert raised.value.hint == hint


def test_an_answer_without_fields_is_not_salesforces(wire: Wire, client: Client) -> None:
    wire.on("GET", "/sobjects/Lead/describe", Reply({"name": "Lead"}))
    with pytest.raises(CrmError, match="has no 'fields'"):
        client.crm.describe("Lead")


@pytest.mark.parametrize("ask", [lambda crm: crm.describe("Lead"), lambda crm: crm.budget()])
def test_a_version_that_the_org_lacks_is_told(
    wire: Wire, client: Client, ask: Callable[[Salesforce], object]
) -> None:
    """An org answers NOT_FOUND, as to an object that it lacks."""
    listed = [{"version": "31.0"}, {"version": "61.0"}]
    wire.on("GET", "/services/data", Reply(listed))
    with pytest.raises(CrmError) as raised:
        ask(client.crm)
    assert raised.value.message == "the org does not have version 62.0 of the API"
    assert raised.value.hint == "set CRM_SINK_API_VERSION to one of 31.0 to 61.0"
