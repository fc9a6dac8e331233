"""The Python API: a mapping and a table in, a result with its rejects out.

    from crm_sink import load_mapping, sync
    result = sync(load_mapping("mappings/lead_score.yaml"), frame)
    if not result.ok:
        print(result.rejects)

`retry` and `undo` make plans as `plan` does: `apply` writes them. `verify` reads back.

Settings come from the environment as on the command line, or are handed in.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_sink.errors import MappingError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pandas as pd

    from crm_sink.events import Listener
    from crm_sink.flow.context import Context
    from crm_sink.flow.verify import Verified
    from crm_sink.ledger.contract import Run
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.settings import Settings


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """What became of a run.

    Attributes:
        run: The run as the ledger knows it: `run.state`, `run.totals`, `run.api_reason` ...
    """

    run: Run

    def __repr__(self) -> str:
        """Say in one line what became of the run, for notebooks; `run` holds pages."""
        from crm_sink.report.next_step import standing

        names = ("created", "updated", "cleared", "unchanged", "rejected", "conflicts")
        if str(self.run.state) in {"ready", "held"}:
            names = ("to_create", "to_update", "to_clear", *names[3:])
        figures = {name: getattr(self.run.totals, name) for name in names}
        said = ", ".join(f"{name} {figure:,}" for name, figure in figures.items() if figure)
        what = f"{self.run.kind} {self.run.mapping} → {self.run.object}: {standing(self.run)}"
        return f"<Result {self.run.run} {what}{f'; {said}' if said else ''}>"

    @property
    def ok(self) -> bool:
        """Whether the run is planned or done, and no row was rejected."""
        return str(self.run.state) in {"ready", "done"} and not self.run.totals.rejected

    @property
    def rejects(self) -> pd.DataFrame:
        """The rejects, one row for each row and field at fault (columns of table `rejects`)."""
        return _frame(self.run.folder / "rejects.parquet")

    @property
    def conflicts(self) -> pd.DataFrame:
        """The fields that people edited and that were left alone (table `conflicts`)."""
        return _frame(self.run.folder / "conflicts.parquet")

    @property
    def changes(self) -> pd.DataFrame:
        """The plan: each record with its fields after, before, and whether they are written."""
        return _frame(self.run.folder / "changes")

    def to_dict(self) -> dict[str, Any]:
        """Give the figures under the names of `crm-sink show --format json`."""
        from crm_sink.report.run_json import run_json

        return run_json(self.run)


def load_mapping(path: str | Path) -> LoadedMapping:
    """Load a mapping file.

    Raises:
        MappingError: The file has problems; `error.problems` holds all of them with their places.
    """
    from crm_sink.mapping.load import load_mapping as load

    loaded, problems = load(Path(path))
    if loaded is None or problems:
        raise MappingError(problems, hint=f"crm-sink validate {shlex.quote(str(path))}")
    return loaded


def plan(
    mapping: LoadedMapping | str | Path,
    data: object | None = None,
    *,
    target: str | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
) -> Result:
    """Plan: find what would change, and keep it in the ledger. Nothing is written to the org.

    Args:
        mapping: A loaded mapping, or the path of one.
        data: A pandas DataFrame, an Arrow table or an Arrow record batch reader; without it the
            mapping's own source is read.
        target: `sf:ALIAS` borrows a session of the sf CLI.
        settings: Instead of those of the environment.
        listener: Is told every event (see `crm_sink.events`).

    Raises:
        CrmSinkError: See `crm_sink.errors`.
    """
    from crm_sink.flow.context import Request
    from crm_sink.flow.decide import decide

    loaded = mapping if not isinstance(mapping, str | Path) else load_mapping(mapping)
    with _context(target, settings, listener) as context:
        return Result(decide(Request(loaded, frame=data), context))


def apply(
    planned: Result | str | None = None,
    *,
    release: str | None = None,
    target: str | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
) -> Result:
    """Write exactly a plan to the org.

    Args:
        planned: What `plan` gave, a run's id, or None for the latest run.
        release: Who lets a held plan through.
        target: As in `plan`.
        settings: As in `plan`.
        listener: As in `plan`.

    Raises:
        CrmSinkError: See `crm_sink.errors`.
    """
    from crm_sink.flow.deliver import deliver

    run_id = _run_id(planned)
    with _context(target, settings, listener) as context:
        return Result(deliver(context.ledger.find(run_id), context, released_by=release))


def sync(
    mapping: LoadedMapping | str | Path,
    data: object | None = None,
    *,
    target: str | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
) -> Result:
    """Plan and apply in one; arguments and errors as in `plan` and `apply`."""
    from crm_sink.flow.context import Request
    from crm_sink.flow.sync import sync as run_sync

    loaded = mapping if not isinstance(mapping, str | Path) else load_mapping(mapping)
    with _context(target, settings, listener) as context:
        return Result(run_sync(Request(loaded, frame=data), context))


def retry(
    done: Result | str | None = None,
    data: object | None = None,
    *,
    mapping: LoadedMapping | str | Path | None = None,
    file: str | Path | None = None,
    target: str | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
) -> Result:
    """Plan anew for the rejects of a run, once they are mended. `apply` writes the plan.

    Args:
        done: A run, its id, or None for the latest with rejects that were not tried again.
        data: As in `plan`: the predictions, in which the keys of the rejects are looked up.
        mapping: Instead of the mapping file that the run was made with.
        file: An edited reject file: its lines, with the values and keys that stand there.
        target: As in `plan`.
        settings: As in `plan`.
        listener: As in `plan`.

    Raises:
        CrmSinkError: See `crm_sink.errors`.
    """
    from crm_sink.flow.past import find_run
    from crm_sink.flow.retry import RetryRequest, latest_rejected
    from crm_sink.flow.retry import retry as plan_retry

    with _context(target, settings, listener) as context:
        ledger, run_id = context.ledger, _run_id(done)
        old = find_run(run_id, ledger, context.home) if run_id else latest_rejected(ledger)
        given = mapping or str(old.details.get("mapping_file", old.mapping))
        loaded = load_mapping(given) if isinstance(given, str | Path) else given
        edited = Path(file) if file is not None else None
        return Result(plan_retry(RetryRequest(old, loaded, edited, frame=data), context))


def undo(
    done: Result | str,
    *,
    delete_created: bool = False,
    target: str | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
) -> Result:
    """Plan the values from before a run, where nobody has changed them since. `apply` writes it.

    Args:
        done: A run, or its id.
        delete_created: Delete the records that the run created, if they are untouched.
        target: As in `plan`.
        settings: As in `plan`.
        listener: As in `plan`.

    Raises:
        CrmSinkError: See `crm_sink.errors`.
    """
    from crm_sink.flow.past import find_run
    from crm_sink.flow.undo import UndoRequest
    from crm_sink.flow.undo import undo as plan_undo

    with _context(target, settings, listener) as context:
        old = find_run(_run_id(done), context.ledger, context.home)
        return Result(plan_undo(UndoRequest(old, delete_created), context))


def verify(
    done: Result | str | None = None,
    *,
    sample: int | None = 200,
    target: str | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
) -> Verified:
    """Read back what a run wrote and compare; writes nothing.

    Args:
        done: A run, its id, or None for the latest that wrote something.
        sample: How many records; None for all.
        target: As in `plan`.
        settings: As in `plan`.
        listener: As in `plan`.

    Returns:
        `is_equal`; how many records are `equal`, `different`, `missing`; the first `differences`.

    Raises:
        CrmSinkError: See `crm_sink.errors`.
    """
    from crm_sink.flow.past import find_written
    from crm_sink.flow.verify import verify as read_back

    with _context(target, settings, listener) as context:
        found = find_written(_run_id(done), context.ledger, context.home)
        return read_back(found, context, sample=sample)


def _run_id(done: Result | str | None) -> str | None:
    return done.run.run if isinstance(done, Result) else done


def _context(
    target: str | None, settings: Settings | None, listener: Listener | None
) -> AbstractContextManager[Context]:
    from crm_sink.assemble import assemble
    from crm_sink.clock import SystemClock
    from crm_sink.events import nobody
    from crm_sink.settings import load_settings

    return assemble(
        settings or load_settings(),
        target=target,
        listener=listener or nobody,
        clock=SystemClock(),
        environ=os.environ,
    )


def _frame(path: Path) -> pd.DataFrame:
    import pandas as pd
    import pyarrow.dataset as ds

    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        return pd.DataFrame()
    frame: pd.DataFrame = ds.dataset(files, format="parquet").to_table().to_pandas()
    return frame
