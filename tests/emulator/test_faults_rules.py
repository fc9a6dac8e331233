"""How often a rule fires, what may be asked for, and what the org tells of it."""

from __future__ import annotations

from typing import Any

import pytest


def statuses(api: Any, calls: int) -> str:
    """Say of each call to /limits whether it failed: `x` or `.`."""
    return "".join("x" if api.get("limits").status_code == 503 else "." for _ in range(calls))


@pytest.mark.parametrize(
    ("often", "seen"),
    [
        ({"count": 2}, "xx......"),
        ({"every": 3}, "..x..x.."),
        ({"after": 5}, ".....xxx"),
        ({"after": 1, "every": 2, "count": 2}, "..x.x..."),
    ],
)
def test_a_rule_fires_on_the_calls_that_it_names(api: Any, often: Any, seen: str) -> None:
    api.post("/__faults__", {"kind": "status", "status": 503, "path": "limits", **often})
    assert statuses(api, 8) == seen


def test_a_probability_strikes_the_same_calls_again_under_its_seed(api: Any) -> None:
    rule = {"kind": "status", "status": 503, "path": "limits", "probability": 0.3, "seed": 5}
    seen = []
    for _ in range(2):
        api.post("/__faults__", rule)
        seen.append(statuses(api, 30))
        api.call("DELETE", "/__faults__")
    assert seen[0] == seen[1]
    assert 3 <= seen[0].count("x") <= 16


def test_two_rules_of_one_seed_draw_apart(api: Any) -> None:
    """Else the second would only ever be drawn for calls that the first has struck."""
    for status in (500, 503):
        rule = {"kind": "status", "status": status, "path": "limits", "probability": 0.3}
        api.post("/__faults__", rule)
    seen = [api.get("limits").status_code for _ in range(40)]
    assert 3 <= seen.count(500) <= 20
    assert 3 <= seen.count(503) <= 20


def test_delays_add_up_and_the_first_other_rule_ends_the_matter(
    api_folder: Any, clock: Any, log_in: Any
) -> None:
    from crm_sink.emulator.serve import running

    rules = [
        {"kind": "slow", "seconds": 1},
        {"kind": "slow", "seconds": 2},
        {"kind": "quota", "name": "first"},
        {"kind": "expired", "name": "second"},
    ]
    with running(api_folder, clock=clock) as handle:
        api = log_in(handle)
        api.post("/__faults__", {"rules": rules})
        assert api.get("limits").status_code == 403
        assert clock.slept == [1, 2]
        told = {rule["name"]: rule["matched"] for rule in api.get("/__faults__").json()["rules"]}
        assert (told["first"], told["second"]) == (1, 0)


def test_what_fired_is_counted_and_listed_in_order(api: Any) -> None:
    rule = {"kind": "status", "status": 503, "method": "GET", "path": "limits", "every": 2}
    api.post("/__faults__", rule)
    statuses(api, 4)
    told = api.get("/__faults__").json()
    assert told["rules"] == [
        {
            "kind": "status", "name": "f1", "status": 503, "method": ["GET"], "path": "limits",
            "every": 2, "matched": 4, "fired": 2,
        }
    ]  # fmt: skip
    events = [{key: one[key] for key in ("number", "rule", "path")} for one in told["fired"]]
    path = "/services/data/v60.0/limits"
    assert events == [
        {"number": 1, "rule": "f1", "path": path},
        {"number": 2, "rule": "f1", "path": path},
    ]


def test_one_rule_or_all_are_taken_out_of_force(api: Any) -> None:
    both = [{"kind": "quota", "name": "a"}, {"kind": "expired", "name": "b"}]
    api.post("/__faults__", both)
    assert api.call("DELETE", "/__faults__/a").status_code == 204
    assert api.get("limits").status_code == 401
    assert api.call("DELETE", "/__faults__/a").status_code == 404
    assert api.call("DELETE", "/__faults__").status_code == 204
    assert api.get("limits").status_code == 200
    empty: dict[str, list[str]] = {"rules": [], "fired": [], "stuck": [], "vanished": []}
    assert api.get("/__faults__").json() == empty


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"kind": "meteor"}, "meteor"),
        ({"kind": "quota", "seconds": 3}, "quota takes no seconds"),
        ({"kind": "quota", "colour": 3}, "colour"),
        ({"kind": "slow"}, "slow needs seconds"),
        ({"kind": "status", "status": 200}, "status"),
        ({"kind": "row-error"}, "needs preset or code"),
        ({"kind": "row-error", "preset": "x"}, "lock, apex-limit"),
        ({"kind": "row-error", "code": "X", "every": 2}, "row-error takes no every"),
        ({"kind": "quota", "probability": 0}, "probability"),
        ([], "send a rule"),
        ("quota", "send a rule"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_words(api: Any, rule: Any, said: str) -> None:
    reply = api.post("/__faults__", rule)
    assert (reply.status_code, said in reply.json()["error"]) == (400, True), reply.text


def test_a_body_that_is_no_json_is_refused(api: Any) -> None:
    assert api.call("POST", "/__faults__", data=b"{").status_code == 400


def test_a_name_is_taken_once(api: Any) -> None:
    api.post("/__faults__", {"kind": "quota", "name": "a", "path": "x"})
    reply = api.post("/__faults__", {"kind": "quota", "name": "a"})
    assert (reply.status_code, "'a'" in reply.json()["error"]) == (400, True)
    assert len(api.get("/__faults__").json()["rules"]) == 1
