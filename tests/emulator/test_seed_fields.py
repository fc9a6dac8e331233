"""Custom fields from an admin's words."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sink.emulator.seed import custom_field


def test_a_label_is_the_name_in_words() -> None:
    made = custom_field("Propensity_Score__c", "Number(3, 0)")
    assert (made.label, made.custom, made.updateable) == ("Propensity Score", True, True)


def test_words_are_read_without_regard_to_case_and_spaces() -> None:
    assert custom_field("X__c", " number( 3,0 ) ").precision == 3


def test_an_external_id_is_unique_and_may_be_matched_on() -> None:
    made = custom_field("Key__c", "Text(40)", external_id=True, help="From the warehouse")
    assert (made.unique, made.id_lookup, made.help) == (True, True, "From the warehouse")


def test_a_lookup_has_a_relationship() -> None:
    made = custom_field("Best_Account__c", "Lookup(Account)")
    assert (made.relationship, made.reference_to) == ("Best_Account__r", ("Account",))


def test_a_picklist_may_be_open() -> None:
    assert custom_field("X__c", "Picklist(A, B)", restricted=False).restricted is False


def test_a_picklist_value_in_quotes_may_hold_a_comma() -> None:
    made = custom_field("X__c", """Picklist(Hot, 'Warm, or so', "5\'s")""")
    assert [one.value for one in made.values] == ["Hot", "Warm, or so", "5's"]


@pytest.mark.parametrize(
    ("name", "type_text"),
    [
        ("Score", "Number(3, 0)"),
        ("X__c", "Number"),
        ("X__c", "Number(19, 0)"),
        ("X__c", "Number(2, 3)"),
        ("X__c", "Text(256)"),
        ("X__c", "LongTextArea(255)"),
        ("X__c", "Picklist()"),
        ("X__c", "Lookup()"),
        ("X__c", "Formula(a + b)"),
        ("X__c", "Number(3, 0"),
    ],
)
def test_what_is_no_field_is_refused(name: str, type_text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        custom_field(name, type_text)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[",
        "[]",
        '{"fields": [1]}',
        '{"fields": [{"object": "Lead"}]}',
        '{"records": {"dogs": 1}}',
    ],
)
def test_a_body_of_another_shape_is_refused(api: Any, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    reply = api.call("POST", "/__seed__", data=body, headers=headers)
    assert (reply.status_code, list(reply.json())) == (400, ["error"])
