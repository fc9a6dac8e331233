"""Results of queries over more than one page, kept as files until they are stale.

A cursor is two files in `cursors/`: the records' JSON texts in Parquet, in order, and a few facts
about them. What it shows is what the query saw when it ran.

Not imitated: fresh values on later pages.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import duckdb

from crm_sink.emulator import ids
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.sql import literal

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.soql.translate import Translation

PREFIX = "0r8"
LOCATOR = re.compile(r"(0r8\w{15})-(\d+)", re.ASCII)
# "Query cursors expire after two days"; "a user can have up to 10 query cursors open" (SOAP API
# guide, queryMore): the oldest is let go.
LIFETIME = timedelta(days=2)
MOST_OPEN = 10
ROW_GROUP = 20_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """One kept result."""

    id: str
    total: int
    page_rows: int
    created: str


def keep(org: Org, found: Translation, page_rows: int) -> tuple[Cursor, list[str]]:
    """Run a query to its end and keep the result; give its first page, too."""
    folder = org.store.folder / "cursors"
    folder.mkdir(exist_ok=True)
    _let_go(folder, org.now())
    cursor_id = _claim(folder)
    target = literal(str(folder / f"{cursor_id}.parquet"))
    options = f"format parquet, row_group_size {ROW_GROUP}"
    with org.store.cursor() as cursor:
        text = (
            f"copy ({found.select(f'{found.record}::varchar as record')}) to {target} ({options})"
        )
        row = cursor.execute(text, found.parameters).fetchone()
    kept = Cursor(cursor_id, row[0] if row else 0, page_rows, org.now().isoformat())
    first = page(org, kept, 0)  # before others can let it go
    (folder / f"{cursor_id}.json").write_text(json.dumps(asdict(kept)))
    return kept, first


def find(org: Org, locator: str) -> tuple[Cursor, int]:
    """Give the cursor and the position that a locator such as `0r8…-2000` names.

    Raises:
        ApiError: 400 INVALID_QUERY_LOCATOR when it is none, unknown or stale.
    """
    named = LOCATOR.fullmatch(locator)
    found = _read(org.store.folder / "cursors" / f"{named[1]}.json") if named else None
    if named is None or found is None or _is_stale(found, org.now()):
        raise _invalid()
    start = count_in(named[2])
    if start is None or start >= found.total:
        raise _invalid()
    return found, start


def page(org: Org, kept: Cursor, start: int) -> list[str]:
    """Give the JSON texts of one page's records."""
    source = literal(str(org.store.folder / "cursors" / f"{kept.id}.parquet"))
    text = (
        f"select record from read_parquet({source}) where file_row_number >= {start} "
        f"and file_row_number < {start + kept.page_rows} order by file_row_number"
    )
    with org.store.cursor() as cursor:
        try:
            return [record for (record,) in cursor.execute(text).fetchall()]
        except duckdb.IOException:  # it was let go meanwhile
            raise _invalid() from None


def _read(path: Path) -> Cursor | None:
    """Give the facts of a cursor; None when it is being made, or another thread has let it go."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    return Cursor(**json.loads(text)) if text else None


def _claim(folder: Path) -> str:
    """Make the file of a new cursor; another thread may claim the same number first."""
    number = len(list(folder.glob("*.json"))) + 1
    while True:
        cursor_id = ids.record_id(PREFIX, number)
        try:
            (folder / f"{cursor_id}.json").touch(exist_ok=False)
        except FileExistsError:
            number += 1
        else:
            return cursor_id


def _let_go(folder: Path, now: datetime) -> None:
    """Take away stale cursors, and the oldest ones when too many are open."""
    read = [(path, _read(path)) for path in folder.glob("*.json")]
    found = [(path, kept) for path, kept in read if kept is not None]
    found.sort(key=lambda one: (one[1].created, one[1].id))
    for place, (path, kept) in enumerate(found):
        if _is_stale(kept, now) or place <= len(found) - MOST_OPEN:
            path.with_suffix(".parquet").unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def _is_stale(kept: Cursor, now: datetime) -> bool:
    return now.astimezone(UTC) - datetime.fromisoformat(kept.created) > LIFETIME


def _invalid() -> ApiError:
    return ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
