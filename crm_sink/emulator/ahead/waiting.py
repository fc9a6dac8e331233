"""Takes small writes, answers for them, and lets the database follow.

A DuckDB statement costs milliseconds to plan and a commit some more, however few the rows are. A
write whose rows are beyond doubt is appended to a file that is on the disk before its caller is
answered, and a moment later is put into the database together with those that came meanwhile. Who
reads, or writes in the long way, waits until all of it is there (`settle`): nobody sees less than
was answered. After a kill the file is read again; the number of the last write in the log tells
which of its lines are in the database.

Not imitated: the time that a real org's search index takes to follow a write.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, cast

from crm_sink.emulator.ahead.entry import Entry, from_json
from crm_sink.emulator.ahead.folding import Moved, fold
from crm_sink.emulator.ahead.journal import Journal
from crm_sink.emulator.dml import few, fresh
from crm_sink.emulator.log import keeping
from crm_sink.emulator.planned import Planned

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from crm_sink.emulator.dml.few import Cells
    from crm_sink.emulator.dml.staging import Write
    from crm_sink.emulator.log.source import Source
    from crm_sink.emulator.org import Org

logger = logging.getLogger("crm_sink.emulator")

FILE = "ahead.jsonl"
# For so long writes are gathered, which are cheaper to put into the database together.
LINGER = 0.05  # seconds
# With more than this waiting, the next write waits for all of it.
MOST_ROWS = 4000


class Waiting:
    """The writes of an org that are not in its database yet."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._journal = Journal(org.store.folder / FILE)
        self._entries: list[Entry] = []
        self._rows = 0
        self._changed = threading.Condition()
        self._folding = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._planned: Planned | None = None
        # Never closed: what it reads it must fetch to the end, or its transaction stays open, and
        # DuckDB keeps for it, in memory and in a growing log, all that is changed from then on.
        self._reader = org.store.reader()
        self._recover()

    def write(self, write: Write, cells: Cells, source: Source) -> dict[int, str] | None:
        """Write rows, if all of them are plain.

        Args:
            write: What the rows mean.
            cells: The staged texts of JSON by row and column.
            source: Who writes, for the log.

        Returns:
            The id of each row's record; None when nothing was written.
        """
        org = self._org
        if org.store.is_joined:  # by another thread, which holds the write lock
            return None
        with org.store.held():
            if not cells or not few.is_usual(org, write):
                return None
            if self._rows > MOST_ROWS:
                self.settle()
            plan = fresh.plan if write.operation == "insert" else few.plan
            found = plan(self._reader, org, write, cells)
            if found is None:
                return None
            rows, places = found
            number = keeping.next_number(self._reader, org)
            self._take(Entry(number, org.stamp(), write, source, rows, places))
        return dict(zip(rows.numbers, rows.ids, strict=True))

    def settle(self) -> None:
        """Wait until all that was answered is in the database."""
        if not self._entries:
            return
        with self._folding:
            entries = list(self._entries)
            if not entries:
                return
            self._fold(entries)
            with self._changed:
                del self._entries[: len(entries)]
                self._rows = sum(len(entry.rows.ids) for entry in self._entries)
                if not self._entries:
                    self._journal.clear()
                self._changed.notify_all()

    @property
    def is_empty(self) -> bool:
        """Whether all is in the database."""
        return not self._entries

    def has_followed(self, within: float) -> bool:
        """Say whether all is in the database within some seconds, nobody having waited for it."""
        with self._changed:
            return self._changed.wait_for(lambda: self.is_empty, within)

    def touches(self, object_name: str, places: Sequence[int]) -> bool:
        """Say whether one of these records is about to change."""
        wanted = set(places)
        return any(
            entry.write.target.name == object_name and not wanted.isdisjoint(entry.places)
            for entry in list(self._entries)
        )

    def close(self) -> None:
        """Put all into the database, and stop."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self.settle()
        if self._planned is not None:
            self._planned.close()
        self._reader.close()
        self._journal.close()

    def _recover(self) -> None:
        """Put into the database what a kill has left in the file."""
        last = keeping.last_number(self._reader)
        objects = self._org.store.objects
        left = [told for told in self._journal.read() if told["number"] > last]
        # One by one: what stood in a file may have changed the same record twice.
        for told in left:
            with self._org.store.writing() as cursor:
                fold(cursor, self._org, [from_json(told, objects)], by_id=True)
        self._journal.clear()

    def _take(self, entry: Entry) -> None:
        with self._changed:
            self._journal.append(entry.to_json())
            self._entries.append(entry)
            self._rows += len(entry.rows.ids)
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="ahead", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _follow(self) -> None:
        """Let the database follow, until the org stops."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._entries or self._closing)
                if self._closing:
                    return
                self._changed.wait_for(lambda: self._closing, LINGER)
            try:
                self.settle()
            except Exception:
                # Readers meet the same error; what was answered stays in the file.
                logger.exception("fold_failed", extra={"file": str(self._journal.path)})
                with self._changed:
                    self._thread = None
                return

    def _fold(self, entries: Sequence[Entry]) -> None:
        try:
            self._transact(entries, by_id=False)
        except Moved:
            self._transact(entries, by_id=True)

    def _transact(self, entries: Sequence[Entry], *, by_id: bool) -> None:
        planned, self._planned = self._planned or Planned(self._org.store.reader()), None
        # It does what a connection does, as far as a write asks.
        cursor = cast("duckdb.DuckDBPyConnection", planned)
        cursor.execute("begin transaction")
        try:
            fold(cursor, self._org, entries, by_id=by_id)
        except BaseException:
            cursor.execute("rollback")
            self._org.store.forget_kept()
            cursor.close()
            raise
        cursor.execute("commit")
        if planned.is_old:
            planned.close()
        else:
            self._planned = planned
