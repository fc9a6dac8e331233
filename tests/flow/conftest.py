"""A small shop: a local org with a few leads, and the product wired to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from crm_sink.api import Result
from crm_sink.assemble import assemble
from crm_sink.clock import Clock, SystemClock
from crm_sink.crm.gauge import Gauge
from crm_sink.crm.memory import Memory
from crm_sink.crm.open_jobs import OpenJob
from crm_sink.emulator.seed.demo import add_missing
from crm_sink.emulator.seed.fields import custom_field
from crm_sink.emulator.serve import Running
from crm_sink.events import Event, Listener, nobody
from crm_sink.flow.context import Context, Request
from crm_sink.flow.decide import decide
from crm_sink.flow.deliver import deliver
from crm_sink.flow.sync import sync
from crm_sink.ledger.contract import Run
from crm_sink.ledger.store import SqlLedger
from crm_sink.mapping.load import loads
from crm_sink.mapping.model import LoadedMapping
from crm_sink.salesforce.fate import BOOK
from crm_sink.settings import Settings
from crm_sink.stopping import Stop
from crm_sink.tickets import Ticket

FIELDS = {
    "Lead": {
        "Ext__c": "Text(40)",
        "Score__c": "Number(3, 0)",
        "Band__c": "Picklist(Hot, Warm, Cold)",
        "Note__c": "Text(20)",
        "Scored_At__c": "DateTime",
        "Stale__c": "Checkbox",
    },
    "Account": {"Ext__c": "Text(40)"},
    "Contact": {"Ext__c": "Text(40)", "Score__c": "Number(3, 0)"},
}
MAPPING = """
object: Lead
match: {external_id: Ext__c, column: id}
fields:
  Score__c: round(100 * score)
  Band__c: case when score >= 0.8 then 'Hot' else 'Cold' end
"""


class Impatient(SystemClock):
    """The machine's time, but for its waits: an org on this machine is never busy."""

    def __init__(self) -> None:
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        super().sleep(min(seconds, 0.01))


class NoJobs:
    """A CRM without jobs has none left open."""

    def all(self) -> list[OpenJob]:
        return []

    def abort(self, job: str) -> None:
        raise AssertionError(job)

    def is_undone(self, ticket: Ticket) -> bool:
        return False  # `Memory.submit` settles what it knows of


def in_memory(
    crm: Memory,
    ledger: SqlLedger,
    clock: Clock,
    *,
    listener: Listener = nobody,
    parallel_jobs: int,
) -> Context:
    """Wire a CRM that is a dict in memory."""
    return Context(
        crm=crm,
        ledger=ledger,
        lease=ledger.lease,
        home=Path(ledger.home),
        org="https://memory",
        clock=clock,
        listener=listener,
        judge=BOOK,
        environ={},
        parallel_jobs=parallel_jobs,
        memory_limit="224MB",
        calls_made=lambda: crm.calls,
        calls_at_once=Gauge("calls", 8),
        open_jobs=NoJobs(),
        stop=Stop(),
    )


@dataclass
class Shop:
    """A local org and a home folder."""

    org: Running
    home: Path
    events: list[Event] = field(default_factory=list)
    budget: str = "100%"
    clock: Clock = field(default_factory=Impatient)

    @property
    def settings(self) -> Settings:
        return Settings(
            instance_url=self.org.url,
            client_id=self.org.client_id,
            client_secret=self.org.client_secret,  # type: ignore[arg-type]
            home=self.home,
            budget=self.budget,
        )

    def context(self) -> AbstractContextManager[Context]:
        """Give the parts, wired to the org."""
        return assemble(
            self.settings,
            target=None,
            listener=self.events.append,
            clock=self.clock,
            environ=os.environ,
        )

    def _with(self, work: Callable[[Context], Run]) -> Result:
        with self.context() as context:
            return Result(work(context))

    def plan(self, mapping: str, rows: str, **more: Any) -> Result:
        """Plan over predictions given as a SQL VALUES list with column names."""
        request = Request(self.mapping(mapping), frame=frame(rows), **more)
        return self._with(lambda context: decide(request, context))

    def apply(self, planned: Result, **more: Any) -> Result:
        """Apply a plan."""
        return self._with(
            lambda context: deliver(context.ledger.find(planned.run.run), context, **more)
        )

    def sync(self, mapping: str, rows: str, **more: Any) -> Result:
        """Plan and apply."""
        return self.apply(self.plan(mapping, rows, **more))

    def sync_at_once(self, mapping: str, rows: str, **more: Any) -> Result:
        """Plan and apply in one process, as the verb does."""
        request = Request(self.mapping(mapping), frame=frame(rows), **more)
        return self._with(lambda context: sync(request, context))

    @staticmethod
    def mapping(text: str) -> LoadedMapping:
        loaded, problems = loads(text, file="shop.yaml", name="shop")
        assert loaded is not None, problems
        assert not problems
        return loaded

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make one REST call of somebody else's."""
        answer = requests.request(
            method,
            f"{self.org.url}/services/data/v62.0{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.org.token()}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def create(self, object_name: str, **values: Any) -> str:
        """Create a record; give its id."""
        required = {
            "Lead": {"LastName": "Nobody", "Company": "None"},
            "Account": {"Name": "None"},
            "Contact": {"LastName": "Nobody"},
        }[object_name]
        made = self.call("POST", f"/sobjects/{object_name}", {**required, **values})
        return str(made["id"])

    def change(self, object_name: str, record: str, **values: Any) -> None:
        """Change a record, as a person would."""
        self.call("PATCH", f"/sobjects/{object_name}/{record}", values)

    def look(self, soql: str) -> list[dict[str, Any]]:
        """Query the org; give the records without their attributes."""
        answer = self.call("GET", "/query?q=" + requests.utils.quote(soql))
        return [
            {name: value for name, value in record.items() if name != "attributes"}
            for record in answer["records"]
        ]

    def calls(self) -> dict[str, int]:
        """How often each endpoint was called since the last time this was asked."""
        counts: dict[str, int] = requests.get(f"{self.org.url}/__calls__", timeout=30).json()
        requests.post(f"{self.org.url}/__calls__", timeout=30)
        return counts

    def fail(self, *rules: dict[str, Any]) -> None:
        """Ask the org to fail by these rules."""
        requests.post(f"{self.org.url}/__faults__", json=list(rules), timeout=30).raise_for_status()

    def faults(self) -> list[dict[str, Any]]:
        """Tell the rules by which the org fails, and how often each has fired."""
        answer = requests.get(f"{self.org.url}/__faults__", timeout=30)
        return list(answer.json()["rules"])

    def mend(self) -> None:
        """Let the org fail no more."""
        requests.delete(f"{self.org.url}/__faults__", timeout=30).raise_for_status()

    def counts(self) -> dict[str, Any]:
        """Ask the org's write log how often leads were written."""
        answer = requests.get(f"{self.org.url}/__log__/counts?object=Lead", timeout=30)
        return {name: answer.json()[name] for name in ("records", "changes", "most")}

    def forget_writes(self) -> None:
        """Empty the write log."""
        requests.delete(f"{self.org.url}/__log__", timeout=30).raise_for_status()

    def writes(self) -> dict[str, int]:
        """As `calls`, but only those that write records or make ingest jobs."""
        return {
            call: count
            for call, count in self.calls().items()
            if not call.startswith("GET") and ("sobjects" in call or "ingest" in call)
        }


def frame(rows: str) -> Any:
    """Make an Arrow table from SQL."""
    return duckdb.sql(rows).to_arrow_table()


def shop_fields(org: Running) -> None:
    """Add the fields of a shop to an org."""
    for object_name, fields in FIELDS.items():
        made = tuple(
            custom_field(name, kind, external_id=name == "Ext__c") for name, kind in fields.items()
        )
        add_missing(org.org.store, object_name, made)


@pytest.fixture
def beginning() -> Callable[[Running], None]:
    return shop_fields


@pytest.fixture
def shop(org: Running, tmp_path: Path) -> Shop:
    return Shop(org, tmp_path / "home")
