"""Each error code of Salesforce has one fate and a cure in plain words."""

from __future__ import annotations

import re

import pytest

from crm_sink.errors import Fate
from crm_sink.salesforce.fate import RULES, UNKNOWN, Rule, fate_of


@pytest.mark.parametrize(
    ("code", "message", "fate"),
    [
        ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", "retry_slower"),
        ("SERVER_UNAVAILABLE", "server too busy", "retry_slower"),
        ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", "stop"),
        ("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", "retry_slower"),
        (
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            "retry_slower",
        ),
        ("ExceededQuota", "ExceededQuota : too many batches", "stop"),
        ("UNKNOWN_EXCEPTION", "An unexpected error occurred.", "retry"),
        ("ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back", "retry"),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: Too many SOQL queries: 101", "retry_slower"),
        (
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "T: execution of BeforeUpdate\n\ncaused by: System.DmlException UNABLE_TO_LOCK_ROW",
            "retry_slower",
        ),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "T: a rule of ours", "reject"),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Score is locked", "reject"),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Band: bad value", "reject"),
        ("GONE", "The requested resource has been retired or removed.", "stop"),
        ("STRING_TOO_LONG", "Note: data value too large: x (max length=25)", "reject"),
        ("INVALID_FIELD", "Foreign key external ID: 9 not found for field Ext__c", "reject"),
        ("ENTITY_IS_DELETED", "entity is deleted", "reject"),
        ("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", "stop"),
        ("UNPROCESSED", "", "retry"),
        ("RESULT_MISSING", "", "reject"),
        ("NOT_RECEIVED", "", "retry"),
        ("INVALIDBATCH", "InvalidBatch : Records not found", "retry"),
        ("INVALIDBATCH", "InvalidBatch : Failed to parse CSV.", "reject"),
    ],
)
def test_the_fate_of_codes_that_real_orgs_send(code: str, message: str, fate: str) -> None:
    ruling = fate_of(code, message)
    assert ruling.fate is Fate(fate)
    assert ruling.hint


def test_an_unknown_code_is_never_sent_again() -> None:
    assert fate_of("SOMETHING_NEW", "x") == UNKNOWN
    assert UNKNOWN.fate is Fate.REJECT


def test_a_rule_unpacks_into_fate_and_hint() -> None:
    fate, hint = fate_of("STRING_TOO_LONG", "x")
    assert (fate, "truncate: true" in hint) == (Fate.REJECT, True)


def test_at_least_forty_codes_are_known() -> None:
    assert len({rule.code for rule in RULES}) >= 40


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_can_be_reached_and_has_a_pattern_that_compiles(rule: Rule) -> None:
    position, here = RULES.index(rule), rule
    re.compile(here.pattern)
    hidden = [other for other in RULES[:position] if other.code == here.code and not other.pattern]
    assert hidden == []
    assert here.code == here.code.upper()
