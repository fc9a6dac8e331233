"""What a refusal by a duplicate rule says: the recorded body of facts 7.3.

The key is spelt `duplicateResut` on the wire. Recorded of a single record; that the rows of a
collection carry it too is the lenient reading.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.emulator.duplicates.rule import DuplicateRule


def result_of(rule: DuplicateRule, ids: Sequence[str], version: str) -> dict[str, Any]:
    """Give the value of `duplicateResut`."""
    root = f"/services/data/v{version}/sobjects/{rule.object}"
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {
                "attributes": {"type": rule.object, "url": f"{root}/{one}"},
                "Id": one,
            },
        }
        for one in ids
    ]
    match = {
        "entityType": rule.object,
        "errors": [],
        "matchEngine": "ExactMatchEngine",
        "matchRecords": records,
        "rule": rule.matching,
        "size": len(records),
        "success": True,
    }
    return {
        "allowSave": rule.allow_save,
        "duplicateRule": rule.name,
        "duplicateRuleEntityType": rule.object,
        "errorMessage": rule.message,
        "matchResults": [match],
    }
