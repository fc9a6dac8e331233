"""The names that metadata gives to columns of list views, as deployed ones on record use them."""

from __future__ import annotations

import pytest

from crm_sink.emulator.listviews.columns import resolve
from crm_sink.emulator.schema import Field
from crm_sink.emulator.standard import standard_objects

LOOKUP = Field(
    "Partner__c", "Partner", "reference", length=18, custom=True,
    reference_to=("Account",), relationship="Partner__r",
)  # fmt: skip
OBJECTS = {**standard_objects(), "lead": standard_objects()["lead"].with_field(LOOKUP)}


@pytest.mark.parametrize(
    ("target", "name", "path", "label"),
    [
        ("Lead", "FULL_NAME", "Name", "Name"),
        ("Lead", "LEAD.CREATED_DATE", "CreatedDate", "Created Date"),
        ("Lead", "LEAD.LAST_UPDATE", "LastModifiedDate", "Last Modified Date"),
        ("Lead", "LEAD.LEAD_SOURCE", "LeadSource", "Lead Source"),
        ("Lead", "LEAD.UNREAD", "IsUnreadByOwner", "Unread By Owner"),
        ("Lead", "LEAD.STATE", "State", "State/Province"),
        ("Lead", "CORE.USERS.ALIAS", "Owner.Alias", "Owner Alias"),
        ("Lead", "CREATEDBY_USER.ALIAS", "CreatedBy.Alias", "Created By Alias"),
        ("Lead", "Lead.Partner__c", "Partner__r.Name", "Partner"),
        ("Account", "ACCOUNT.NAME", "Name", "Account Name"),
        ("Account", "ACCOUNT.PHONE1", "Phone", "Account Phone"),
        ("Account", "ACCOUNT.ADDRESS1_STATE", "BillingState", "Billing State/Province"),
        ("Account", "CORE.USERS.ALIAS", "Owner.Alias", "Account Owner Alias"),
        ("Contact", "ACCOUNT.NAME", "Account.Name", "Account Name"),
        ("Contact", "CONTACT.PHONE3", "MobilePhone", "Mobile Phone"),
        ("Contact", "CONTACT.EMAIL", "Email", "Email"),
        ("Opportunity", "OPPORTUNITY.CLOSED", "IsClosed", "Closed"),
        ("Opportunity", "OPPORTUNITY.STAGE_NAME", "StageName", "Stage"),
        ("Opportunity", "CORE.USERS.FULL_NAME", "Owner.Name", "Opportunity Owner Name"),
    ],
)
def test_a_name_leads_to_its_field(target: str, name: str, path: str, label: str) -> None:
    found = resolve(OBJECTS, OBJECTS[target.lower()], name)
    assert found is not None
    assert (found.path, found.label) == (path, label)


@pytest.mark.parametrize("name", ["OPPORTUNITY.RECORDTYPE", "ADDRESS", "NOBODY.ALIAS", "", "."])
def test_what_is_not_known_leads_nowhere(name: str) -> None:
    assert resolve(OBJECTS, OBJECTS["lead"], name) is None
