"""A mapping and a few leads that most tests of the command line begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Desk

MAPPING = """\
object: Lead
source: {parquet: p.parquet}
match: {external_id: Ext__c, column: id}
fields:
  Score__c: round(100 * score)
  Band__c: case when score >= 0.8 then 'Hot' else 'Cold' end
"""


@pytest.fixture
def two(desk: Desk) -> Desk:
    """Put `lead.yaml`, predictions for leads a and b, and these leads on the desk."""
    desk.write("lead.yaml", MAPPING)
    desk.predict("from (values ('a', 0.9), ('b', 0.1)) t(id, score)")
    for key in "ab":
        desk.add_lead(key)
    return desk
