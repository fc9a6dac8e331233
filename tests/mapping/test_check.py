"""A mapping against its source and its org: what is missing, hidden, read-only or too small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crm_sink.mapping.check import check

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.schema import ObjectSchema

    Load = Callable[[str], LoadedMapping]

HEAD = "object: Lead\nmatch: {external_id: Prospect_Id__c, column: prospect_id}\n"
GOOD = HEAD + "fields:\n  Score__c: {value: x, type: 'Number(3, 0)'}\n"
COLUMNS = {"prospect_id": "VARCHAR", "x": "DOUBLE", "scored_at": "TIMESTAMP WITH TIME ZONE"}


def against_org(
    loaded: LoadedMapping, lead: ObjectSchema, account: ObjectSchema | None = None
) -> list[str]:
    related = {"account": account} if account is not None else {}
    found = check(loaded, columns=None, schema=lead, related=related)
    return [str(problem).removeprefix("m.yaml:") for problem in found]


def test_a_mapping_that_fits_has_no_problems(load: Load, lead: ObjectSchema) -> None:
    assert check(load(GOOD), columns=COLUMNS, schema=lead, related={}) == []


def test_columns_that_the_source_lacks_are_found_where_they_are_named(load: Load) -> None:
    text = """\
object: Lead
match: {external_id: Prospect_Id__c, column: prospectid, twins: {newest: scoredat}}
when: y > 0
fields: {Score__c: round(X + scorx)}
gates:
  freshness: {column: scored, hold_after: 1d}
  drift: {column: z}
"""
    found = check(load(text), columns=COLUMNS, schema=None, related={})
    assert [str(problem).removeprefix("m.yaml:") for problem in found] == [
        "2:38  the source has no column prospectid. Did you mean prospect_id?",
        "2:66  the source has no column scoredat. Did you mean scored_at?",
        "3:7  the source has no column y. It has: prospect_id, x, scored_at.",
        "4:30  the source has no column scorx. It has: prospect_id, x, scored_at.",
        "6:15  the source has no column scored. Did you mean scored_at?",
        "7:11  the source has no column z. It has: prospect_id, x, scored_at.",
    ]


@pytest.mark.parametrize("kind", ["DOUBLE[]", "MAP(VARCHAR, DATE)", "BLOB", "UUID"])
def test_the_newest_of_twins_is_told_by_a_time_or_a_number(load: Load, kind: str) -> None:
    text = GOOD.replace("prospect_id}", "prospect_id, twins: {newest: Scored_At}}")
    (found,) = check(load(text), columns={**COLUMNS, "scored_at": kind}, schema=None, related={})
    assert str(found) == (
        "m.yaml:2:67  the newest of twins is told by a time or a number, and Scored_At is "
        f"{kind}. Name a column that holds a time or a number."
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("Scor__c: x", "Lead has no field Scor__c. Did you mean Score__c? If it exists: field-le"),
        ("CreatedDate: x", "Lead.CreatedDate cannot be updated"),
        ("Address: x", "Lead.Address is compound: it cannot be written"),
        ("Score__c: {value: x, type: 'Text(3)'}", "is a Number(3, 0) in the org, not a Text(3)"),
        ("Score__c: {value: x, type: 'Number(5, 0)'}", "holds 3 digits before the point, not 5"),
        ("Score__c: {value: x, type: 'Number(3, 1)'}", "shows 0 digits behind the point, not 1"),
        ("Note__c: {value: x, type: Text(80)}", "Lead.Note__c holds 40 characters, not 80"),
        ("Band__c: {value: x, type: 'Picklist(Hot, Hott)'}", "without the value 'Hott'"),
        ("Note__c: {value: x, tolerance: 1}", "Lead.Note__c is no number: it has no tolerance"),
        ("Score__c: {value: x, truncate: true}", "Lead.Score__c is no text that could be cut"),
        ("Band__c: {constant: hot}", "without the value 'hot'. Did you mean Hot?"),
        ("Band__c: case when x > 1 then 'Hot' else 'Tepid' end", "without the value 'Tepid'"),
        ("Band__c: band(x, 'Hot', 0.8, 'Worm', 0.5, 'Cold')", "Did you mean Warm?"),
        ("Band__c: coalesce(x, if(y, 'None', 'Cold'))", "without the value 'None'"),
        ("Account.Customer_Id: x", "Account has no field Customer_Id. Did you mean Customer_Id__"),
        ("Account.Name: x", "Account.Name is not an external id"),
        ("AccountId.Customer_Id__c: x", "Did you mean Account.Customer_Id__c?"),
        ("Owner.Alias__c: x", "may point to Group, User: such a lookup is not supported"),
        ("AccountId: {value: x, type: Lookup(Contact)}", "Lead.AccountId points to Account"),
    ],
)
def test_fields_that_do_not_fit_the_org(
    load: Load, lead: ObjectSchema, account: ObjectSchema, fields: str, words: str
) -> None:
    found = against_org(load(f"{HEAD}fields:\n  {fields}\n"), lead, account)
    assert len(found) == 1, found
    assert found[0].startswith("4:")
    assert words in found[0]


def test_a_reference_is_set_in_one_way(
    load: Load, lead: ObjectSchema, account: ObjectSchema
) -> None:
    text = f"{HEAD}fields:\n  AccountId: x\n  Account.Customer_Id__c: x\n"
    (found,) = against_org(load(text), lead, account)
    assert found == "5:3  Lead.AccountId is set by AccountId already. Keep one of them."


@pytest.mark.parametrize(
    "fields",
    [
        "SCORE__C: {value: x, type: 'Number(2, 0)'}",
        "Note__c: {value: x, type: Phone}",
        "NumberOfEmployees: {value: x, type: 'Number(8, 0)'}",
        "Account.Customer_Id__c: {value: x, type: Text(20)}",
        "AccountId: {value: x, type: Lookup(account)}",
        "Band__c: {value: x, type: Picklist(Cold)}",
    ],
)
def test_a_type_may_ask_for_less_than_the_org_has(
    load: Load, lead: ObjectSchema, account: ObjectSchema, fields: str
) -> None:
    assert against_org(load(f"{HEAD}fields:\n  {fields}\n"), lead, account) == []


@pytest.mark.parametrize(
    ("match", "words"),
    [
        ("external_id: Nope__c", "Lead has no field Nope__c"),
        ("external_id: Email", "Lead.Email is not an external id. Match on it as any other field"),
        ("field: Note__c", "Lead.Note__c is not unique: a key could be many records"),
    ],
)
def test_the_key_must_find_one_record(
    load: Load, lead: ObjectSchema, match: str, words: str
) -> None:
    text = f"object: Lead\nmatch: {{{match}, column: c}}\nfields: {{Score__c: x}}\n"
    (found,) = against_org(load(text), lead)
    assert words in found


def test_creating_needs_every_required_field_that_the_org_does_not_fill(
    load: Load, lead: ObjectSchema
) -> None:
    """Lead.Status and OwnerId have defaults; LastName has none."""
    text = GOOD.replace("column: prospect_id", "column: prospect_id, missing: create")
    (found,) = against_org(load(text), lead)
    assert "Lead.LastName is required to create a record" in found
    assert against_org(load(text + "  LastName: n\n"), lead) == []


@pytest.mark.parametrize(
    ("flag", "words"),
    [("Note__c", "is a string, not a checkbox"), ("Nope__c", "Lead has no field Nope__c")],
)
def test_leavers_are_flagged_in_a_checkbox(
    load: Load, lead: ObjectSchema, flag: str, words: str
) -> None:
    (found,) = against_org(load(GOOD + f"leavers: {{flag: {flag}}}\n"), lead)
    assert found.startswith("5:11")
    assert words in found


def test_a_related_object_that_is_not_described_is_a_problem(
    load: Load, lead: ObjectSchema
) -> None:
    (found,) = against_org(load(f"{HEAD}fields:\n  Account.Customer_Id__c: x\n"), lead)
    assert "the org does not describe Account to this user" in found
