"""The run folder: where the rows of one run rest as Parquet, and the reject file a person opens.

Predictions are personal data: every folder is made for its owner alone. What the rows mean stands
in `tables`; the run's state and figures are in the ledger's database, not here.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crm_sink import tables
from crm_sink.engine import Relation, literal, name
from crm_sink.errors import LedgerError

if TYPE_CHECKING:
    from crm_sink.engine import Engine

PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The places of one run's files, below `<home>/runs/<run>/`."""

    home: Path
    run: str

    @property
    def root(self) -> Path:
        """The run's folder, absolute: DuckDB compares it with the folders it may touch."""
        return self.home.resolve() / "runs" / self.run

    @property
    def source(self) -> Path:
        """Folder of the predictions that had to be copied before they could be read."""
        return self.root / "source"

    @property
    def desired(self) -> Path:
        """Table `desired`."""
        return self.root / "desired.parquet"

    @property
    def present(self) -> Path:
        """Table `present`: this file, or a folder of that name without the ending."""
        return self.root / "present.parquet"

    @property
    def changes(self) -> Path:
        """Folder of table `changes`: one folder `chunk=N/` for each chunk."""
        return self.root / "changes"

    def chunk(self, number: int) -> Path:
        """Give the folder with the changes of one chunk."""
        return self.changes / f"chunk={number}"

    @property
    def outcomes(self) -> Path:
        """Folder of table `outcomes`: one file for each chunk."""
        return self.root / "outcomes"

    def outcome(self, number: int) -> Path:
        """Give the file with the outcomes of one chunk."""
        return self.outcomes / f"chunk-{number:05d}.parquet"

    @property
    def heard(self) -> Path:
        """Table `outcomes` of changes that were sent and never heard of, as a later run found out.

        Absent for a run that was not cut off. An outcome that the run stored itself counts more.
        """
        return self.root / "heard.parquet"

    @property
    def again(self) -> Path:
        """Folder of the changes that are sent again: waiting, or in chunks of their own.

        A change keeps the number of the chunk that it was planned in, and its outcome has that
        number too, so that each change of a plan has one outcome however often it is sent.
        """
        return self.root / "again"

    def waiting(self, number: int) -> Path:
        """Give the file with the changes of a chunk that wait to be sent again."""
        return self.again / f"waiting-{number:05d}.parquet"

    def resent(self, number: int) -> Path:
        """Give the folder with the changes of a chunk of changes that are sent again."""
        return self.again / f"number={number}"

    @property
    def rejects_parts(self) -> Path:
        """Folder of table `rejects`, one part for each stage: `transform.parquet` and so on."""
        return self.root / "rejects"

    @property
    def rejects_parquet(self) -> Path:
        """Table `rejects`, whole."""
        return self.root / "rejects.parquet"

    @property
    def rejects_csv(self) -> Path:
        """The same for people: UTF-8, one header row; absent when nothing was rejected."""
        return self.root / "rejects.csv"

    @property
    def conflicts(self) -> Path:
        """Table `conflicts`."""
        return self.root / "conflicts.parquet"

    @property
    def held(self) -> Path:
        """Table `changes` of the records with a conflict, as if nothing were held back."""
        return self.root / "held.parquet"

    @property
    def parts(self) -> Path:
        """Folder of the CSV parts for upload, each deleted once its outcomes are collected."""
        return self.root / "parts"

    @property
    def spill(self) -> Path:
        """Folder where DuckDB puts what does not fit in memory."""
        return self.root / "spill"

    def create(self) -> RunFolder:
        """Make the folders, readable by their owner alone; what exists stays as it is.

        Raises:
            LedgerError: The folder cannot be made.
        """
        make_home(self.home)
        inner = [self.changes, self.outcomes, self.rejects_parts, self.parts, self.spill]
        for folder in (self.root.parent, self.root, self.source, *inner):
            make_private(folder)
        return self

    def discard_working_files(self) -> None:
        """Delete what only a run in progress needs; changes, outcomes and rejects stay."""
        pages = self.present.with_suffix("")
        for folder in (self.source, self.parts, self.again, self.spill, pages):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.desired, self.present):
            file.unlink(missing_ok=True)


def make_home(home: Path) -> None:
    """Make the home of runs and ledger, closed to other users and to git.

    Raises:
        LedgerError: The folder cannot be made.
    """
    if home.is_dir():
        return
    make_private(home)
    (home / ".gitignore").write_text("*\n")  # predictions about people belong in no repository


def make_private(folder: Path) -> None:
    """Make one folder that only its owner can open, whatever the umask.

    Raises:
        LedgerError: The folder cannot be made.
    """
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"the folder cannot be made: {error.strerror}",
            where=str(folder),
            hint="set CRM_SINK_HOME to a folder that you may write to",
        ) from error


def write_rejects(folder: RunFolder, engine: Engine) -> int:
    """Unite the reject parts into one Parquet file and, when there are any, one CSV file.

    Both are ordered by row and field, and appear whole or not at all. Safe to call again when
    more parts have come.

    Returns:
        How many rows were rejected, each counted once. A reject without a row number (a leaver)
        counts by its record, or its key.
    """
    parts = Relation(folder.rejects_parts, 0)
    found = any(folder.rejects_parts.glob("**/*.parquet"))
    table = parts.scan() if found else f"({tables.empty(tables.REJECTS)})"
    columns = ", ".join(
        f"cast({name(column)} as {kind}) as {name(column)}"
        for column, kind in tables.REJECTS.items()
    )
    whole = _new(folder.rejects_parquet)
    order = "row nulls last, key, field nulls first"
    engine.save(f"select {columns} from (select * from {table}) as part order by {order}", whole)
    os.replace(whole, folder.rejects_parquet)
    rejects = f"read_parquet({literal(str(folder.rejects_parquet))}, file_row_number = true)"
    count = int(engine.value(f"select count(*) from ({_rejected_rows(rejects)})"))
    if count:
        _write_csv(rejects, folder.rejects_csv, engine)
    else:
        folder.rejects_csv.unlink(missing_ok=True)
    return count


def _rejected_rows(rejects: str) -> str:
    return f"select distinct row, case when row is null then coalesce(id, key) end from {rejects}"


def _write_csv(rejects: str, path: Path, engine: Engine) -> None:
    columns = ", ".join(f"cast({name(column)} as varchar)" for column in tables.REJECTS)
    titles = ", ".join(name(column) for column in tables.REJECTS)
    ordered = f"select {columns} from {rejects} order by file_row_number"
    whole = _new(path)
    engine.save_csv(f"select * from ({ordered}) as part({titles})", whole)
    os.replace(whole, path)


def _new(path: Path) -> Path:
    return path.with_name(f"new-{path.name}")
