"""What the page of limits shows: what is used of the day, and what the calls of it did.

Only the allowances that really fall are shown; `GET /limits` has all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.limits import moving
from crm_sink.emulator.log.totals import totals
from crm_sink.emulator.pages.showing import number

if TYPE_CHECKING:
    from crm_sink.emulator.log.totals import Total
    from crm_sink.emulator.org import Org

LABELS = {
    "DailyApiRequests": "API calls",
    "DailyBulkApiBatches": "Bulk batches",
    "DailyBulkV2QueryJobs": "Bulk query jobs",
}
NEARLY, SPENT = 0.8, 1.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """One allowance of a day; `share` is the used part in percent, 0 to 100."""

    label: str
    name: str
    used: str
    left: str
    top: str
    share: float
    tone: str


@dataclass(frozen=True, slots=True)
class LimitsPage:
    """The page: allowances, how the org behaves, and the totals by endpoint."""

    allowances: tuple[Allowance, ...]
    is_spent: bool
    behaviour: tuple[tuple[str, str], ...]
    totals: tuple[Total, ...]


def limits_page(org: Org) -> LimitsPage:
    """Give the allowances as they stand, and the totals since the org was started."""
    found = tuple(_allowance(name, top, used) for name, (top, used) in moving(org).items())
    settings = org.settings
    behaviour = (
        ("Each call is on its way for", _seconds(settings.latency_seconds)),
        ("A bulk job takes at least", _seconds(settings.job_seconds)),
        ("A write holds its row locks for", _seconds(settings.batch_seconds)),
        ("It waits for locks of others for", _seconds(settings.lock_wait_seconds)),
        ("Jobs in progress at once", str(settings.parallel_jobs)),
        ("Fault rules in force", number(len(org.faults.told()["rules"]))),
    )
    return LimitsPage(found, org.limits.used >= org.limits.daily, behaviour, tuple(totals(org)))


def _allowance(name: str, top: int, used: int) -> Allowance:
    share = min(1.0, used / top) if top else 1.0
    tone = "hot" if share >= SPENT else "warm" if share >= NEARLY else "good"
    left = max(0, top - used)
    return Allowance(LABELS[name], name, f"{used:,}", f"{left:,}", f"{top:,}", 100 * share, tone)


def _seconds(seconds: float) -> str:
    if not seconds:
        return "no time"
    return f"{number(seconds * 1000)} ms" if seconds < 1 else f"{number(seconds)} s"
