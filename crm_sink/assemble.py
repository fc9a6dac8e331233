"""The only wiring: settings in, a working product out. Nothing else knows which parts there are.

The order in which a call goes through the wrappers stands here, inside out:
`Session → Observed → Budgeted → Throttled → Retrying`, and the CRM on top of them.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crm_sink.crm.budgeted import Budgeted
from crm_sink.crm.gauge import Gauge
from crm_sink.crm.observed import Observed
from crm_sink.crm.policy import Policy
from crm_sink.crm.retrying import Retrying
from crm_sink.crm.throttled import Throttled
from crm_sink.events import LedgerMissed, nobody
from crm_sink.flow.context import Context
from crm_sink.salesforce.auth import describe_login, login_for
from crm_sink.salesforce.fate import BOOK
from crm_sink.salesforce.orphans import IngestJobs
from crm_sink.salesforce.salesforce import Salesforce
from crm_sink.salesforce.session import Session
from crm_sink.stopping import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crm_sink.clock import Clock
    from crm_sink.events import Listener
    from crm_sink.ledger.store import SqlLedger
    from crm_sink.settings import Settings

# Salesforce counts calls of 20 seconds and more, and lets 25 of them run at once (facts 9).
CALLS_AT_ONCE = 8


@contextmanager
def assemble(
    settings: Settings,
    *,
    target: str | None,
    listener: Listener,
    clock: Clock,
    environ: Mapping[str, str],
    stop: Stop | None = None,
    policy: Policy | None = None,
) -> Iterator[Context]:
    """Wire the product for one process.

    Args:
        settings: Which org, which ledger.
        target: `sf:ALIAS` borrows a session of the sf CLI.
        listener: Is told every event.
        clock: Time and sleep.
        environ: Where a mapping's database URL is named.
        stop: Is asked before each chunk.
        policy: How patient to be with a failing call.

    Raises:
        UsageError: No login is configured, or half of one; or the ledger's URL cannot be used.
        LedgerError: The ledger cannot be opened.
    """
    session = Session(login_for(settings, target))
    observed = Observed(session, clock, listener)
    share = settings.budget_share
    budgeted = Budgeted(observed, observed.usage, share) if share < 1 else observed
    gauge = Gauge("calls", CALLS_AT_ONCE, listener)
    throttled = Throttled(budgeted, gauge)
    send = Retrying(throttled, policy or Policy(), clock, random.random, listener)
    ledger = assemble_ledger(settings, clock, listener)
    try:
        yield Context(
            crm=Salesforce(send, clock, observed.usage, settings.api_version),
            ledger=ledger,
            lease=ledger.lease,
            home=settings.home.resolve(),
            org=_without_user(settings.instance_url or target or settings.login_url),
            clock=clock,
            listener=listener,
            judge=BOOK,
            environ=environ,
            parallel_jobs=settings.parallel_jobs,
            memory_limit=settings.memory_limit,
            calls_made=lambda: observed.usage().calls,
            calls_at_once=gauge,
            open_jobs=IngestJobs(send, settings.api_version),
            stop=stop or Stop(),
        )
    finally:
        ledger.close()
        session.close()


def _without_user(url: str) -> str:
    """Give a URL as it may be shown and stored: a user and password in it are nobody's business."""
    scheme, slashes, rest = url.partition("://")
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}" if slashes else url


def assemble_ledger(settings: Settings, clock: Clock, listener: Listener = nobody) -> SqlLedger:
    """Open the ledger alone, for verbs that ask no org.

    Raises:
        UsageError: `CRM_SINK_LEDGER_URL` cannot be used.
        LedgerError: The ledger cannot be opened.
    """
    from crm_sink.ledger.store import open_ledger

    url = settings.ledger_url.get_secret_value() if settings.ledger_url else None
    return open_ledger(
        url, settings.home, clock, lambda attempt, wait: listener(LedgerMissed(attempt, wait))
    )


def login_in_words(settings: Settings, target: str | None) -> str:
    """Say which credential is used, without its secret.

    Raises:
        UsageError: No login is configured, or half of one.
    """
    return describe_login(settings, target)
