"""Answers that come instead of the org's own: error statuses, pages, lost sessions, spent quotas.

Nothing of the request is done, unless the caller lets the org work it first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from crm_sink.emulator.errors import ApiError, not_found
from crm_sink.emulator.faults.kinds import (
    BROKEN,
    BY_STATUS,
    CONCURRENT_CALLS,
    EXPIRED,
    TOTAL_CALLS,
    Words,
)
from crm_sink.emulator.faults.tongues import refused
from crm_sink.emulator.wire import refusal

if TYPE_CHECKING:
    from starlette.types import Scope

    from crm_sink.emulator.faults.rule import Rule

HTML = "text/html;charset=UTF-8"
PAGE = (
    "<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
    "<p>We are down for maintenance. Sorry for the inconvenience. We'll be back shortly.</p>\n"
    "</body>\n</html>\n"
)


def answer_of(rule: Rule, scope: Scope) -> Response | None:
    """Give what a rule answers by itself; None for one that spoils or drops the org's answer."""
    if rule.kind == "status":
        return _status(rule)
    if rule.kind == "html":
        return Response(PAGE.format(title="Salesforce"), 200, media_type=HTML)
    told = {
        "expired": (401, EXPIRED),
        "quota": (403, TOTAL_CALLS),
        "concurrency": (403, CONCURRENT_CALLS),
    }
    if rule.kind in told:
        status, words = told[rule.kind]
        return refused(scope, ApiError(status, words.code, words.message))
    return vanished() if rule.kind == "vanished-job" else None


def vanished() -> Response:
    """Answer about a job that is not to be found any more."""
    return refusal(not_found())


def _status(rule: Rule) -> Response:
    status = rule.status or 500
    if rule.body == "html":
        response = Response(PAGE.format(title=f"Error {status}"), status, media_type=HTML)
    elif rule.body == "empty":
        response = Response(b"", status)
    else:
        usual = BY_STATUS.get(status, BROKEN)
        words = Words(rule.code or usual.code, rule.message or usual.message)
        response = refusal(ApiError(status, words.code, words.message))
    # Salesforce sends none of its own accord (facts 2.1); a proxy before it may.
    if rule.retry_after is not None:
        response.headers["Retry-After"] = str(rule.retry_after)
    return response
