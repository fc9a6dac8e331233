"""Which fields are tracked: by metadata calls, a deployment, the Tooling API, and the seed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crm_sink.emulator.history.tracking import track
from tests.emulator.metadata_calls import deploy, results, send, upsert

FIELD = '<metadata xsi:type="CustomField"><fullName>{}</fullName>{}</metadata>'
SCORE = "<label>Score</label><type>Number</type><precision>3</precision><scale>0</scale>"
ON, OFF = "<trackHistory>true</trackHistory>", "<trackHistory>false</trackHistory>"
OBJECT = """<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <enableHistory>true</enableHistory>
  <fields><fullName>Score__c</fullName><label>Score</label><precision>3</precision>
    <scale>0</scale><trackHistory>true</trackHistory><type>Number</type></fields>
  <fields><fullName>Status</fullName><trackHistory>true</trackHistory></fields></CustomObject>"""
PACKAGE = """<Package xmlns="http://soap.sforce.com/2006/04/metadata">
  <types><members>Lead.Score__c</members><members>Lead.Status</members><name>CustomField</name>
  </types><types><members>Lead</members><name>CustomObject</name></types>
  <version>62.0</version></Package>"""


def tracked(api: Any, kind: str = "lead") -> list[str]:
    fields = api.running.org.store.definitions[kind].fields.values()
    return sorted(field.name for field in fields if field.tracked)


def changes(api: Any, lead: str) -> list[str]:
    soql = f"SELECT Field FROM LeadHistory WHERE LeadId = '{lead}' AND Field != 'created'"
    return [row["Field"] for row in api.get("query", params={"q": soql}).json()["records"]]


def test_a_field_is_tracked_from_when_its_metadata_says_so(api: Any) -> None:
    lead = api.lead(Score__c=1)
    api.patch(f"sobjects/Lead/{lead}", {"Score__c": 2})
    assert upsert(api, FIELD.format("Lead.Score__c", SCORE + ON))[0]["success"] == "true"
    assert changes(api, lead) == []
    api.patch(f"sobjects/Lead/{lead}", {"Score__c": 3})
    assert changes(api, lead) == ["Score__c"]


def test_switched_off_it_leaves_no_more_rows_and_keeps_the_old_ones(api: Any) -> None:
    upsert(api, FIELD.format("Lead.Score__c", SCORE + ON))
    lead = api.lead(Score__c=1)
    api.patch(f"sobjects/Lead/{lead}", {"Score__c": 2})
    upsert(api, FIELD.format("Lead.Score__c", SCORE + OFF))
    api.patch(f"sobjects/Lead/{lead}", {"Score__c": 3})
    assert changes(api, lead) == ["Score__c"]


def test_a_later_save_that_says_nothing_of_tracking_leaves_it_on(api: Any) -> None:
    upsert(api, FIELD.format("Lead.Score__c", SCORE + ON))
    upsert(api, FIELD.format("Lead.Score__c", SCORE))
    assert tracked(api) == ["Score__c"]


def test_a_standard_field_is_tracked_too_and_not_changed_otherwise(api: Any) -> None:
    before = api.running.org.store.definitions["lead"].fields["status"]
    inside = f"{ON}<label>Other</label><type>Picklist</type>"
    assert upsert(api, FIELD.format("Lead.Status", inside))[0]["success"] == "true"
    after = api.running.org.store.definitions["lead"].fields["status"]
    assert (after.tracked, after.label) == (True, before.label)


@pytest.mark.parametrize(
    ("full_name", "words"),
    [
        ("User.Title", "The entity: User does not have history tracking enabled"),
        ("Lead.CreatedDate", "The field: CreatedDate cannot be tracked"),
    ],
)
def test_what_cannot_be_tracked_is_refused(api: Any, full_name: str, words: str) -> None:
    (result,) = upsert(api, FIELD.format(full_name, ON))
    assert (result["message"], result["statusCode"]) == (words, "FIELD_INTEGRITY_EXCEPTION")


def test_twenty_fields_of_an_object_may_be_tracked_and_no_more(api: Any) -> None:
    names = [f"Lead.F{number}__c" for number in range(21)]
    for some in (names[:10], names[10:20]):
        made = upsert(api, *(FIELD.format(one, SCORE + ON) for one in some))
        assert {one["success"] for one in made} == {"true"}
    (refused,) = upsert(api, FIELD.format(names[20], SCORE + ON))
    words = "exceeded the allowed number of fields to track on a given entity"
    assert (refused["success"], refused["message"]) == ("false", words)
    assert refused["statusCode"] == "NUM_HISTORY_FIELDS_BY_SOBJECT_EXCEEDED"
    # One of the twenty may be saved again, and one more when another is let go.
    assert upsert(api, FIELD.format(names[0], SCORE + OFF))[0]["success"] == "true"
    assert upsert(api, FIELD.format(names[20], SCORE + ON))[0]["success"] == "true"


def test_a_deployment_tracks_custom_and_standard_fields(api: Any) -> None:
    told = deploy(api, {"package.xml": PACKAGE, "objects/Lead.object": OBJECT})
    assert told["status"] == "Succeeded", json.dumps(told["details"])
    assert tracked(api) == ["Score__c", "Status"]


def test_the_tooling_api_tracks_too(api: Any) -> None:
    score = {"type": "Number", "label": "New", "precision": 3, "scale": 0, "trackHistory": True}
    body = {"FullName": "Lead.New__c", "Metadata": score}
    made = api.post("tooling/sobjects/CustomField", body).json()["id"]
    assert tracked(api) == ["New__c"]
    body = {"Metadata": {**score, "trackHistory": False}}
    assert api.patch(f"tooling/sobjects/CustomField/{made}", body).status_code == 204
    assert tracked(api) == []


def test_metadata_that_is_read_says_whether_a_field_is_tracked(api: Any) -> None:
    upsert(api, FIELD.format("Lead.Score__c", SCORE + ON))
    body = (
        "<readMetadata><type>CustomField</type><fullNames>Lead.Score__c</fullNames>"
        "<fullNames>Lead.Band__c</fullNames></readMetadata>"
    )
    text = send(api, body).text
    assert [part[:5] for part in text.split("<trackHistory>")[1:]] == ["true<", "false"]


def test_with_a_custom_field_its_history_goes(api: Any) -> None:
    upsert(api, FIELD.format("Lead.Score__c", SCORE + ON))
    lead = api.lead(Score__c=1)
    api.patch(f"sobjects/Lead/{lead}", {"Score__c": 2})
    body = "<deleteMetadata><type>CustomField</type><fullNames>Lead.Score__c</fullNames>"
    assert results(send(api, f"{body}</deleteMetadata>"))[0]["success"] == "true"
    assert changes(api, lead) == []


def seed(api: Any, **wanted: Any) -> dict[str, Any]:
    reply = api.post("/__seed__", wanted)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


PREDICTED = [
    {"object": "Lead", "name": "Propensity__c", "type": "Number(3, 0)"},
    {"object": "Lead", "name": "Why__c", "type": "LongTextArea(1024)"},
    {"object": "Lead", "name": "Scored__c", "type": "DateTime"},
    {"object": "Lead", "name": "Key__c", "type": "Text(40)", "external_id": True},
]


def test_a_seed_tracks_new_scores_and_neither_texts_nor_times_nor_keys(api: Any) -> None:
    assert seed(api, fields=PREDICTED)["tracked"] == ["Lead.Propensity__c"]
    assert tracked(api) == ["Propensity__c"]
    # What there is already is left as it is.
    assert seed(api, fields=PREDICTED)["tracked"] == []


def test_a_seed_may_be_told_not_to_track(api: Any) -> None:
    assert seed(api, fields=PREDICTED, history=False)["tracked"] == []
    assert seed(api, fields=PREDICTED)["tracked"] == []
    assert seed(api, fields=PREDICTED, history=True)["tracked"] == ["Lead.Propensity__c"]


def test_a_large_org_is_tracked_only_when_that_is_asked_for(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tracking would slow its jobs down."""
    monkeypatch.setattr("crm_sink.emulator.seed.history.SMALL", 2)
    small = seed(api, records={"leads": 2, "accounts": 3})["tracked"]
    assert "Lead.Propensity_Score__c" in small
    assert not [one for one in small if one.startswith("Account.")]
    asked = [{"object": "Account", "name": "Churn_Risk__c", "type": "Percent(5, 2)"}]
    assert seed(api, fields=asked, history=True)["tracked"] == ["Account.Churn_Risk__c"]


def test_a_seed_that_would_track_too_many_fields_is_refused_when_it_was_asked_for(
    api: Any,
) -> None:
    store = api.running.org.store
    standard = [one.name for one in store.definitions["lead"].stored() if not one.custom]
    writable = [one for one in standard if store.definitions["lead"].fields[one.lower()].updateable]
    track(store, "Lead", writable[:20])
    assert seed(api, fields=PREDICTED)["tracked"] == []
    reply = api.post("/__seed__", {"fields": PREDICTED, "history": True})
    assert reply.status_code == 400
    assert "exceeded the allowed number of fields" in reply.json()["error"]


def test_the_tooling_api_tells_of_a_seeded_field_that_it_is_tracked(api: Any) -> None:
    seed(api, fields=PREDICTED)
    soql = "SELECT Metadata FROM CustomField WHERE DeveloperName = 'Propensity'"
    (found,) = api.get("tooling/query", params={"q": soql}).json()["records"]
    assert found["Metadata"]["trackHistory"] == "true"
