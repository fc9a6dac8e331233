"""Records from a CSV file: what is taken, and what is said of the rest."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.emulator.seed import CsvOptions, CsvSeeded, seed_csv
from crm_sink.emulator.standard import standard_objects
from crm_sink.emulator.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import FakeClock

    Load = Callable[..., CsvSeeded]


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[Store]:
    """Give an empty store with the standard objects."""
    made = Store.open(tmp_path / "org", clock)
    made.add_objects(standard_objects().values())
    yield made
    made.close()


@pytest.fixture
def load(store: Store, clock: FakeClock, tmp_path: Path) -> Load:
    """Give the function that loads CSV text into an object."""

    def load(text: str, object_name: str, columns: dict[str, str], **options: Any) -> CsvSeeded:
        path = tmp_path / "file.csv"
        path.write_text(dedent(text).lstrip(), encoding=options.pop("encoding", "utf-8"))
        given = CsvOptions(**options)
        return seed_csv(store, path, object_name, columns, clock=clock, options=given)

    return load


def rows(store: Store, query: str) -> list[tuple[Any, ...]]:
    with store.cursor() as cursor:
        return cursor.execute(query).fetchall()


ACCOUNTS = """
    account,sector,employees
    Acme,medical,2822
    "Zeta, ""Z"" Co",,
"""
ACCOUNT_COLUMNS = {
    "Name": "account",
    "Account_Key__c:Text(80):external_id": "account",
    "Industry": "sector",
    "NumberOfEmployees": "employees",
}


def test_rows_become_records_and_a_missing_field_is_made(store: Store, load: Load) -> None:
    assert load(ACCOUNTS, "Account", ACCOUNT_COLUMNS) == CsvSeeded(2, 2, 0, ())
    query = "select Name, Account_Key__c, Industry, NumberOfEmployees from Account order by Id"
    assert rows(store, query) == [
        ("Acme", "Acme", "medical", 2822),
        ('Zeta, "Z" Co', 'Zeta, "Z" Co', None, None),
    ]
    key = store.objects["account"].fields["account_key__c"]
    assert (key.external_id, key.unique, key.length) == (True, True, 80)


def test_a_pipeline_finds_its_accounts_and_owners(store: Store, load: Load) -> None:
    load(ACCOUNTS, "Account", ACCOUNT_COLUMNS)
    report = load(
        """
        id,agent,account,stage,closes,value
        D1,Moses Frase,acme,Won,3/1/2017,1054
        D2,Moses Frase,,Engaging,,
        """,
        "Opportunity",
        {
            "Deal_Id__c:Text(40):external_id": "id", "Name": "id", "StageName": "stage",
            "CloseDate": "closes", "Amount": "value", "Account.Account_Key__c": "account",
            "Owner.Name": "agent",
        },
        date_format="%m/%d/%Y",
        defaults={"CloseDate": "12/31/2017"},
        values={"StageName": {"Won": "Closed Won"}},
    )  # fmt: skip
    assert (report.inserted, report.rejected) == (2, 0)
    query = """select o.Deal_Id__c, a.Name, u.LastName, o.StageName, o.CloseDate::varchar, o.Amount,
      o.Probability, o.IsWon from Opportunity o left join Account a on a.Id = o.AccountId
      join "User" u on u.Id = o.OwnerId order by o.Id"""
    assert rows(store, query) == [
        ("D1", "Acme", "Frase", "Closed Won", "2017-03-01", 1054.0, 100.0, True),
        ("D2", None, "Frase", "Engaging", "2017-12-31", None, None, False),
    ]


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("A1,x,5,2026-01-01", "id", "A1", "the value stands in an earlier row"),
        ("A2,,5,2026-01-01", "name", None, "required, but empty"),
        ("A2,x,five,2026-01-01", "n", "five", "not a value of type int"),
        ("A2,x,5,2026-13-01", "day", "2026-13-01", "not a value of type date"),
        ("A23456,x,5,", "id", "A23456", "longer than 5 characters"),
    ],
)
def test_a_row_that_does_not_fit_is_reported(
    load: Load, row: str, column: str, value: str | None, reason: str
) -> None:
    columns = {
        "Key__c:Text(5):external_id": "id", "Name": "name", "NumberOfEmployees": "n",
        "Day__c:Date": "day",
    }  # fmt: skip
    report = load(f"id,name,n,day\nA1,ok,1,\n{row}\n", "Account", columns)
    assert (report.rows, report.inserted, report.rejected) == (2, 1, 1)
    (reject,) = report.rejects
    assert (reject.row, reject.column, reject.value, reject.reason) == (2, column, value, reason)


def test_a_line_that_cannot_be_read_is_reported_with_its_number(load: Load) -> None:
    report = load("name\nok\ntoo,many\nfine\n", "Account", {"Name": "name"})
    assert (report.rows, report.inserted, report.rejected) == (3, 2, 1)
    assert report.rejects[0].reason.startswith("line 3 cannot be read")


def test_a_value_that_a_record_has_is_reported(load: Load) -> None:
    columns = {"Key__c:Text(5):external_id": "id", "Name": "id"}
    load("id\nA1\n", "Account", columns)
    report = load("id\na1\nA2\n", "Account", columns)
    assert [(one.row, one.reason) for one in report.rejects] == [(1, "a record has this value")]


def test_a_lookup_that_finds_nothing_is_reported(load: Load) -> None:
    load(ACCOUNTS, "Account", ACCOUNT_COLUMNS)
    columns = {"LastName": "name", "Account.Account_Key__c": "account"}
    report = load("name,account\nLee,Acme\nOrr,Nope\n", "Contact", columns)
    assert report.inserted == 1
    assert report.rejects[0].reason == "no Account has this Account_Key__c, or several have it"


def test_a_value_outside_a_restricted_picklist_is_reported(load: Load) -> None:
    columns = {"Name": "name", "Band__c:Picklist(High, Low)": "band"}
    report = load("name,band\na,high\nb,Huge\n", "Account", columns)
    assert (report.inserted, report.rejects[0].value) == (1, "Huge")


def test_a_byte_order_mark_is_no_part_of_the_first_name(load: Load) -> None:
    assert load("name\nAcme\n", "Account", {"Name": "name"}, encoding="utf-8-sig").inserted == 1


@pytest.mark.parametrize(
    ("object_name", "columns", "message"),
    [
        ("Account", {"Name": "nope"}, "has no column nope"),
        ("Account", {"Name": "name", "Size__c": "name"}, "has no field Size__c"),
        ("Account", {"Industry": "name"}, "needs columns for Name"),
        ("Account", {"Name": "name", "Boss.Name": "name"}, "no relationship Boss"),
        ("Account", {"Name": "name", "Parent.Nope": "name"}, "no field Nope"),
        ("Account", {"Name": "name", "X__c:Text(5):shiny": "name"}, "shiny is no flag"),
        ("Contact", {"Name": "name", "LastName": "name"}, "put together"),
        ("Nope", {"Name": "name"}, "no object Nope"),
    ],
)
def test_a_wrong_target_is_an_error(
    load: Load, object_name: str, columns: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        load("name\nx\n", object_name, columns)


def test_a_missing_file_is_an_error(store: Store, clock: FakeClock, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        seed_csv(store, tmp_path / "no.csv", "Account", {"Name": "name"}, clock=clock)
