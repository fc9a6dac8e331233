"""What a run wrote is read back and compared."""

from __future__ import annotations

from typing import Any

import pytest

from crm_sink.api import Result
from crm_sink.errors import UsageError
from crm_sink.flow.undo import UndoRequest, undo
from crm_sink.flow.verify import Verified, verify
from tests.flow.conftest import MAPPING, Shop

TWO = "from (values ('a', 0.9), ('b', 0.1)) t(id, score)"


def verified(shop: Shop, done: Result, **more: Any) -> Verified:
    found: list[Verified] = []

    def work(context: Any) -> Any:
        found.append(verify(done.run, context, **more))
        return done.run

    shop._with(work)
    return found[0]


@pytest.fixture
def leads(shop: Shop) -> list[str]:
    return [shop.create("Lead", Ext__c=key) for key in "ab"]


@pytest.mark.usefixtures("leads")
def test_a_run_whose_records_are_as_written_is_equal(shop: Shop) -> None:
    result = verified(shop, shop.sync(MAPPING, TWO))
    assert (result.checked, result.equal, result.is_equal) == (2, 2, True)


def test_a_changed_field_and_a_missing_record_are_told(shop: Shop, leads: list[str]) -> None:
    done = shop.sync(MAPPING, TWO)
    shop.change("Lead", leads[0], Band__c="Warm")
    shop.call("DELETE", f"/sobjects/Lead/{leads[1]}")
    result = verified(shop, done)
    assert (result.equal, result.different, result.missing) == (0, 1, 1)
    told = [(each.id, each.field, each.written, each.present) for each in result.differences]
    assert told == [
        (leads[0], "Band__c", "Hot", "Warm"),
        (leads[1], None, "record", "no record"),
    ]


@pytest.mark.usefixtures("leads")
def test_a_sample_checks_that_many(shop: Shop) -> None:
    result = verified(shop, shop.sync(MAPPING, TWO), sample=1)
    assert (result.written, result.checked) == (2, 1)


@pytest.mark.usefixtures("leads")
def test_only_what_was_written_is_compared(shop: Shop) -> None:
    """The second run writes b alone; what a person does to a is not its business."""
    shop.sync(MAPPING, TWO)
    done = shop.sync(MAPPING, TWO.replace("0.1", "0.2"))
    [lead] = shop.look("SELECT Id FROM Lead WHERE Ext__c = 'a'")
    shop.change("Lead", lead["Id"], Score__c=3)
    assert verified(shop, done, sample=None).is_equal


def test_a_deletion_is_equal_when_the_record_is_gone(shop: Shop) -> None:
    mapping = """
object: Lead
match: {external_id: Ext__c, column: id, missing: create}
fields: {LastName: "'X'", Company: "'Y'"}
"""
    done = shop.sync(mapping, "select 'new' as id")
    request = UndoRequest(done.run, delete_created=True)
    gone = shop.apply(shop._with(lambda context: undo(request, context)))
    assert verified(shop, gone).is_equal


@pytest.mark.usefixtures("leads")
def test_a_plan_has_nothing_to_read_back(shop: Shop) -> None:
    with pytest.raises(UsageError, match="wrote nothing"):
        verified(shop, shop.plan(MAPPING, TWO))
