"""When is a present value different from the desired one?"""

from __future__ import annotations

import pytest

from crm_sink.engine import Engine
from crm_sink.plan.differ import differs
from crm_sink.schema import FieldSchema, FieldType

TEXT = FieldSchema("Note__c", FieldType.STRING, length=80)
LONG = FieldSchema("Long__c", FieldType.TEXTAREA, length=32768)
NUMBER = FieldSchema("Score__c", FieldType.DOUBLE, precision=5, scale=2)
INT = FieldSchema("Employees", FieldType.INT)
BOX = FieldSchema("Hot__c", FieldType.BOOLEAN)
WHEN = FieldSchema("Scored_At__c", FieldType.DATETIME)
MULTI = FieldSchema("Topics__c", FieldType.MULTIPICKLIST)
OWNER = FieldSchema("OwnerId", FieldType.REFERENCE)
LOOKUP = FieldSchema("Account.Ext__c", FieldType.STRING, lookup="AccountId")
CASED = FieldSchema("Account.Ext__c", FieldType.STRING, lookup="AccountId", case_sensitive=True)


@pytest.mark.parametrize(
    ("field", "desired", "present", "differ"),
    [
        (TEXT, "'a'", "'a'", False),
        (TEXT, "'a'", "'A'", True),
        (TEXT, "'a'", "' a '", False),  # Salesforce trims when it saves
        (TEXT, "'a'", "'a' || chr(12288)", False),  # a space of another kind
        (TEXT, "null::varchar", "'  '", False),
        (TEXT, "'a'", "'b '", True),
        (TEXT, "null", "''", False),
        (TEXT, "null", "'a'", True),
        (TEXT, "'a'", "null", True),
        (TEXT, "null::varchar", "null::varchar", False),
        (LONG, "'a' || chr(10) || 'b'", "'a' || chr(13) || chr(10) || 'b '", False),  # as of a form
        (LONG, "'a' || chr(13) || chr(10) || 'b'", "'a' || chr(10) || 'b'", False),
        (LONG, "'a' || chr(10) || 'b'", "'a b'", True),
        (NUMBER, "0.83::double", "0.83::double", False),
        (NUMBER, "0.83::double", "0.834::double", True),  # scale is not enforced by the API
        (NUMBER, "0::double", "null::double", True),
        (INT, "250", "250", False),
        (BOX, "false", "null::boolean", False),
        (BOX, "true", "false", True),
        (WHEN, "timestamp '2026-11-20 06:00:00'", "timestamp '2026-11-20 06:00:00.5'", False),
        (WHEN, "timestamp '2026-11-20 06:00:00'", "timestamp '2026-11-20 06:00:01'", True),
        (MULTI, "'a;b'", "'b;a'", False),
        (MULTI, "'a;b'", "'a'", True),
        (OWNER, "'005000000000001AAA'", "'005000000000001'", False),
        (OWNER, "'00500000000000aAAA'", "'00500000000000AAAA'", True),
        (LOOKUP, "'acme'", "'ACME'", False),
        (CASED, "'acme'", "'ACME'", True),
    ],
)
def test_values_are_compared_as_salesforce_stores_them(
    field: FieldSchema, desired: str, present: str, differ: bool, engine: Engine
) -> None:
    assert engine.value(f"select {differs(field, desired, present)}") is differ


@pytest.mark.parametrize(
    ("desired", "present", "differ"),
    [("84", "83", False), ("85", "83", True), ("0.3", "0.2", False), ("null", "83", True)],
)
def test_a_change_within_the_tolerance_is_no_change(
    desired: str, present: str, differ: bool, engine: Engine
) -> None:
    tolerance = 0.1 if "." in desired else 1
    expression = differs(NUMBER, f"{desired}::double", f"{present}::double", tolerance=tolerance)
    assert engine.value(f"select {expression}") is differ
