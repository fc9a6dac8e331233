"""Cuts of a plan as the ledger's chunks: what each is to do, and by which API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.ledger.contract import ChunkRecord, ChunkState
from crm_sink.tickets import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.plan.chunks import Cut
    from crm_sink.schema import FieldSchema
    from crm_sink.tickets import Api


def planned_chunks(
    cuts: Sequence[Cut],
    object_name: str,
    api: Api,
    key: FieldSchema | None = None,
    *,
    deletes: Sequence[Cut] = (),
) -> list[ChunkRecord]:
    """Give the chunks of a plan.

    Args:
        cuts: Those that write.
        object_name: API name.
        api: The API they travel by.
        key: The field that is matched on; needed when there are some that create.
        deletes: Those that delete.
    """
    is_external = key is not None and key.external_id
    creating = Action.UPSERT if is_external else Action.CREATE
    actions = [creating if one.creates else Action.UPDATE for one in cuts]
    return [
        ChunkRecord(
            number=one.number,
            object=object_name,
            action=action,
            api=api,
            rows=one.rows,
            state=ChunkState.PLANNED,
            fields=one.fields,
        )
        for one, action in [
            *zip(cuts, actions, strict=True),
            *((one, Action.DELETE) for one in deletes),
        ]
    ]
