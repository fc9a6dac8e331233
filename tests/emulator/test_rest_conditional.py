"""Requests that hang on the version of a record or of a describe (facts 2.2, 2.7, 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.emulator.conftest import Api

LONG_AGO = "Wed, 01 Jan 2020 00:00:00 GMT"
IN_FUTURE = "Fri, 01 Jan 2100 00:00:00 GMT"
BEYOND = "Mon, 01 Jan 0001 00:00:00 +1400"  # of the calendar, in UTC


def test_a_record_that_the_client_has_is_not_sent_again(api: Api) -> None:
    path = f"sobjects/Lead/{api.lead()}"
    first = api.get(path)
    again = api.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("since", "status"), [(LONG_AGO, 200), (IN_FUTURE, 304), (BEYOND, 200)])
def test_a_record_is_sent_when_it_was_changed_since(api: Api, since: str, status: int) -> None:
    reply = api.get(f"sobjects/Lead/{api.lead()}", headers={"If-Modified-Since": since})
    assert reply.status_code == status


def test_last_modified_tells_when_a_record_was_changed(api: Api) -> None:
    reply = api.get(f"sobjects/Lead/{api.lead()}")
    assert reply.headers["Last-Modified"].endswith(" GMT")


def test_a_write_over_another_version_is_refused(api: Api) -> None:
    path = f"sobjects/Lead/{api.lead(Company='Before')}"
    tag = api.get(path).headers["ETag"]
    assert api.patch(path, {"Company": "B"}, headers={"If-Match": tag}).status_code == 204
    refused = api.patch(path, {"Company": "C"}, headers={"If-Match": tag})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (412, "PRECONDITION_FAILED")
    assert api.get(path).json()["Company"] == "B"


def test_a_delete_waits_for_no_later_change(api: Api) -> None:
    path = f"sobjects/Lead/{api.lead()}"
    refused = api.call("DELETE", path, headers={"If-Unmodified-Since": LONG_AGO})
    assert refused.status_code == 412
    assert api.call("DELETE", path, headers={"If-Unmodified-Since": IN_FUTURE}).status_code == 204


def test_a_describe_that_the_client_has_is_not_sent_again(api: Api) -> None:
    first = api.get("sobjects/Lead/describe")
    again = api.get("sobjects/Lead/describe", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("condition", [{"If-Match": '"other"'}, {"If-Unmodified-Since": LONG_AGO}])
def test_another_version_than_the_reader_asks_for_is_not_sent(
    api: Api, condition: dict[str, str]
) -> None:
    reply = api.get(f"sobjects/Lead/{api.lead()}", headers=condition)
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (412, "PRECONDITION_FAILED")
