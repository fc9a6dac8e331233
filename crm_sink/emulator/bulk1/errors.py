"""Refusals of a whole request of Bulk 1.0: an exception code and a message (facts 5).

Row failures are never raised: they are rows of a batch's result.

Not imitated: the several codes of the transaction security of an org.
"""

from __future__ import annotations

# The exception codes that are raised here (wsc, AsyncExceptionCode).
INVALID_SESSION = "InvalidSessionId"
INVALID_VERSION = "InvalidVersion"
INVALID_URL = "InvalidUrl"
INVALID_XML = "InvalidXml"
INVALID_JOB = "InvalidJob"
INVALID_STATE = "InvalidJobState"
INVALID_BATCH = "InvalidBatch"
BAD_INPUT = "ClientInputError"
EXCEEDED = "ExceededQuota"
UNSUPPORTED = "UnsupportedContentType"
INTERNAL = "InternalServerError"


class AsyncError(Exception):
    """A request that is answered with HTTP 400 and `<error><exceptionCode>…`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} : {message}")
        self.code = code
        self.message = message
