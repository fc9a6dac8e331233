"""Which fields the pages show of each object, and in what order: a table, and its fallback.

Not imitated: page layouts by profile and record type, compact layouts that an admin made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm_sink.emulator.schema import ObjectType

Sections = tuple[tuple[str, tuple[str, ...]], ...]
TABS = ("Lead", "Account", "Contact", "Opportunity")
SYSTEM = ("System", ("CreatedById", "CreatedDate", "LastModifiedById", "LastModifiedDate", "Id"))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@dataclass(frozen=True, slots=True)
class Layout:
    """What is shown of an object.

    `highlights` stand at the top of a record, `columns` in a list, `path` is the picklist that is
    drawn as stages. Names may lead to a parent's name: `OwnerId`, `AccountId`.
    """

    icon: str
    highlights: tuple[str, ...]
    columns: tuple[str, ...]
    sections: Sections
    path: str | None = None


LAYOUTS = {
    "Lead": Layout(
        icon="L",
        highlights=("Title", "Company", "Phone", "Email", "Status", "OwnerId"),
        columns=("Name", "Company", "Status", "OwnerId"),
        sections=(
            (
                "Lead information",
                _names(
                    "Name Company Title LeadSource Email Phone MobilePhone Website Industry "
                    "NumberOfEmployees AnnualRevenue Rating"
                ),
            ),
            ("Address", ("Street", "City", "State", "PostalCode", "Country")),
        ),
        path="Status",
    ),
    "Account": Layout(
        icon="A",
        highlights=("Type", "Phone", "Website", "Industry", "NumberOfEmployees", "OwnerId"),
        columns=("Name", "Industry", "Type", "Phone", "OwnerId"),
        sections=(
            (
                "Account information",
                _names(
                    "Name ParentId Type Industry Phone Website AnnualRevenue "
                    "NumberOfEmployees Ownership AccountSource Rating Site"
                ),
            ),
            (
                "Billing address",
                _names("BillingStreet BillingCity BillingState BillingPostalCode BillingCountry"),
            ),
        ),
    ),
    "Contact": Layout(
        icon="C",
        highlights=("Title", "AccountId", "Phone", "Email", "OwnerId"),
        columns=("Name", "AccountId", "Title", "Phone", "OwnerId"),
        sections=(
            (
                "Contact information",
                _names(
                    "Name AccountId Title Department Email Phone MobilePhone LeadSource "
                    "ReportsToId Birthdate"
                ),
            ),
            (
                "Mailing address",
                _names("MailingStreet MailingCity MailingState MailingPostalCode MailingCountry"),
            ),
        ),
    ),
    "Opportunity": Layout(
        icon="O",
        highlights=("AccountId", "CloseDate", "Amount", "StageName", "OwnerId"),
        columns=("Name", "AccountId", "StageName", "Amount", "CloseDate", "OwnerId"),
        sections=(
            (
                "Opportunity information",
                _names(
                    "Name AccountId StageName Probability Amount ExpectedRevenue CloseDate "
                    "Type LeadSource NextStep ForecastCategoryName"
                ),
            ),
        ),
        path="StageName",
    ),
    "User": Layout(
        icon="U",
        highlights=("Title", "Department", "Email", "Username"),
        columns=("Name", "Title", "Department", "Email", "IsActive"),
        sections=(
            ("User", ("Name", "Username", "Email", "Title", "Department", "Alias", "IsActive")),
        ),
    ),
}


def layout_of(target: ObjectType) -> Layout:
    """Give an object's layout; any other object shows its first fields."""
    found = LAYOUTS.get(target.name)
    if found is not None:
        return found
    plain = [one.name for one in target.fields.values() if one.type != "address"]
    shown = tuple(one for one in plain if one not in ("Id", "IsDeleted"))
    return Layout(
        icon=target.label[:1].upper(),
        highlights=shown[:4],
        columns=shown[:5] or ("Id",),
        sections=((target.label, shown[:20]),),
    )
