"""What tests of the command line begin with: a mapping and a few leads, or no org at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crm_sink.cli import local_org
from tests.conftest import Desk, desk_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crm_sink.emulator.serve import Running

HEAD = """\
object: Lead
source: {parquet: p.parquet}
match: {external_id: Ext__c, column: id}
fields:
"""
MAPPING = (
    HEAD
    + """\
  Score__c: round(100 * score)
  Band__c: case when score >= 0.8 then 'Hot' else 'Cold' end
"""
)


def leads(org: Running) -> None:
    """Put leads a and b into an org."""
    desk_fields(org)
    for key in "ab":
        Desk(Path(), org).add_lead(key)


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> Callable[[Running], None]:
    return leads if "two" in request.fixturenames else desk_fields


@pytest.fixture
def two(desk: Desk) -> Desk:
    """Put `lead.yaml` and predictions for leads a and b on the desk; the org has these leads."""
    desk.write("lead.yaml", MAPPING)
    desk.predict("from (values ('a', 0.9), ('b', 0.1)) t(id, score)")
    return desk


@pytest.fixture
def home(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Give a desk without an org of the environment; a local org that is left over is stopped."""
    for name in ("INSTANCE_URL", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"CRM_SINK_{name}")
    yield desk
    local_org.stop(desk.folder / ".crm_sink" / "org")
