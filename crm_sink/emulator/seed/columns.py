"""The columns of seeded records, as SQL over a row number `i`: people, companies, deals.

Set-based, so that ten million records are made in one go. Nothing is inserted here.

Not imitated: the messiness of real data, but for a few missing values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import gcd

from crm_sink.emulator.seed import words
from crm_sink.emulator.seed.draws import Draws
from crm_sink.emulator.sql import literal

LEAD_STATUS: dict[str | None, int] = {
    "Open - Not Contacted": 55,
    "Working - Contacted": 38,
    "Closed - Not Converted": 7,
}
SOURCES: dict[str | None, int] = {
    "Web": 44,
    "Phone Inquiry": 14,
    "Partner Referral": 18,
    "Purchased List": 14,
    "Other": 6,
    None: 4,
}
ACCOUNT_TYPES: dict[str | None, int] = {
    "Customer - Direct": 60,
    "Customer - Channel": 25,
    "Prospect": 15,
}
TWO_YEARS = 730 * 86_400

Columns = dict[str, str]


@dataclass(frozen=True, slots=True)
class Recipe:
    """The columns of an object's records as SQL over `i`, and helpers that are worked out first.

    A helper is a column that others name, so that a long expression is planned and run once.
    """

    columns: Columns
    helpers: Columns


@dataclass(frozen=True, slots=True)
class Past:
    """When and by whom seeded records were made."""

    now: datetime
    user_id: str


def audit(draws: Draws, past: Past) -> Columns:
    """Give the system fields: made within two years before now, changed since."""
    now = f"timestamp '{past.now:%Y-%m-%d %H:%M:%S}'"
    age = f"(60 + {draws.below(TWO_YEARS, 'age')})"
    changed = f"{now} - to_seconds(({age} * {draws.below(1000, 'changed')}) // 1000)"
    return {
        "IsDeleted": "false",
        "CreatedDate": f"{now} - to_seconds({age})",
        "CreatedById": literal(past.user_id),
        "LastModifiedDate": changed,
        "LastModifiedById": literal(past.user_id),
        "SystemModstamp": changed,
    }


def person(draws: Draws, domain: str) -> Columns:
    """Give name, title and ways to reach somebody, from the helpers `first` and `last`.

    A few have no e-mail, many no mobile.
    """
    local = "lower(first) || '.' || lower(replace(last, '''', ''))"
    missing, mobile = f"{draws.below(25, 'no email')} = 0", f"{draws.below(5, 'mobile?')} < 3"
    return {
        "FirstName": "first",
        "LastName": "last",
        "Title": draws.one_of(words.TITLES, "title"),
        "Email": f"case when {missing} then null else {local} || '@' || {domain} end",
        "Phone": phone(draws, "phone"),
        "MobilePhone": f"case when {mobile} then {phone(draws, 'mobile')} end",
    }


def name_helpers(draws: Draws) -> Columns:
    """Give the helpers that `person` needs."""
    return {
        "first": draws.one_of(words.FIRST_NAMES, "first"),
        "last": draws.one_of(words.LAST_NAMES, "last"),
    }


def phone(draws: Draws, what: str) -> str:
    """Give a number that is kept free for stories: 555-0100 to 555-0199."""
    area = draws.one_of([place[3] for place in words.PLACES], "place")
    return f"'(' || {area} || ') 555-01' || lpad({draws.below(100, what)}::varchar, 2, '0')"


def address(draws: Draws, prefix: str) -> Columns:
    """Give the parts of an address; city, state, postal code and area code fit together."""
    house = f"({draws.below(980, 'house')} + 12)::varchar"
    street = draws.one_of(words.STREETS, "street")
    kind = draws.one_of(words.STREET_KINDS, "street kind")
    postal = draws.one_of([place[2] for place in words.PLACES], "place")
    return {
        f"{prefix}Street": f"{house} || ' ' || {street} || ' ' || {kind}",
        f"{prefix}City": draws.one_of([place[0] for place in words.PLACES], "place"),
        f"{prefix}State": draws.one_of([place[1] for place in words.PLACES], "place"),
        f"{prefix}PostalCode": f"{postal} || lpad({draws.below(100, 'zip')}::varchar, 2, '0')",
        f"{prefix}Country": "'USA'",
    }


def size(draws: Draws) -> Columns:
    """Give how many people a company has and what it earns: many small ones, a few large."""
    people = f"(4 + ({draws.below(12, 'people')} + 1) * (1 << {draws.below(12, 'size')}))"
    earned = f"({people} * ({draws.below(170, 'earned')} + 80) * 1000)::double"
    return {
        "NumberOfEmployees": f"{people}::integer",
        "AnnualRevenue": f"case when {draws.below(4, 'revenue?')} > 0 then {earned} end",
    }


def lead(draws: Draws, past: Past, owners: str) -> Recipe:
    """Give the columns of leads."""
    kind = draws.one_of(list(words.KINDS), "kind")
    helpers = {
        **name_helpers(draws),
        "company": f"{draws.one_of(words.STEMS, 'stem')} || ' ' || {kind}",
    }
    columns = {
        **person(draws, domain("company")),
        "Company": "company",
        "Industry": draws.one_of(list(words.KINDS.values()), "kind"),
        **address(draws, ""),
        **size(draws),
        "Website": f"case when {draws.below(10, 'site?')} < 7 then {site('company')} end",
        "LeadSource": draws.weighted(SOURCES, "source"),
        "Status": draws.weighted(LEAD_STATUS, "status"),
        "IsConverted": "false",
        "IsUnreadByOwner": f"{draws.below(5, 'unread')} = 0",
        "OwnerId": f"{owners}[1 + {draws.below(len(words.OWNERS), 'owner')}]",
        "Prospect_Id__c": "printf('P-%06d', i)",
        **audit(draws, past),
    }
    return Recipe(columns, helpers)


def account(draws: Draws, past: Past, owners: str) -> Recipe:
    """Give the columns of accounts; names are distinct as far as the words go."""
    stems, kinds = words.STEMS, list(words.KINDS)
    step = next(n for n in range(37, 100) if gcd(n, len(stems)) == 1)
    stem = literal_list(stems) + f"[1 + ((i - 1) * {step}) % {len(stems)}]"
    place = f"[1 + ((i - 1) // {len(stems)} * 7 + i) % {len(kinds)}]"
    most = len(stems) * len(kinds)
    located = address(draws, "Billing")
    helpers = {
        "company": f"{stem} || ' ' || {literal_list(kinds)}{place}",
        "city": located["BillingCity"],
    }
    columns = {
        "Name": f"case when i <= {most} then company else company || ' ' || city end",
        "Type": draws.weighted(ACCOUNT_TYPES, "type"),
        "Industry": f"{literal_list(list(words.KINDS.values()))}{place}",
        **located,
        "Phone": phone(draws, "phone"),
        "Website": site("company"),
        **size(draws),
        "Ownership": draws.weighted({"Private": 7, "Public": 2, "Subsidiary": 1}, "ownership"),
        "AccountSource": draws.weighted(SOURCES, "source"),
        "OwnerId": f"{owners}[1 + {draws.below(len(words.OWNERS), 'owner')}]",
        "Customer_Id__c": "printf('C-%06d', i)",
        **audit(draws, past),
    }
    return Recipe(columns, helpers)


def contact(draws: Draws, past: Past) -> Recipe:
    """Give the columns of contacts, each of the account whose columns begin with `account_`."""
    columns = {
        **person(draws, domain("account_name")),
        "Department": draws.one_of(("Finance", "Operations", "IT", "Sales", "Procurement"), "part"),
        "AccountId": "account_id",
        **address(draws, "Mailing"),
        "LeadSource": draws.weighted(SOURCES, "source"),
        "OwnerId": "account_owner",
        "Person_Id__c": "printf('N-%06d', i)",
        **audit(draws, past),
    }
    return Recipe(columns, name_helpers(draws))


def site(company: str) -> str:
    """Give the web address of a company."""
    return f"'https://www.' || {domain(company)}"


def domain(company: str) -> str:
    """Give the web domain of a company, in a zone that nobody can own."""
    return f"regexp_replace(lower({company}), '[^a-z0-9]', '', 'g') || '.example'"


def literal_list(values: tuple[str, ...] | list[str]) -> str:
    """Give a list of texts as SQL."""
    return f"[{', '.join(literal(value) for value in values)}]"
