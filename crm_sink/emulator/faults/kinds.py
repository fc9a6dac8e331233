"""The kinds of faults, which options each takes, and the texts that stand for real failures.

Texts and statuses: facts 1.6, 4.8, 7.1, 7.2. Decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

# Where a fault strikes: a call, a job of Bulk 2.0 ingest, or single rows of a write.
CALL_KINDS = (
    "drop-before",
    "drop-after",
    "slow",
    "truncated",
    "status",
    "html",
    "content-type",
    "expired",
    "quota",
    "concurrency",
    "vanished-job",
    "flaky-results",
    "altered",
)
JOB_KINDS = ("stuck-job", "failed-job")
ROW_KINDS = ("row-error",)
KINDS = (*CALL_KINDS, *JOB_KINDS, *ROW_KINDS)

_ALWAYS = {"kind", "name", "object", "count", "probability", "seed"}
_TURNS = {"every", "after"}
_CALL = {*_ALWAYS, *_TURNS, "method", "path"}
_OWN = {
    "slow": {"seconds"},
    "truncated": {"keep", "mend_length"},
    "status": {"status", "body", "code", "message", "retry_after", "processed"},
    "html": {"processed"},
    "content-type": {"content_type"},
    "expired": {"revoke"},
    "flaky-results": {"how", "rows"},
    "altered": {"add", "set", "remove"},
    "stuck-job": {"after_rows"},
    "failed-job": {"after_rows", "message"},
    "row-error": {
        "api", "attempts", "code", "collateral", "fields", "ids", "keys", "message", "preset",
    },
}  # fmt: skip
NEEDED = {"slow": "seconds", "status": "status", "flaky-results": "how"}


def options_of(kind: str) -> set[str]:
    """Give the names of all options that a kind takes."""
    own = _OWN.get(kind, set())
    if kind in CALL_KINDS:
        return _CALL | own
    if kind in JOB_KINDS:
        return {*_ALWAYS, *_TURNS, "operation"} | own
    return {*_ALWAYS, "operation"} | own


@dataclass(frozen=True, slots=True)
class Words:
    """An error code and its message."""

    code: str
    message: str


LOCKED = "unable to obtain exclusive access to this record or 1 records: 0015g00000000000AAA"
COLLATERAL = Words(
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "Too many retries of batch save in the presence of Apex triggers with failures: when triggers "
    "are present partial save requires that some subset of rows save without any errors in order "
    "to avoid inconsistent side effects from those triggers. Number of retries: 2",
)
PRESETS = {
    "lock": Words("UNABLE_TO_LOCK_ROW", LOCKED),
    "apex-limit": Words(
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "ScoreTrigger: System.LimitException: Too many SOQL queries: 101",
    ),
    "apex-lock": Words(
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "ScoreTrigger: execution of BeforeUpdate\n\ncaused by: System.DmlException: Update failed. "
        f"First exception on row 0; first error: UNABLE_TO_LOCK_ROW, {LOCKED}: []",
    ),
    "batch-retries": COLLATERAL,
    "validation": Words(
        "FIELD_CUSTOM_VALIDATION_EXCEPTION", "The score is locked by the sales ops"
    ),
}

TOTAL_CALLS = Words("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
CONCURRENT_CALLS = Words("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.")
EXPIRED = Words("INVALID_SESSION_ID", "Session expired or invalid")
# What a JSON body says for a status when the rule does not.
BY_STATUS = {
    429: CONCURRENT_CALLS,
    503: Words("SERVER_UNAVAILABLE", "server too busy"),
}
BROKEN = Words(
    "UNKNOWN_EXCEPTION",
    "An unexpected error occurred. Please include this ErrorId if you contact support: "
    "123456789-12345 (-123456789)",
)
BAD_HEADER = "InvalidBatch : Field name not found : Injected__c"
GIVEN_UP = "TooManyLockFailure : Too many lock failure 200 Trying again later."
