"""Refusals of a whole request, and their JSON: always an array of one object (facts 2.3).

Row failures inside a collection or a job are never raised: they are rows of an outcome.

Not imitated: XML bodies for `Accept: application/xml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ApiError(Exception):
    """A request that is answered with an HTTP error.

    Args:
        status: The HTTP status.
        code: Salesforce's error code, such as `INVALID_FIELD`.
        message: Salesforce's own words.
        fields: API names of the culprits; present (maybe empty) on DML errors, absent on others.
        more: Keys that come before all others: a duplicate rule's result.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        fields: Sequence[str] | None = None,
        *,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = None if fields is None else list(fields)
        self.more = more

    def body(self) -> list[dict[str, object]]:
        """Give the reply's JSON: `message` first, but `errorCode` first for a plain NOT_FOUND."""
        if self.more is not None:
            return [{**self.more, "errorCode": self.code, "message": self.message}]
        if self.code in ERROR_CODE_FIRST and self.fields is None:
            return [{"errorCode": self.code, "message": self.message}]
        entry: dict[str, object] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            entry["fields"] = self.fields
        return [entry]


# Recorded key order: NOT_FOUND and the Bulk 2.0 request errors begin with the code.
ERROR_CODE_FIRST = frozenset(
    {"NOT_FOUND", "INVALIDJOB", "INVALIDJOBSTATE", "BULK_API_ERROR", "API_ERROR", "EXCEEDEDQUOTA"}
)


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    """Make the 404 of an unknown object, record or path."""
    return ApiError(404, "NOT_FOUND", message)


def json_parser_error(message: str) -> ApiError:
    """Make the 400 of a body that cannot be read."""
    return ApiError(400, "JSON_PARSER_ERROR", message)
