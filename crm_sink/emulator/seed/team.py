"""The sales team of a seeded org: the users who own its records.

Not imitated: roles, territories, permission sets.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from crm_sink.emulator import ids
from crm_sink.emulator.seed.words import OWNERS
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    import duckdb

    from crm_sink.emulator.seed.columns import Past
    from crm_sink.emulator.store import Store

DEPARTMENT = "Sales"
PROFILE = "Standard User"


def team(store: Store, cursor: duckdb.DuckDBPyConnection, past: Past) -> list[str]:
    """Give the ids of the sales team, making it when the org has none.

    Returns:
        One id for each name of `words.OWNERS`, in that order.
    """
    return [owner(store, cursor, person, past) for person in OWNERS]


def owner(store: Store, cursor: duckdb.DuckDBPyConnection, person: str, past: Past) -> str:
    """Give the id of the user of that name, making one when there is none."""
    first, _, last = person.strip().rpartition(" ")
    found = cursor.execute(
        """select Id from "User" where lower(concat_ws(' ', FirstName, LastName)) = lower(?)""",
        [person.strip()],
    ).fetchone()
    if found is not None:
        return str(found[0])
    made = ids.record_id("005", store.reserve(cursor, "User", 1))
    login = f"{first}.{last}".lower().replace(" ", ".").replace("'", "").strip(".")
    values: dict[str, object] = {
        "Id": made,
        "Username": f"{login}@local-org.example",
        "FirstName": first or None,
        "LastName": last,
        "Email": f"{login}@local-org.example",
        "Alias": (first[:1] + last[:7]).lower(),
        "CommunityNickname": login[:40],
        "Title": "Account Executive",
        "Department": DEPARTMENT,
        "CompanyName": "Local Org",
        "IsActive": True,
        "TimeZoneSidKey": "GMT",
        "LocaleSidKey": "en_US",
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
        "UserType": "Standard",
        "ProfileId": _profile(store, cursor, past),
    }
    _insert(cursor, "User", {**values, **_audit(past)})
    return made


def _profile(store: Store, cursor: duckdb.DuckDBPyConnection, past: Past) -> str:
    found = cursor.execute(f"select Id from Profile where Name = {literal(PROFILE)}").fetchone()
    if found is not None:
        return str(found[0])
    made = ids.record_id("00e", store.reserve(cursor, "Profile", 1))
    _insert(
        cursor, "Profile", {"Id": made, "Name": PROFILE, "UserType": "Standard", **_audit(past)}
    )
    return made


def _audit(past: Past) -> dict[str, object]:
    moment: datetime = past.now.replace(tzinfo=None, microsecond=0)
    return {
        "CreatedDate": moment,
        "CreatedById": past.user_id,
        "LastModifiedDate": moment,
        "LastModifiedById": past.user_id,
        "SystemModstamp": moment,
    }


def _insert(cursor: duckdb.DuckDBPyConnection, table: str, values: dict[str, object]) -> None:
    columns = ", ".join(name(column) for column in values)
    marks = ", ".join("?" for _ in values)
    text = f"insert into {name(table)} ({columns}) values ({marks})"
    cursor.execute(text, list(values.values()))
