"""The results of a query job: written once by DuckDB, served page by page as CSV.

The rows lie in Parquet, already as the texts of the CSV, so that a page of any size is one
set-based copy into a file that is streamed. Memory does not grow with the result.

Not imitated: the size that Salesforce chooses for a page when `maxRecords` is not given.
"""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from crm_sink.emulator.bulk2 import DELIMITERS, WHOLE_LINES, bad_value, crlf_line
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.soql.translate import Translation

FILE = "results.parquet"
# Nobody looks a value up in it, and a column of many values is not worth a dictionary.
PARQUET = "format parquet, write_bloom_filter false, dictionary_size_limit 1000"
PAGE = 250_000
# "resultPages gives up to five result pages" (Bulk 2.0 guide, v58).
PAGES = 5


class _Page(FileResponse):
    """A page in large blocks: each is a trip to a thread and one through the compressor."""

    chunk_size = 1 << 20


def write(org: Org, job: Job, found: Translation) -> int:
    """Run a query into the job's results file and give how many rows it has."""
    target = org.jobs.folder(job.id) / FILE
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    text = f"copy ({found.csv()}) to {literal(str(part))} ({PARQUET})"
    with org.store.cursor() as cursor:
        row = cursor.execute(text, found.parameters).fetchone()
    part.replace(target)
    return int(row[0]) if row else 0


def answer(org: Org, job: Job, asked: Mapping[str, str]) -> Response:
    """Give one page: every value quoted, an empty text for null, the locator of the next page."""
    start = read_locator(asked.get("locator"))
    rows = _max_records(asked)
    total = job.processed or 0
    if start and start >= total:
        raise _bad_locator()
    path = page(org, job, (start, start + rows))
    after = start + rows
    headers = {
        "Sforce-Locator": "null" if after >= total else locator(after),
        "Sforce-NumberOfRecords": str(max(0, min(rows, total - start))),
    }
    kept = BackgroundTask(path.unlink, missing_ok=True)
    return _Page(path, media_type="text/csv", headers=headers, background=kept)


def pages(job: Job, asked: Mapping[str, str], version: str) -> dict[str, object]:
    """Give the URLs of up to five pages from a locator on."""
    start, rows, total = read_locator(asked.get("locator")), _max_records(asked), job.processed or 0
    path = f"/services/data/v{version}/jobs/query/{job.id}"
    query = f"?maxRecords={rows}" if "maxRecords" in asked else "?"
    found: list[dict[str, str]] = []
    while start < total and len(found) < PAGES:
        place = f"&locator={locator(start)}" if start else ""
        found.append({"resultLink": f"{path}/results{query}{place}".replace("?&", "?").rstrip("?")})
        start += rows
    if start >= total:
        return {"resultPages": found, "done": True}
    more = f"{path}/resultPages{query}&locator={locator(start)}".replace("?&", "?")
    return {"resultPages": found, "nextRecordsUrl": more, "done": False}


def locator(start: int) -> str:
    """Give the locator of a row: `MTAwMDA` is the 10,000th, as recorded."""
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def read_locator(text: str | None) -> int:
    """Read a locator.

    Raises:
        ApiError: It is none of ours.
    """
    if text is None:
        return 0
    try:
        number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError):
        raise _bad_locator() from None
    found = count_in(number)
    if found is None:
        raise _bad_locator()
    return found


def _max_records(asked: Mapping[str, str]) -> int:
    text = asked.get("maxRecords")
    if text is None:
        return PAGE
    found = count_in(text)
    if not found:
        raise bad_value(text, "maxRecords")
    return found


def page(org: Org, job: Job, rows: tuple[int, int]) -> Path:
    """Write the rows from one number up to another into a CSV file of its own."""
    source = org.jobs.folder(job.id) / FILE
    descriptor, text = tempfile.mkstemp(suffix=".csv", dir=source.parent)
    os.close(descriptor)
    table = f"read_parquet({literal(str(source))})"
    relation = f"from {table} where file_row_number >= {rows[0]} and file_row_number < {rows[1]}"
    if job.more.get("ordered"):
        relation += " order by file_row_number"
    with org.store.cursor() as cursor:
        described = cursor.execute(f"describe select * from {table}").fetchall()
        headers = [str(row[0]) for row in described]
        form = _lines if job.line_ending == "LF" else _crlf_lines
        columns, options = form(headers, DELIMITERS[job.column_delimiter])
        cursor.execute(f"copy (select {columns} {relation}) to {literal(text)} ({options})")
    return Path(text)


def _lines(headers: list[str], delimiter: str) -> tuple[str, str]:
    """Give the columns and the COPY options of a file whose lines end in LF."""
    columns = ", ".join(name(header) for header in headers)
    return columns, f"format csv, header, force_quote *, delimiter {literal(delimiter)}"


def _crlf_lines(headers: list[str], delimiter: str) -> tuple[str, str]:
    """Give the same for CRLF, which COPY cannot write: each line is one text made here."""
    title = delimiter.join(f'"{header}"' for header in headers) + "\r"
    return f"{crlf_line(headers, delimiter)} as {name(title)}", f"{WHOLE_LINES}, header"


def _bad_locator() -> ApiError:
    return ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
