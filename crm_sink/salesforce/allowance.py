"""The org's allowance of calls, as the header of every answer tells it."""

from __future__ import annotations

import re

from crm_sink.crm.call import Allowance

# `api-usage=17/15000; per-app-api-usage=17/250(appName=x)`: the first is the org's.
_USAGE = re.compile(r"(?:^|[;\s])api-usage=(\d+)/(\d+)")


def allowance_of(header: str) -> Allowance | None:
    """Read `Sforce-Limit-Info`."""
    found = _USAGE.search(header)
    return Allowance(int(found[1]), int(found[2])) if found else None
