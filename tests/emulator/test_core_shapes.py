"""Bodies whose parts are of another kind than they should be are refused, and nothing breaks."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from crm_sink.emulator.serve import running
from tests.emulator.conftest import logged_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMITS = {"method": "GET", "url": "/services/data/v60.0/limits", "referenceId": "a"}
JUNK = [1, "x", None, [1], {"a": 1}, [[]], True]


@pytest.fixture(scope="module")
def shared(api_template: Path, tmp_path_factory: Any) -> Iterator[Any]:
    folder = shutil.copytree(api_template, tmp_path_factory.mktemp("shapes") / "org")
    with running(folder) as org:
        yield logged_in(org)


@pytest.mark.parametrize("junk", JUNK, ids=str)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("composite", {"compositeRequest": ["JUNK"]}),
        ("composite", {"compositeRequest": "JUNK"}),
        ("composite", {"compositeRequest": [{**LIMITS, "httpHeaders": "JUNK"}]}),
        ("composite/graph", {"graphs": ["JUNK"]}),
        ("composite/graph", {"graphs": [{"graphId": "g", "compositeRequest": ["JUNK"]}]}),
        ("composite/batch", {"batchRequests": ["JUNK"]}),
        ("composite/sobjects", {"records": ["JUNK"]}),
        ("composite/sobjects/Lead", {"ids": "JUNK", "fields": ["Id"]}),
        ("composite/sobjects/Lead", {"ids": [], "fields": "JUNK"}),
        ("composite/tree/Lead", {"records": ["JUNK"]}),
        ("jobs/ingest", {"object": "JUNK", "operation": "insert"}),
        ("jobs/ingest", {"object": "Lead", "operation": "upsert", "externalIdFieldName": "JUNK"}),
        ("jobs/ingest", {"object": "Lead", "operation": "insert", "assignmentRuleId": "JUNK"}),
        ("jobs/query", {"query": "JUNK", "operation": "query"}),
        ("/__seed__", {"fields": "JUNK"}),
        ("/__seed__", {"records": "JUNK"}),
    ],
    ids=str,
)
def test_no_shape_of_a_body_breaks_the_org(
    shared: Any, path: str, body: dict[str, Any], junk: Any
) -> None:
    reply = shared.post(path, put(body, junk))
    assert reply.status_code < 500, reply.text


def put(body: Any, junk: Any) -> Any:
    """Give a body with junk where `JUNK` stands."""
    if isinstance(body, dict):
        return {key: put(value, junk) for key, value in body.items()}
    if isinstance(body, list):
        return [put(one, junk) for one in body]
    return junk if body == "JUNK" else body
