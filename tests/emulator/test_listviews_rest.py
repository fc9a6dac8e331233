"""List views over REST: entries, describe, results; shapes as the REST guide shows them."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pytest

from crm_sink.emulator.serve import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEOPLE = [
    {"LastName": "Abel", "Company": "Acme", "Score__c": 91, "Band__c": "Hot", "Rating": "Hot",
     "Tags__c": "Hot;Warm", "Flag__c": True, "Day__c": "2026-05-01",
     "At__c": "2026-05-01T23:30:00Z", "Email": "abel@acme.com"},
    {"LastName": "Bell", "Company": "Best, Ltd", "Score__c": 40, "Band__c": "Warm",
     "Tags__c": "Cold", "Day__c": "2026-05-02", "At__c": "2026-05-02T00:00:00Z"},
    {"LastName": "Cole", "Company": "100% Fit", "Score__c": None, "Note__c": "it's_me"},
]  # fmt: skip
OTHER = "005000000000999AAA"
VIEW = """<metadata xsi:type="ListView"><fullName>{name}</fullName>{inside}
  <label>{label}</label></metadata>"""


@pytest.fixture(scope="module")
def api(api_template: Path, tmp_path_factory: pytest.TempPathFactory, log_in: Any) -> Iterator[Any]:
    """Run one org with three leads for all tests here."""
    folder = shutil.copytree(api_template, tmp_path_factory.mktemp("listviews") / "org")
    with running(folder) as handle:
        found = log_in(handle)
        for person in PEOPLE:
            found.lead(**person)
        yield found


def save(api: Any, inside: str, name: str = "Lead.View", label: str = "View") -> str:
    """Save a list view by SOAP and give the reply's text."""
    return save_all(api, VIEW.format(name=name, inside=inside, label=label))


def save_all(api: Any, *views: str) -> str:
    body = f"<upsertMetadata>{''.join(views)}</upsertMetadata>"
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Header>'
        '<SessionHeader xmlns="http://soap.sforce.com/2006/04/metadata">'
        f"<sessionId>{api.running.token()}</sessionId></SessionHeader></e:Header>"
        f'<e:Body xmlns="http://soap.sforce.com/2006/04/metadata">{body}</e:Body></e:Envelope>'
    )
    headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
    reply = api.call("POST", "/services/Soap/m/60.0", data=envelope.encode(), headers=headers)
    assert reply.status_code == 200, reply.text
    return str(reply.text)


def filtered(*filters: tuple[str, str, str], scope: str = "Everything", logic: str = "") -> str:
    told = "".join(
        f"<filters><field>{field}</field><operation>{operation}</operation>"
        f"<value>{escape(value)}</value></filters>"
        for field, operation, value in filters
    )
    logic = f"<booleanFilter>{logic}</booleanFilter>" if logic else ""
    return f"{logic}<columns>FULL_NAME</columns>{told}<filterScope>{scope}</filterScope>"


def shown(api: Any, inside: str) -> list[str]:
    """Give the last names that a view with these elements shows."""
    assert "<success>true</success>" in save(api, inside)
    return shown_by(api, "View")


def shown_by(api: Any, view: str) -> list[str]:
    found = api.get(f"sobjects/Lead/listviews/{view}/results").json()
    return [record["columns"][0]["value"] for record in found["records"]]


def test_an_entry_names_the_views_own_resources(api: Any) -> None:
    save(api, filtered(), name="Lead.Best_Leads", label="Best leads")
    listed = api.get("sobjects/lead/listviews").json()
    entry = next(one for one in listed["listviews"] if one["developerName"] == "Best_Leads")
    assert list(entry) == [
        "describeUrl", "developerName", "id", "label", "resultsUrl", "soqlCompatible", "url",
    ]  # fmt: skip
    assert (len(entry["id"]), entry["label"]) == (18, "Best leads")
    assert api.get(entry["url"]).json() == entry
    assert api.get("sobjects/Lead/listviews/recent").json() == listed
    assert api.get("sobjects/Lead/listviews/00B000000000999AAA").status_code == 404
    assert api.get("sobjects/Account/listviews/Best_Leads").status_code == 404


def test_describe_tells_columns_order_and_soql_as_the_rest_guide_shows(api: Any) -> None:
    columns = "FULL_NAME LEAD.COMPANY LEAD.PHONE LEAD.RATING CORE.USERS.ALIAS LEAD.STATE"
    inside = "".join(f"<columns>{one}</columns>" for one in columns.split())
    week = "<filters><field>LEAD.CREATED_DATE</field><operation>equals</operation>"
    inside += f"<filterScope>Everything</filterScope>{week}<value>THIS_WEEK</value></filters>"
    save(api, inside, name="Lead.NewThisWeek")
    told = api.get("sobjects/Lead/listviews/NewThisWeek/describe").json()
    assert list(told) == [
        "columns", "id", "orderBy", "query", "scope", "sobjectType", "whereCondition",
    ]  # fmt: skip
    assert told["query"] == (
        "SELECT Name, Company, Phone, toLabel(Rating), Owner.Alias, State, Id, CreatedDate, "
        "LastModifiedDate, SystemModstamp FROM Lead WHERE CreatedDate = THIS_WEEK "
        "ORDER BY Name ASC NULLS FIRST, Id ASC NULLS FIRST"
    )
    assert told["whereCondition"] == {
        "field": "CreatedDate", "operator": "equals", "values": ["THIS_WEEK"],
    }  # fmt: skip
    assert (len(told["id"]), told["scope"], told["sobjectType"]) == (15, None, "Lead")
    phone, rating, owner = told["columns"][2:5]
    assert phone == {
        "ascendingLabel": "9-0", "descendingLabel": "0-9", "fieldNameOrPath": "Phone",
        "hidden": False, "label": "Phone", "selectListItem": "Phone", "sortDirection": None,
        "sortIndex": None, "sortable": True, "type": "phone",
    }  # fmt: skip
    assert (rating["selectListItem"], rating["ascendingLabel"]) == (
        "toLabel(Rating)",
        "Low to High",
    )
    assert (owner["fieldNameOrPath"], owner["label"]) == ("Owner.Alias", "Owner Alias")
    assert [one["fieldNameOrPath"] for one in told["columns"] if one["hidden"]] == [
        "Id", "CreatedDate", "LastModifiedDate", "SystemModstamp",
    ]  # fmt: skip


def test_results_give_every_value_as_text(api: Any) -> None:
    inside = "".join(f"<columns>{one}</columns>" for one in ("NAME", "Score__c", "Flag__c"))
    save(api, inside + "<filterScope>Mine</filterScope>", name="Lead.Mine")
    told = api.get("sobjects/Lead/listviews/Mine/results?limit=1&offset=0").json()
    assert list(told) == ["columns", "developerName", "done", "id", "label", "records", "size"]
    assert (told["done"], told["size"], told["developerName"]) == (False, 1, "Mine")
    values = {one["fieldNameOrPath"]: one["value"] for one in told["records"][0]["columns"]}
    assert (values["Name"], values["Score__c"], values["Flag__c"]) == ("Abel", "91.0", "true")
    moment = datetime.strptime(values["CreatedDate"], "%a %b %d %H:%M:%S GMT %Y")
    assert abs((datetime.now(UTC) - moment.replace(tzinfo=UTC)).total_seconds()) < 600
    last = api.get("sobjects/Lead/listviews/Mine/results?offset=2").json()
    assert (last["done"], [one["columns"][1]["value"] for one in last["records"]]) == (True, [None])


OPERATIONS: list[tuple[list[tuple[str, str, str]], list[str]]] = [
    ([("Band__c", "equals", "hot")], ["Abel"]),
    ([("Band__c", "equals", "Hot,Warm")], ["Abel", "Bell"]),
    ([("Band__c", "equals", "")], ["Cole"]),
    ([("Band__c", "notEqual", "Hot,Warm")], ["Cole"]),
    ([("LEAD.COMPANY", "equals", '"Best, Ltd",Acme')], ["Abel", "Bell"]),
    ([("LEAD.COMPANY", "contains", "100%")], ["Cole"]),
    ([("LEAD.COMPANY", "contains", "cme,fit")], ["Abel", "Cole"]),
    ([("LEAD.COMPANY", "notContain", "cme,fit")], ["Bell"]),
    ([("LEAD.COMPANY", "startsWith", "a,b")], ["Abel", "Bell"]),
    ([("Note__c", "equals", "It's_Me")], ["Cole"]),
    ([("Score__c", "greaterOrEqual", "40")], ["Abel", "Bell"]),
    ([("Score__c", "greaterThan", "40")], ["Abel"]),
    ([("Score__c", "lessThan", "91")], ["Bell"]),
    ([("Score__c", "lessOrEqual", "91"), ("Flag__c", "equals", "1")], ["Abel"]),
    ([("Flag__c", "equals", "0")], ["Bell", "Cole"]),
    ([("Flag__c", "notEqual", "True")], ["Bell", "Cole"]),
    ([("Tags__c", "includes", "Warm,Cold")], ["Abel", "Bell"]),
    ([("Tags__c", "includes", "Hot;Warm")], ["Abel"]),
    ([("Tags__c", "excludes", "Warm,Cold")], ["Cole"]),
    ([("Day__c", "equals", "5/1/2026")], ["Abel"]),
    ([("Day__c", "greaterThan", "2026-05-01")], ["Bell"]),
    ([("At__c", "equals", "5/1/2026")], ["Abel"]),
    ([("At__c", "lessOrEqual", "5/1/2026")], ["Abel"]),
    ([("At__c", "greaterThan", "5/1/2026")], ["Bell"]),
    ([("At__c", "greaterOrEqual", "5/1/2026 11:45 PM")], ["Bell"]),
    ([("LEAD.CREATED_DATE", "equals", "LAST 7 DAYS")], ["Abel", "Bell", "Cole"]),
    ([("LEAD.CREATED_DATE", "lessThan", "TODAY")], []),
    ([("CORE.USERS.ALIAS", "equals", "lrep")], ["Abel", "Bell", "Cole"]),
    ([("CORE.USERS.FULL_NAME", "notEqual", "Local Rep")], []),
    ([("LEAD.CONVERTED", "equals", "0")], ["Abel", "Bell", "Cole"]),
]
LOGIC = [
    ("1 AND 2", []),
    ("1 OR 2", ["Abel", "Cole"]),
    ("(1 OR 2) AND 3", ["Cole"]),
    ("NOT 1", ["Bell", "Cole"]),
    ("1 or (2 and 3)", ["Abel", "Cole"]),
]
JOINED = [("Band__c", "equals", "Hot"), ("Score__c", "equals", ""), ("Note__c", "contains", "me")]


@pytest.fixture(scope="module")
def operations(api: Any) -> Any:
    """Save a view for each line of the two tables, ten in a call."""
    told = [filtered(*filters) for filters, _ in OPERATIONS]
    told += [filtered(*JOINED, logic=logic) for logic, _ in LOGIC]
    views = [
        VIEW.format(name=f"Lead.V{place}", inside=inside, label=f"View {place}")
        for place, inside in enumerate(told)
    ]
    for first in range(0, len(views), 10):
        assert "<success>false" not in save_all(api, *views[first : first + 10])
    return api


@pytest.mark.parametrize("place", range(len(OPERATIONS)), ids=lambda at: str(OPERATIONS[at][0]))
def test_each_operation_selects_what_it_says(operations: Any, place: int) -> None:
    assert shown_by(operations, f"V{place}") == OPERATIONS[place][1]


@pytest.mark.parametrize("place", range(len(LOGIC)), ids=lambda at: LOGIC[at][0])
def test_a_boolean_filter_joins_the_filters_by_number(operations: Any, place: int) -> None:
    assert shown_by(operations, f"V{len(OPERATIONS) + place}") == LOGIC[place][1]


def test_conditions_are_told_as_a_tree_and_as_soql(api: Any) -> None:
    filters = [("Band__c", "equals", "Hot,Warm"), ("LEAD.COMPANY", "notContain", "x"),
               ("Score__c", "greaterOrEqual", "70")]  # fmt: skip
    save(api, filtered(*filters, scope="Mine", logic="(1 OR 2) AND 3"))
    told = api.get("sobjects/Lead/listviews/View/describe").json()
    assert told["scope"] == "mine"
    soql = "FROM Lead USING SCOPE mine WHERE ((Band__c IN ('Hot','Warm') OR "
    assert soql + "(NOT Company LIKE '%x%')) AND Score__c >= 70) ORDER BY" in told["query"]
    either, least = told["whereCondition"]["conditions"]
    assert (told["whereCondition"]["conjunction"], either["conjunction"]) == ("and", "or")
    assert either["conditions"][0] == {
        "field": "Band__c", "operator": "in", "values": ["'Hot'", "'Warm'"],
    }  # fmt: skip
    assert least["operator"] == "greaterThanOrEqualTo"
    asked = api.get("query", params={"q": told["query"]}).json()
    assert [one["Name"] for one in asked["records"]] == ["Abel"]


def test_the_scope_mine_holds_the_users_own_records(api: Any) -> None:
    with api.running.org.store.writing() as cursor:
        cursor.execute(f"insert into \"User\" by name select '{OTHER}' as Id, 'Vane' as LastName")
    lead = api.lead(LastName="Drew", OwnerId=OTHER)
    assert "Drew" not in shown(api, filtered(scope="Mine"))
    assert "Drew" in shown(api, filtered(scope="Everything"))
    soql = "SELECT Name FROM Lead USING SCOPE mine WHERE Name = 'Drew'"
    assert api.get("query", params={"q": soql}).json()["totalSize"] == 0
    soql = soql.replace("mine", "everything")
    assert api.get("query", params={"q": soql}).json()["totalSize"] == 1
    assert api.call("DELETE", f"sobjects/Lead/{lead}").status_code == 204


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        (filtered(("Score__c", "atLeast", "1")), "'atLeast' is not a valid value for the enum"),
        (filtered(scope="Yours"), "'Yours' is not a valid value for the enum 'FilterScope'"),
        (filtered(("Score__c", "equals", "many")), "Invalid value for filter on Score__c: many"),
        (filtered(("Flag__c", "equals", "maybe")), "Invalid value for filter on Flag__c: maybe"),
        (filtered(("Day__c", "equals", "someday")), "Invalid value for filter on Day__c: someday"),
        (filtered(("At__c", "equals", "12/31/9999")), "filter on At__c: 12/31/9999"),
        (filtered(("Score__c", "equals", "1"), logic="1 AND 2"), "Invalid booleanFilter: 1 AND 2"),
        (filtered(("Score__c", "equals", "1"), logic="(1"), "Invalid booleanFilter: (1"),
    ],
)  # fmt: skip
def test_a_view_that_cannot_be_read_is_refused(api: Any, inside: str, words: str) -> None:
    reply = save(api, inside, name="Lead.Bad")
    assert words in reply
    assert api.get("sobjects/Lead/listviews/Bad").status_code == 404


def test_an_unknown_standard_column_is_taken_and_not_shown(api: Any) -> None:
    inside = filtered(("LEAD.WHATEVER", "equals", "x")) + "<columns>LEAD.NOVELTY</columns>"
    assert "<success>true</success>" in save(api, inside)
    told = api.get("sobjects/Lead/listviews/View/describe").json()
    assert "SELECT Name, Id," in told["query"]
    assert told["whereCondition"] == {"conditions": [], "conjunction": "and"}


def test_columns_of_parents_go_by_their_names(api: Any) -> None:
    inside = "".join(
        f"<columns>{one}</columns>"
        for one in ("OPPORTUNITY.NAME", "ACCOUNT.NAME", "OPPORTUNITY.STAGE_NAME",
                    "OPPORTUNITY.AMOUNT", "OPPORTUNITY.CLOSE_DATE", "CORE.USERS.ALIAS")
    )  # fmt: skip
    save(api, inside + "<filterScope>Everything</filterScope>", name="Opportunity.Open")
    told = api.get("sobjects/Opportunity/listviews/Open/describe").json()
    paths = [one["fieldNameOrPath"] for one in told["columns"] if not one["hidden"]]
    assert paths == ["Name", "Account.Name", "StageName", "Amount", "CloseDate", "Owner.Alias"]
    labels = [one["label"] for one in told["columns"][:6]]
    assert (labels[1], labels[5]) == ("Account Name", "Opportunity Owner Alias")
