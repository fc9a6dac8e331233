"""Which API a plan travels by, and why."""

from __future__ import annotations

from crm_sink.plan.route import write_route
from crm_sink.tickets import Api


def test_a_few_rows_travel_by_collections_of_200() -> None:
    route = write_route(450, 45_000, calls_left=14_000)
    assert (route.api, route.calls) == (Api.COLLECTIONS, 3)
    assert route.reason == (
        "450 rows fit in 3 calls that answer at once, 14,000 calls are left today"
    )


def test_more_than_2000_rows_travel_by_bulk() -> None:
    assert write_route(2_000, 200_000, calls_left=None).api is Api.COLLECTIONS
    assert write_route(2_001, 200_000, calls_left=None).api is Api.BULK


def test_the_calls_of_bulk_grow_with_the_size_of_the_file() -> None:
    assert write_route(100_000, 80_000_000, calls_left=None).calls == 11
    assert write_route(100_000, 80_000_001, calls_left=None).calls == 22


def test_bulk_saves_calls_when_the_quota_is_nearly_used() -> None:
    route = write_route(2_000, 200_000, calls_left=9)
    assert route.api is Api.COLLECTIONS, "one job costs more calls than ten collections"
    assert write_route(2_000, 200_000, calls_left=10_000).api is Api.COLLECTIONS


def test_the_user_may_choose() -> None:
    route = write_route(10, 1_000, calls_left=None, forced=Api.BULK)
    assert route.api is Api.BULK
    assert route.reason.startswith("asked for")


def test_nothing_to_write_costs_no_call() -> None:
    assert write_route(0, 0, calls_left=None).calls == 0
