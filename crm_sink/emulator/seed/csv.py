"""Fills an object of the org with the rows of a CSV file; rows that do not fit are reported.

Set-based: rows are staged in temporary tables, judged, and inserted together.

Not imitated: triggers, validation rules, duplicate rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.emulator.seed.columns import Past
from crm_sink.emulator.seed.csv_staging import CsvOptions, Reject, Staging
from crm_sink.emulator.seed.csv_targets import Target, targets
from crm_sink.emulator.seed.demo import first_user

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crm_sink.emulator.clock import Clock
    from crm_sink.emulator.schema import ObjectType
    from crm_sink.emulator.store import Store

SHOWN = 1000


@dataclass(frozen=True, slots=True)
class CsvSeeded:
    """What became of a file's rows; `rejects` holds the first thousand of `rejected`."""

    rows: int
    inserted: int
    rejected: int
    rejects: tuple[Reject, ...]


def seed_csv(
    store: Store,
    path: Path,
    object_name: str,
    columns: Mapping[str, str],
    *,
    clock: Clock,
    options: CsvOptions | None = None,
) -> CsvSeeded:
    """Insert the rows of a CSV file as records of an object.

    Args:
        store: The org's records.
        path: A CSV file with a header row, in UTF-8.
        object_name: What the rows become.
        columns: Target → CSV header, as `csv_targets` describes:
            `{"Deal_Id__c:Text(40):external_id": "opportunity_id", "Account.Key__c": "account"}`.
        clock: Records are made at its now.
        options: How texts are read.

    Raises:
        ValueError: A target or a CSV column does not exist.
        OSError: The file cannot be read.
    """
    with path.open("rb"):
        pass
    given = options or CsvOptions()
    found = targets(store, object_name, columns)
    target = store.objects[object_name.lower()]
    _check_required(target, found)
    with store.writing() as cursor:
        past = Past(clock.now(), first_user(cursor))
        work = Staging(store, cursor, target, found, given)
        rows = work.read(path)
        work.judge()
        work.link(past)
        work.find_twins()
        inserted = work.insert(past)
        return CsvSeeded(rows, inserted, rows - inserted, work.rejects(SHOWN))


def _check_required(target: ObjectType, found: list[Target]) -> None:
    given = {one.field.name for one in found}
    missing = [
        field.name
        for field in target.fields.values()
        if not field.nillable and field.createable and not field.auto
        if field.type != "boolean" and field.default is None and field.name not in given
    ]
    if missing:
        raise ValueError(f"{target.name} needs columns for {', '.join(missing)}")
