"""The local org: its records, clock, allowances, sessions and jobs, held together.

Judges nothing itself and knows no HTTP but the URL that a request was sent to.

Not imitated: several users, profiles, object permissions, sharing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from crm_sink.emulator import ids
from crm_sink.emulator.access import grants
from crm_sink.emulator.ahead.waiting import Waiting
from crm_sink.emulator.calls import Calls
from crm_sink.emulator.clock import SystemClock
from crm_sink.emulator.faults.book import Faults
from crm_sink.emulator.jobs import Jobs
from crm_sink.emulator.limits import Limits
from crm_sink.emulator.locks.table import Holder, Locks
from crm_sink.emulator.login.credentials import Credentials, load_or_make
from crm_sink.emulator.login.sessions import Sessions
from crm_sink.emulator.settings import OrgSettings
from crm_sink.emulator.sql import name
from crm_sink.emulator.standard import standard_objects
from crm_sink.emulator.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from crm_sink.emulator.clock import Clock


@dataclass(slots=True)
class State:
    """What the org remembers for a curious test, until it stops.

    Attributes:
        rules_fired: Records over which an assignment rule ran because a write did not send
            `Sforce-Auto-Assign: FALSE` (facts 9), oldest first.
    """

    rules_fired: list[str] = field(default_factory=list)

    @property
    def rule_count(self) -> int:
        """How often an assignment rule ran."""
        return len(self.rules_fired)


class Org:
    """One local org over one store."""

    person = ("Local", "Rep")

    def __init__(self, store: Store, clock: Clock, settings: OrgSettings) -> None:
        self.store = store
        self.clock = clock
        self.settings = settings
        self.state = State()
        self.calls = Calls()
        self.faults = Faults(clock)
        self.locks = Locks()
        self.person_at_work = Holder("person")
        self.credentials: Credentials = load_or_make(store.folder)
        self.limits = Limits(store.folder, clock, settings.daily_api_requests)
        self.sessions = Sessions(store.folder, self.org_id, self.credentials.session_key, clock)
        self.sessions.allow(settings.access_tokens, settings.session_seconds)
        self.jobs = Jobs(store, clock, self.user_id)
        self.created = self._first_records()
        grants.refresh(self)
        self.waiting = Waiting(self)
        store.settle = self.waiting.settle

    @classmethod
    def open(
        cls, folder: Path, *, clock: Clock | None = None, settings: OrgSettings | None = None
    ) -> Org:
        """Open the org of a folder, or make a new one with the standard objects."""
        clock = clock or SystemClock()
        settings = settings or OrgSettings()
        store = Store.open(folder, clock, memory_limit=settings.memory_limit)
        store.add_objects(
            definition
            for key, definition in standard_objects().items()
            if key not in store.definitions
        )
        return cls(store, clock, settings)

    @property
    def org_id(self) -> str:
        """The org's own id, 18 characters."""
        return self.credentials.org_id

    @property
    def user_id(self) -> str:
        """The id of the default user, who runs every call."""
        return self.credentials.user_id

    def now(self) -> datetime:
        """Give the time in UTC, with its zone."""
        return self.clock.now()

    def stamp(self) -> datetime:
        """Give the time that a write is stamped with: whole seconds, UTC, no zone attached.

        Every recorded SystemModstamp ends in `.000`.
        """
        return self.clock.now().replace(tzinfo=None, microsecond=0)

    def url(self, request: Request) -> str:
        """Give the org's URL as the client knows it."""
        host = request.headers.get("host", request.url.netloc)
        return f"{request.url.scheme}://{host}"

    def identity_url(self, request: Request) -> str:
        """Give the `id` URL of the user."""
        return f"{self.url(request)}/id/{self.org_id}/{self.user_id}"

    def start(self) -> None:
        """Begin to work accepted jobs."""
        if self.settings.work_jobs:
            self.jobs.start()

    def close(self) -> None:
        """Stop working and close the store."""
        self.jobs.stop()
        self.limits.save()
        self.waiting.close()
        self.store.close()

    def _first_records(self) -> datetime:
        """Make the default user, his profile and the Organization record; give their birthday."""
        found = (
            self.store.cursor()
            .execute('select CreatedDate from "User" where Id = ?', [self.user_id])
            .fetchone()
        )
        if found is not None:
            return datetime.fromisoformat(str(found[0]))
        now = self.stamp()
        with self.store.writing() as cursor:
            profile = ids.record_id("00e", self.store.reserve(cursor, "Profile", 1))
        admin: dict[str, object] = {
            "Id": profile,
            "Name": "System Administrator",
            "UserType": "Standard",
        }
        self._insert("Profile", admin, now)
        first, last = self.person
        username = self.credentials.username
        self._insert(
            "User",
            {
                "Id": self.user_id, "Username": username, "FirstName": first, "LastName": last,
                "Email": username, "Alias": "lrep", "CommunityNickname": "local.rep",
                "IsActive": True, "TimeZoneSidKey": "GMT", "LocaleSidKey": "en_US",
                "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
                "UserType": "Standard", "ProfileId": profile,
            },
            now,
        )  # fmt: skip
        self._insert(
            "Organization",
            {
                "Id": self.org_id, "Name": "Local Org", "OrganizationType": "Developer Edition",
                "InstanceName": "LOCAL", "IsSandbox": True,
            },
            now,
        )  # fmt: skip
        return now

    def _insert(self, object_name: str, values: dict[str, object], now: datetime) -> None:
        definition = self.store.objects[object_name.lower()]
        audit = {
            "CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now,
            "CreatedById": self.user_id, "LastModifiedById": self.user_id,
        }  # fmt: skip
        known = {key: value for key, value in {**values, **audit}.items() if definition.find(key)}
        columns = ", ".join(name(key) for key in known)
        marks = ", ".join("?" for _ in known)
        with self.store.writing() as cursor:
            cursor.execute(
                f"insert into {name(object_name)} ({columns}) values ({marks})",
                list(known.values()),
            )
