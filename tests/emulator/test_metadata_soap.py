"""SOAP calls on metadata: facts 8.2 and 8.4; envelopes as jsforce and others send them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from tests.emulator.metadata_calls import META, assign, results, send, upsert

SCORE = """<metadata xsi:type="CustomField"><fullName>Lead.Fresh__c</fullName>
  <label>Fresh score</label><type>Number</type><precision>3</precision><scale>0</scale>
  <inlineHelpText>From 0 to 100.</inlineHelpText></metadata>"""
HOBBY = """<metadata xsi:type="CustomField"><fullName>Lead.Hobby__c</fullName><label>Hobby</label>
  <type>LongTextArea</type><required>false</required><length>{length}</length>
  <visibleLines>39</visibleLines></metadata>"""
GRANT = """<metadata xsi:type="PermissionSet"><fullName>Visible</fullName><label>Visible</label>
  <fieldPermissions><field>{field}</field><readable>true</readable><editable>true</editable>
  </fieldPermissions></metadata>"""


def described(api: Any) -> dict[str, dict[str, Any]]:
    fields = api.get("sobjects/Lead/describe").json()["fields"]
    return {field["name"]: field for field in fields}


def test_an_upsert_makes_a_field_and_the_next_one_changes_it(api: Any) -> None:
    assert upsert(api, SCORE) == [
        {"created": "true", "fullName": "Lead.Fresh__c", "success": "true"}
    ]
    again = upsert(api, SCORE.replace("Fresh score", "New label"))
    assert again == [{"created": "false", "fullName": "Lead.Fresh__c", "success": "true"}]
    upsert(api, GRANT.format(field="Lead.Fresh__c"))
    assign(api, "Visible")
    field = described(api)["Fresh__c"]
    assert (field["label"], field["type"]) == ("New label", "double")
    assert (field["precision"], field["inlineHelpText"]) == (3, "From 0 to 100.")


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<type>Text</type><length>40</length>", ("string", 40)),
        ("<type>Text</type><length>40</length><externalId>true</externalId>", ("string", 40)),
        ("<type>TextArea</type>", ("textarea", 255)),
        ("<type>Html</type><length>300</length><visibleLines>3</visibleLines>", ("textarea", 300)),
        ("<type>Percent</type><precision>5</precision><scale>2</scale>", ("percent", 0)),
        ("<type>Currency</type><precision>9</precision><scale>2</scale>", ("currency", 0)),
        ("<type>Checkbox</type><defaultValue>false</defaultValue>", ("boolean", 0)),
        ("<type>Date</type>", ("date", 0)),
        ("<type>DateTime</type>", ("datetime", 0)),
        ("<type>Email</type>", ("email", 80)),
        ("<type>Phone</type>", ("phone", 40)),
        ("<type>Url</type>", ("url", 255)),
        ("<type>Lookup</type><referenceTo>Account</referenceTo>", ("reference", 18)),
        (
            "<type>Picklist</type><valueSet><restricted>true</restricted><valueSetDefinition>"
            "<value><fullName>Hot</fullName><default>false</default><label>Hot!</label></value>"
            "<value><fullName>Cold</fullName><default>true</default><label>Cold</label></value>"
            "</valueSetDefinition></valueSet>",
            ("picklist", 255),
        ),
        (
            "<type>MultiselectPicklist</type><visibleLines>4</visibleLines><valueSet>"
            "<valueSetDefinition><value><fullName>Hot</fullName><label>Hot</label></value>"
            "</valueSetDefinition></valueSet>",
            ("multipicklist", 4099),
        ),
    ],
)
def test_each_type_of_field_is_made_and_described(
    api: Any, inside: str, expected: tuple[str, int]
) -> None:
    component = (
        '<metadata xsi:type="CustomField"><fullName>Lead.Any__c</fullName>'
        f"<label>Any</label>{inside}</metadata>"
    )
    assert upsert(api, component)[0]["success"] == "true"
    upsert(api, GRANT.format(field="Lead.Any__c"))
    assign(api, "Visible")
    field = described(api)["Any__c"]
    assert (field["type"], field["length"]) == expected
    assert field["externalId"] is ("externalId" in inside)
    if expected[0] == "picklist":
        offered = [(one["value"], one["label"]) for one in field["picklistValues"]]
        assert offered == [("Hot", "Hot!"), ("Cold", "Cold")]
        assert (field["restrictedPicklist"], field["defaultValue"]) == (True, "Cold")


@pytest.mark.parametrize(
    ("full_name", "inside", "words"),
    [
        ("Lead.A__c", "<type>LongTextArea</type><length>30</length>", "minimum is: 256"),
        (
            "Lead.A__c",
            "<type>Checkbox</type><required>true</required><defaultValue>false</defaultValue>",
            "Can not specify 'required' for a CustomField of type Checkbox",
        ),
        ("Lead.A__c", "<type>Number</type><scale>0</scale>", "Must specify 'precision'"),
        ("Lead.A__c", "<type>Number</type><precision>x</precision>", "Invalid 'precision'"),
        ("Lead.A__c", "<type>Text</type><length>300</length>", "maximum is: 255"),
        ("Lead.A__c", "<type>Checkbox</type>", "Must specify 'defaultValue'"),
        ("Lead.A__c", "<type>Picklist</type>", "Must specify 'valueSet'"),
        ("Lead.A__c", "<type>AutoNumber</type>", "does not imitate fields of type AutoNumber"),
        ("Lead.A__c", "<type>Text</type><formula>1</formula>", "does not imitate formula"),
        ("Lead.A__c", "", "Must specify 'type'"),
        ("Lead.A__c", "<type>Lookup</type><referenceTo>No__c</referenceTo>", "named No__c"),
        ("Lead.A", "<type>Date</type>", "must end in a custom suffix"),
        ("Lead.Company", "<type>Date</type>", "is a standard field"),
        ("Nope__c.A__c", "<type>Date</type>", "restricted picklist field: Nope__c"),
    ],
)
def test_a_field_that_cannot_be_is_refused_with_200(
    api: Any, full_name: str, inside: str, words: str
) -> None:
    component = (
        f'<metadata xsi:type="CustomField"><fullName>{full_name}</fullName>'
        f"<label>A</label>{inside}</metadata>"
    )
    (result,) = upsert(api, component)
    assert list(result) == ["created", "errors", "message", "statusCode", "fullName", "success"]
    assert (result["created"], result["success"]) == ("false", "false")
    assert words in result["message"]


def test_with_all_or_none_one_bad_field_rolls_the_others_back(api: Any) -> None:
    bad, good = upsert(api, HOBBY.format(length=30), SCORE, all_or_none=True)
    assert (bad["message"], bad["statusCode"]) == (
        "Invalid length, minimum is: 256",
        "FIELD_INTEGRITY_EXCEPTION",
    )
    assert good["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert upsert(api, SCORE)[0]["created"] == "true"


def test_without_it_the_good_ones_stay(api: Any) -> None:
    bad, good = upsert(api, HOBBY.format(length=30), SCORE)
    assert (bad["success"], good["success"]) == ("false", "true")
    assert upsert(api, SCORE)[0]["created"] == "false"


def test_create_refuses_what_is_there_and_update_what_is_not(api: Any) -> None:
    missing = send(api, f"<updateMetadata>{SCORE}</updateMetadata>")
    assert results(missing)[0]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    made = results(send(api, f"<createMetadata>{SCORE}</createMetadata>"))
    assert made == [{"fullName": "Lead.Fresh__c", "success": "true"}]
    (twice,) = results(send(api, f"<createMetadata>{SCORE}</createMetadata>"))
    assert twice["statusCode"] == "DUPLICATE_DEVELOPER_NAME"
    assert twice["message"] == "There is already a field named Fresh__c on Lead."


def test_the_type_of_a_field_stays(api: Any) -> None:
    upsert(api, SCORE)
    (result,) = upsert(api, SCORE.replace("<type>Number</type>", "<type>Date</type>"))
    assert "does not change the type" in result["message"]


def test_a_deleted_field_is_gone_and_an_unknown_one_is_told_as_recorded(api: Any) -> None:
    upsert(api, SCORE, GRANT.format(field="Lead.Fresh__c"))
    assign(api, "Visible")
    body = "<deleteMetadata><type>CustomField</type><fullNames>Lead.{}</fullNames></deleteMetadata>"
    gone = results(send(api, body.format("Fresh__c")))
    assert gone == [{"fullName": "Lead.Fresh__c", "success": "true"}]
    assert "Fresh__c" not in described(api)
    (result,) = results(send(api, body.format("Fresh__c")))
    assert list(result) == ["errors", "message", "statusCode", "fullName", "success"]
    assert result["message"] == "This custom field does not exist or is not accessible"
    assert result["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"


def test_a_permission_set_keeps_what_it_has_when_more_is_granted(api: Any) -> None:
    upsert(api, SCORE, HOBBY.format(length=444), GRANT.format(field="Lead.Fresh__c"))
    (again,) = upsert(api, GRANT.format(field="Lead.Hobby__c"))
    assert again["created"] == "false"
    reply = send(
        api, "<readMetadata><type>PermissionSet</type><fullNames>Visible</fullNames></readMetadata>"
    )
    record = ElementTree.fromstring(reply.content).find(f".//{META}records")
    assert record is not None
    kind = record.get("{http://www.w3.org/2001/XMLSchema-instance}type")
    assert (kind, record[0].tag) == ("PermissionSet", f"{META}fullName")
    granted = [one.findtext(f"{META}field") for one in record.iter(f"{META}fieldPermissions")]
    assert granted == ["Lead.Fresh__c", "Lead.Hobby__c"]


def test_a_grant_on_an_unknown_or_required_field_refuses_the_whole_set(api: Any) -> None:
    (unknown,) = upsert(api, GRANT.format(field="Lead.Nope__c"))
    assert unknown["message"] == "In field: field - no CustomField named Lead.Nope__c found"
    (required,) = upsert(api, GRANT.format(field="Lead.LastName"))
    assert required["message"] == "You cannot deploy to a required field: Lead.LastName"
    asked = "SELECT Id FROM PermissionSet WHERE Name = 'Visible'"
    assert api.get("query", params={"q": asked}).json()["totalSize"] == 0


def test_a_field_is_read_back_as_it_was_told_and_a_seeded_one_as_it_is(api: Any) -> None:
    upsert(api, SCORE)
    names = "".join(f"<fullNames>Lead.{one}__c</fullNames>" for one in ("Fresh", "Band", "Nope"))
    reply = send(api, f"<readMetadata><type>CustomField</type>{names}</readMetadata>")
    fresh, band, nope = ElementTree.fromstring(reply.content).iter(f"{META}records")
    assert fresh.findtext(f"{META}inlineHelpText") == "From 0 to 100."
    assert band.findtext(f"{META}type") == "Picklist"
    assert [one.text for one in band.iter(f"{META}label")] == ["Band", "Hot", "Warm", "Cold"]
    assert nope.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"


def test_a_list_view_is_kept_and_one_with_an_unknown_column_is_refused(api: Any) -> None:
    component = (
        '<metadata xsi:type="ListView"><fullName>Lead.Hottest_Leads</fullName>'
        "<columns>FULL_NAME</columns><columns>{column}</columns>"
        "<filterScope>Everything</filterScope><filters><field>Score__c</field>"
        "<operation>greaterOrEqual</operation><value>70</value></filters>"
        "<label>Hottest leads</label></metadata>"
    )
    assert upsert(api, component.format(column="Score__c"))[0]["created"] == "true"
    (refused,) = upsert(api, component.format(column="Nope__c"))
    assert refused["message"] == "Could not resolve list view column: Nope__c"
    body = "<readMetadata><type>ListView</type><fullNames>Lead.Hottest_Leads</fullNames>"
    reply = send(api, body + "</readMetadata>")
    columns = [one.text for one in ElementTree.fromstring(reply.content).iter(f"{META}columns")]
    assert columns == ["FULL_NAME", "Score__c"]


def test_describe_and_list_tell_what_there_is(api: Any) -> None:
    upsert(api, SCORE, GRANT.format(field="Lead.Fresh__c"))
    described_all = send(
        api, "<describeMetadata><asOfVersion>60.0</asOfVersion></describeMetadata>"
    )
    assert "<xmlName>PermissionSet</xmlName>" in described_all.text
    queries = "".join(
        f"<queries><type>{kind}</type></queries>" for kind in ("PermissionSet", "Layout")
    )
    (only,) = results(send(api, f"<listMetadata>{queries}</listMetadata>"))
    assert (only["fullName"], only["type"]) == ("Visible", "PermissionSet")
    fields = results(
        send(api, "<listMetadata><queries><type>CustomField</type></queries></listMetadata>")
    )
    assert "Lead.Fresh__c" in [one["fullName"] for one in fields]


def test_other_types_are_refused_by_name(api: Any) -> None:
    component = '<metadata xsi:type="Layout"><fullName>Lead-Lead Layout</fullName></metadata>'
    (result,) = upsert(api, component)
    assert "does not imitate metadata of type Layout" in result["message"]
    reply = send(api, "<readMetadata><type>Flow</type><fullNames>A</fullNames></readMetadata>")
    assert reply.status_code == 500
    assert "does not imitate metadata of type Flow" in reply.text


def test_more_than_ten_components_are_refused(api: Any) -> None:
    reply = send(api, f"<upsertMetadata>{SCORE * 11}</upsertMetadata>")
    assert (reply.status_code, "LIMIT_EXCEEDED" in reply.text) == (500, True)


def test_a_dead_session_is_a_fault(api: Any) -> None:
    reply = send(api, "<describeMetadata/>", token="00D!dead")
    assert reply.status_code == 500
    assert "<faultcode>sf:INVALID_SESSION_ID</faultcode>" in reply.text


def test_a_deleted_permission_set_takes_its_grants_with_it(api: Any) -> None:
    upsert(api, SCORE, GRANT.format(field="Lead.Fresh__c"))
    assign(api, "Visible")
    assert "Fresh__c" in described(api)
    body = "<deleteMetadata><type>PermissionSet</type><fullNames>Visible</fullNames>"
    gone = results(send(api, body + "</deleteMetadata>"))
    assert gone == [{"fullName": "Visible", "success": "true"}]
    assert "Fresh__c" not in described(api)
    (again,) = results(send(api, body + "</deleteMetadata>"))
    assert again["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"


@pytest.mark.parametrize(
    "inner",
    [
        "<fieldPermissions>Lead.X__c</fieldPermissions>",
        "<fieldPermissions/>",
        "<description><a/></description>",
        "<label>Again</label>",
    ],
)
def test_a_permission_set_of_odd_shape_is_judged_and_breaks_nothing(api: Any, inner: str) -> None:
    body = f"<fullName>Odd</fullName><label>Odd</label>{inner}"
    (told,) = upsert(api, f'<metadata xsi:type="PermissionSet">{body}</metadata>')
    assert told["success"] == str("fieldPermissions" not in inner).lower()


@pytest.mark.parametrize(
    "values", ["x", "<valueSetDefinition><value>x</value></valueSetDefinition>"]
)
def test_a_picklist_of_odd_shape_is_judged_and_breaks_nothing(api: Any, values: str) -> None:
    body = (
        f"<fullName>Lead.Odd__c</fullName><label>O</label><type>Picklist</type><valueSet>{values}"
    )
    (told,) = upsert(api, f'<metadata xsi:type="CustomField">{body}</valueSet></metadata>')
    assert (told["success"], told["statusCode"]) == ("false", "FIELD_INTEGRITY_EXCEPTION")
