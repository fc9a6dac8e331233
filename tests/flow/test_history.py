"""What a sync leaves in the history of the fields it writes, which people see on the record."""

from __future__ import annotations

import pytest

from crm_sink.emulator.history.tracking import track
from crm_sink.tickets import Api
from tests.flow.conftest import MAPPING, Shop

FIRST = "from (values ('a', 0.9), ('b', 0.1)) t(id, score)"
LATER = "from (values ('a', 0.95), ('b', 0.1)) t(id, score)"
HISTORY = (
    "SELECT Lead.Ext__c, Field, OldValue, NewValue FROM LeadHistory WHERE Field != 'created' "
    "ORDER BY Lead.Ext__c, Field"
)


@pytest.mark.parametrize("api", [Api.COLLECTIONS, Api.BULK])
def test_only_what_changes_is_history_and_an_unchanged_sync_leaves_none(
    shop: Shop, api: Api
) -> None:
    track(shop.org.org.store, "Lead", ["Score__c", "Band__c"])
    shop.create("Lead", Ext__c="a", Score__c=50)
    shop.create("Lead", Ext__c="b", Band__c="Cold")
    shop.sync(MAPPING, FIRST, api=api)
    first = shop.look(HISTORY)
    assert [tuple(row.values())[1:] for row in first] == [
        ("Band__c", None, "Hot"),
        ("Score__c", 50.0, 90.0),
        ("Score__c", None, 10.0),
    ]
    shop.sync(MAPPING, FIRST, api=api)
    assert shop.look(HISTORY) == first
    shop.sync(MAPPING, LATER, api=api)
    later = [(row["Field"], row["OldValue"], row["NewValue"]) for row in shop.look(HISTORY)]
    assert len(later) == len(first) + 1
    assert ("Score__c", 90.0, 95.0) in later
