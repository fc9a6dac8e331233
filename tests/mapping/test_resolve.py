"""The destination fields of a mapping: the org's word first, then the mapping's own types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.mapping.resolve import resolve
from crm_sink.schema import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.schema import ObjectSchema

    Load = Callable[[str], LoadedMapping]

TEXT = """\
object: lead
match: {external_id: prospect_id__c, column: id}
fields:
  score__c: {value: x, type: "Number(2, 0)"}
  account.customer_id__c: y
"""


def test_the_org_decides_on_type_and_spelling(
    load: Load, lead: ObjectSchema, account: ObjectSchema
) -> None:
    fields, key = resolve(load(TEXT), lead, {"account": account})
    assert list(fields) == ["Score__c", "Account.Customer_Id__c"]
    assert fields["Score__c"].precision == 3
    assert (key.name, key.length) == ("Prospect_Id__c", 40)


def test_a_lookup_path_has_the_end_field_and_the_reference_that_it_sets(
    load: Load, lead: ObjectSchema, account: ObjectSchema
) -> None:
    field = resolve(load(TEXT), lead, {"account": account})[0]["Account.Customer_Id__c"]
    assert (field.type, field.length) == (FieldType.STRING, 20)
    assert (field.lookup, field.reference_to) == ("AccountId", ("Account",))


def test_without_an_org_types_come_from_the_mapping(load: Load) -> None:
    text = """\
object: Lead
match: {field: Id, column: id}
fields:
  A__c: {value: x, type: "Percent(5, 2)"}
  B__c: x
  C__c: {constant: true}
  Broker__r.Ext__c: x
"""
    fields, key = resolve(load(text), None, {})
    assert [field.type for field in fields.values()][:3] == [
        FieldType.PERCENT,
        FieldType.TEXTAREA,
        FieldType.BOOLEAN,
    ]
    assert fields["Broker__r.Ext__c"].lookup == "Broker__c"
    assert key.type is FieldType.ID
