"""The summary of a run that a person reads, and copies into a ticket.

It holds figures, codes, ids and places, and no value of a record. Besides the columns of a run it
reads from `Run.details`: `profile` (the age of the scores), `estimated_calls`, `quota` = {limit,
remaining} (the org's calls of a day, when known), `mapping_file` and `top_errors`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crm_sink.gates.measure import age_words
from crm_sink.ledger.contract import RunState
from crm_sink.report.errors_table import errors_of
from crm_sink.report.next_step import next_step, standing, to_write
from crm_sink.report.printable import one_line

if TYPE_CHECKING:
    from crm_sink.ledger.contract import Run

LABEL = 13  # width of the first column
PLAN_ONLY = frozenset({RunState.PLANNING, RunState.HELD, RunState.READY})
MOST_JOBS = 5
WIDEST = 200  # characters of an error message


def summary(run: Run) -> str:
    """Write the summary: plain text, aligned, without a line end at the end."""
    lines = [
        f"{run.kind} {run.mapping} → {run.object}: {standing(run)}",
        "",
        _line("run", run.run),
        _line("org", run.org),
        _line("started", _times(run)),
        _line("scores", _score_age(run)),
        *_gates(run),
        *_figures(run),
        _line("API", _api(run)),
        _line("API calls", _calls(run)),
        _line("made of", _made_of(run)),
        _line("sent again", _sent_again(run)),
        *_slowed(run),
        _line("uploaded", _size(run.totals.uploaded_bytes)),
        *_jobs(run),
        *_errors(errors_of(run)),
        _line("reject file", None if run.rejects_file is None else str(run.rejects_file)),
        _line("error", run.error),
        _line("next", next_step(run)),
    ]
    return "\n".join(line for line in lines if line is not None)


def _line(label: str, text: str | None) -> str | None:
    """Give a line, or None where there is nothing to say."""
    return f"{label:<{LABEL}}{text}" if text else None


def _times(run: Run) -> str:
    text = f"{run.started.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if run.ended is None:
        return text
    return f"{text}, ended after {_duration((run.ended - run.started).total_seconds())}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _score_age(run: Run) -> str | None:
    newest = ((run.details.get("profile") or {}).get("freshness") or {}).get("newest")
    if newest is None:
        return None
    scored = datetime.fromisoformat(newest)
    age = age_words(run.started - scored)
    return f"{age} old when the run began (the newest: {scored:%Y-%m-%d %H:%M} UTC)"


def _gates(run: Run) -> list[str | None]:
    if run.verdict is None:
        return []
    released = f", released by {run.released_by}" if run.released_by else ""
    return [
        _line("gates", f"{run.verdict}{released}"),
        *(
            f"  {verdict['gate']:<{LABEL - 2}}{verdict['state']:<5} {verdict['message']}"
            for verdict in run.verdicts
        ),
    ]


def _figures(run: Run) -> list[str]:
    totals = run.totals
    figures = [("planned", totals.planned, _read(run))]
    clear = "delete" if run.kind == "undo" else "clear"
    if run.state in PLAN_ONLY:
        figures += [
            ("to create", totals.to_create, ""),
            ("to update", totals.to_update, ""),
            (f"to {clear}", totals.to_clear, ""),
        ]
    else:
        figures += [
            ("created", totals.created, _of(totals.created, totals.to_create)),
            ("updated", totals.updated, _of(totals.updated, totals.to_update)),
            (
                f"{clear}d" if run.kind == "undo" else "cleared",
                totals.cleared,
                _of(totals.cleared, totals.to_clear),
            ),
        ]
    refused = f"{totals.failed:,} of them by the org" if totals.failed else ""
    figures += [
        ("unchanged", totals.unchanged, ""),
        ("rejected", totals.rejected, refused),
        ("conflicts", totals.conflicts, _kept(run)),
    ]
    width = max(len(f"{figure:,}") for _, figure, _ in figures)
    return [
        f"{label:<{LABEL}}{figure:>{width},}{f'  ({note})' if note else ''}"
        for label, figure, note in figures
    ]


def _kept(run: Run) -> str:
    """Tell how many fields are left alone: a record may be written but for one of them."""
    fields = run.details.get("conflict_fields", 0)
    if not fields:
        return "edited by a person, left alone" if run.totals.conflicts else ""
    what = "1 edited field is" if fields == 1 else f"{fields:,} edited fields are"
    return f"{what} left alone: crm-sink show {run.run} --conflicts"


def _read(run: Run) -> str:
    totals = run.totals
    if run.kind == "undo":
        stay = "created by it stay (--delete-created deletes them)"
        note = f"{totals.source_rows:,} written by {run.details.get('undoes')}"
        return f"{note}; {totals.skipped:,} {stay}" if totals.skipped else note
    left_out = f"{totals.skipped:,} left out, " if totals.skipped else ""
    return f"{left_out}{totals.source_rows:,} rows read"


def _of(done: int, planned: int) -> str:
    return "" if done == planned else f"of {planned:,}"


def _api(run: Run) -> str | None:
    return ": ".join(part for part in (run.api, run.api_reason) if part) or None


def _calls(run: Run) -> str:
    text = f"{run.totals.api_calls:,}"
    estimated, quota = run.details.get("estimated_calls"), run.details.get("quota")
    if run.state in PLAN_ONLY and estimated and to_write(run):
        text += f" so far, about {estimated:,} to write"
    if quota:
        text += f"; {quota['remaining']:,} of {quota['limit']:,} a day are left"
    return text


def _made_of(run: Run) -> str | None:
    plan, moved = run.details.get("made_of"), run.details.get("moved", 0)
    return f"plan {plan}, of which {moved:,} records were changed since" if plan else None


def _sent_again(run: Run) -> str | None:
    """Say how many rows were held up (by a lock, by another row) and sent again."""
    rounds = run.details.get("sent_again")
    if not rounds:
        return None
    written = sum(turn["ok"] for turn in rounds)
    turns = "1 round" if len(rounds) == 1 else f"{len(rounds)} rounds"
    return f"{rounds[0]['rows']:,} rows in {turns}, {written:,} of them accepted"


def _slowed(run: Run) -> list[str | None]:
    """Say where fewer calls or chunks were in flight at once, and why."""
    lines = []
    for what, story in (run.details.get("parallelism") or {}).items():
        falls = ", ".join(f"{code} {times}×" for code, times in story["falls"].items())
        if falls:
            unit = "" if what == "calls" else " chunks"
            bounds = f"{story['most']} at most, {story['least']} at least"
            lines.append(_line("at once", f"{what}{unit}: {bounds} ({falls})"))
    return lines


def _size(count: int) -> str | None:
    if not count:
        return None
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"


def _jobs(run: Run) -> list[str | None]:
    more = len(run.jobs) - MOST_JOBS
    listed = [_line("" if place else "jobs", job) for place, job in enumerate(run.jobs[:MOST_JOBS])]
    return [*listed, _line("", f"and {more} more")] if more > 0 else listed


def _errors(errors: list[dict[str, Any]]) -> list[str]:
    if not errors:
        return []
    width = max(len(f"{error['count']:,}") for error in errors)
    lines = ["most frequent errors"]
    for error in errors:
        place = f" {error['field']}" if error["field"] else ""
        message = one_line(error["message"], WIDEST)
        lines.append(f"  {error['count']:>{width},}  {error['code']}{place}: {message}")
        if error["hint"]:
            lines.append(f"  {'':>{width}}  cure: {error['hint']}")
    return lines
