"""Reads many records, or all of an object, through a Bulk 2.0 query job.

The pages are streamed to files, and these to Parquet: neither a page nor the result is ever held
in memory. While one is fetched, those before it are read. Restrictions of Bulk queries (no
compound fields, no aggregates) do not touch us: the fields are those that can be written.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from crm_sink.crm.call import Call, Expect
from crm_sink.crm.policy import poll_waits
from crm_sink.engine import Relation
from crm_sink.errors import CrmError, Fate
from crm_sink.salesforce import answers, pages
from crm_sink.salesforce.fate import fate_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from crm_sink.clock import Clock
    from crm_sink.crm.call import Send
    from crm_sink.crm.contract import Read
    from crm_sink.engine import Engine

# Rows of a page. Each page costs a call, is what a lost connection makes us fetch again, and is
# read by a thread of its own.
PAGE_ROWS = 250_000
PATIENCE = 4 * 3600.0  # seconds that a query job may take
JOBS = "/jobs/query"
JOB = "/jobs/query/{id}"
RESULTS = "/jobs/query/{id}/results"


def read(
    send: Send, root: str, clock: Clock, query: Read, *, engine: Engine, into: Path
) -> Relation:
    """Read every record whose key is not null; of those, the ones with the query's keys.

    Returns:
        Table `present`: in `into`, or without keys in a folder beside it, a file for each page.

    Raises:
        CrmError: The job failed, with Salesforce's words; or a page is short (TRUNCATED).
    """
    job = _create(send, root, query)
    _wait(send, f"{root}{JOBS}/{job}", clock, query)
    found = _pages(send, f"{root}{JOBS}/{job}/results", into)
    try:
        if query.keys is None:
            return _save_all(query, found, engine, into.with_suffix(""))
        return _save_wanted(query, list(found), engine, into)
    finally:
        for file in into.parent.glob(f"{into.stem}.page-*.csv"):
            file.unlink()


def statement(query: Read) -> str:
    """Give the SOQL that reads all records whose key is not null, and that were changed since."""
    fields = ", ".join(pages.selected(query))
    changed = (
        "" if query.since is None else f" AND {pages.MODIFIED} >= {query.since:%Y-%m-%dT%H:%M:%SZ}"
    )
    return f"SELECT {fields} FROM {query.object} WHERE {query.key.name} != null{changed}"


def _create(send: Send, root: str, query: Read) -> str:
    # Safe to send again: a query job that nobody reads changes nothing.
    body = json.dumps({"operation": "query", "query": statement(query)}).encode()
    headers = {"Content-Type": "application/json"}
    answer = send(Call("POST", f"{root}{JOBS}", JOBS, headers=headers, body=body))
    return answers.text(answer.document, "id", JOBS)


def _wait(send: Send, path: str, clock: Clock, query: Read) -> None:
    began = clock.monotonic()
    for seconds in poll_waits():
        document = send(Call("GET", path, JOB)).document
        state = answers.text(document, "state", JOB)
        if state == "JobComplete":
            return
        if state in {"Failed", "Aborted"}:
            raise _failed(query, state, str(document.get("errorMessage") or "no reason given"))
        if clock.monotonic() - began > PATIENCE:
            raise CrmError(
                f"the query on {query.object} was not done in {PATIENCE / 3600:.0f} hours",
                code="TIMED_OUT",
                fate=Fate.STOP,
                where=JOB,
                hint="look at the job in Setup, Bulk Data Load Jobs",
            )
        clock.sleep(seconds)


def _failed(query: Read, state: str, message: str) -> CrmError:
    code = message.split(":")[0].strip().upper()
    return CrmError(
        f"the query on {query.object} ended as {state}: {message}",
        code=code if code.isalpha() else "BULK_API_ERROR",
        fate=Fate.STOP,
        where=JOB,
        hint=fate_of(code, message).hint,
    )


def _fetch(send: Send, path: str, locator: str, page: Path) -> tuple[str, int]:
    """Download a page; give the next locator (empty after the last) and how many rows are due."""
    query = {"maxRecords": str(PAGE_ROWS)} | ({"locator": locator} if locator else {})
    answer = send(Call("GET", path, RESULTS, query=query, into=page, expect=Expect.CSV))
    following = answer.headers.get("sforce-locator", "null")
    count = answer.headers.get("sforce-numberofrecords", "")
    if not count.isdigit() or following == locator:
        raise CrmError(
            "a page of query results tells no number of records, or follows itself",
            code="UNEXPECTED_ANSWER",
            fate=Fate.STOP,
            where=RESULTS,
            hint=fate_of("UNEXPECTED_ANSWER").hint,
        )
    # After the last page the locator is the text "null", not an absent header.
    return ("" if following == "null" else following), int(count)


def _pages(send: Send, path: str, into: Path) -> Iterator[tuple[Path, int]]:
    """Download page by page; give each as it has come, and how many rows are due in it."""
    locator, number = "", 0
    while number == 0 or locator:
        page = into.with_suffix(f".page-{number}.csv")
        locator, rows = _fetch(send, path, locator, page)
        number += 1
        yield page, rows


def _save_all(
    query: Read, found: Iterator[tuple[Path, int]], engine: Engine, folder: Path
) -> Relation:
    """Save each page while the next ones are fetched: the org and we then work side by side."""
    saved: list[Future[Relation]] = []
    due = 0
    with ThreadPoolExecutor(engine.threads(), thread_name_prefix="page") as readers:
        for page, rows in found:
            into = folder / f"{len(saved)}.parquet"
            saved.append(readers.submit(_save, query, page, engine.cursor(), into))
            due += rows
            for one in saved:
                if one.done():  # what is wrong with a page ends the reading
                    one.result()
    present = Relation(folder, sum(one.result().rows for one in saved))
    _check_count(query, due, present.rows)
    return present


def _save_wanted(
    query: Read, found: Sequence[tuple[Path, int]], engine: Engine, into: Path
) -> Relation:
    """Save the records with the query's keys; one that is missing would be taken for deleted."""
    files = [page for page, _ in found]
    present = pages.save(query, files, engine, into)
    held = engine.value(f"select count(*) from {pages.scan(files, pages.header(files[0]))}")
    _check_count(query, sum(rows for _, rows in found), int(held))
    return present


def _save(query: Read, page: Path, engine: Engine, into: Path) -> Relation:
    try:
        return pages.save(query, [page], engine, into)
    finally:
        engine.close()
        page.unlink()


def _check_count(query: Read, due: int, rows: int) -> None:
    if due != rows:
        raise CrmError(
            f"the query on {query.object} gave {rows} records; {due} are due",
            code="TRUNCATED",
            fate=Fate.RETRY,
            where=RESULTS,
            hint=fate_of("TRUNCATED").hint,
        )
