"""What tests of the command line begin with: a mapping and a few leads, or no org at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crm_sink.cli import local_org

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Desk

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


@pytest.fixture
def two(desk: Desk) -> Desk:
    """Put `lead.yaml`, predictions for leads a and b, and these leads on the desk."""
    desk.write("lead.yaml", MAPPING)
    desk.predict("from (values ('a', 0.9), ('b', 0.1)) t(id, score)")
    for key in "ab":
        desk.add_lead(key)
    return desk


@pytest.fixture
def home(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Give a desk without an org of the environment; a local org that is left over is stopped."""
    for name in ("INSTANCE_URL", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"CRM_SINK_{name}")
    yield desk
    local_org.stop(desk.folder / ".crm_sink" / "org")
