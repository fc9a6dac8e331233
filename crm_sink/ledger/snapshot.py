"""What pruned runs wrote, folded into one Parquet file for each mapping.

One row for each record: its key, the last action and the last value of each field. The file also
tells which runs are in it, so that a prune that died before it deleted them counts none twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from datetime import datetime
from typing import TYPE_CHECKING

from crm_sink.engine import literal
from crm_sink.ledger.folder import make_private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from crm_sink.engine import Engine

FOLDED = b"crm_sink_runs"
PRUNED = "pruned-until.txt"


def snapshot_file(home: Path, mapping: str) -> Path:
    """Give the place of a mapping's snapshot, which need not exist."""
    return snapshot_folder(home) / f"{_file_name(mapping)}.parquet"


def snapshot_folder(home: Path) -> Path:
    """Give the folder of all snapshots."""
    return home.resolve() / "written"


def folded_runs(snapshot: Path) -> frozenset[str]:
    """Give the ids of the runs that were last folded into a snapshot."""
    if not snapshot.is_file():
        return frozenset()
    import pyarrow.parquet as pq

    noted = pq.read_metadata(snapshot).metadata or {}
    return frozenset(json.loads(noted.get(FOLDED, b"[]")))


def save_snapshot(query: str, runs: Iterable[str], engine: Engine, into: Path) -> None:
    """Write a snapshot whole or not at all, with the ids of the runs folded into it."""
    make_private(into.parent)
    new = into.with_name(f"new-{into.name}")
    noted = literal(json.dumps(sorted(runs)))
    engine.run(
        f"copy ({query}) to {literal(str(new))} "
        f"(format parquet, kv_metadata {{{FOLDED.decode()}: {noted}}})"
    )
    os.replace(new, into)


def note_pruned(home: Path, until: datetime) -> None:
    """Remember that runs that ended before a time were pruned; a later time stays."""
    known = pruned_until(home)
    if known is not None and known >= until:
        return
    make_private(snapshot_folder(home))
    new = snapshot_folder(home) / f"new-{PRUNED}"
    new.write_text(until.isoformat(), encoding="utf-8")
    os.replace(new, snapshot_folder(home) / PRUNED)


def pruned_until(home: Path) -> datetime | None:
    """Tell before which time runs were pruned; None when none ever was."""
    try:
        text = (snapshot_folder(home) / PRUNED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return datetime.fromisoformat(text)


def _file_name(mapping: str) -> str:
    """A mapping's name comes from a file's name, and may hold what another system cannot store."""
    if re.fullmatch(r"[A-Za-z0-9_-]{1,100}", mapping):
        return mapping
    return hashlib.sha256(mapping.encode()).hexdigest()[:32]
