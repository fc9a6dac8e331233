"""Says what is wrong with a job's results that cannot be read: empty, not UTF-8, not CSV.

The results themselves are whole at the org, which keeps them for seven days (facts 4.2). Shows
nothing of what stands in them.
"""

from __future__ import annotations

import codecs
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crm_sink.errors import CrmError, Fate
from crm_sink.salesforce import job, pages
from crm_sink.salesforce.fate import fate_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CODE = "RESULTS_UNREADABLE"
# Salesforce's own columns, without which nothing can be told (facts 4.6).
NEEDED = {"successfulResults": "sf__Id", "failedResults": "sf__Error"}
BLOCK = 1 << 20  # bytes that are looked at at once


@contextmanager
def reading(files: Mapping[str, Path], job_id: str) -> Iterator[None]:
    """Turn a failure to read results into what, where and what to do next.

    Args:
        files: The results of a job, by kind (`failedResults`).
        job_id: The job.

    Raises:
        CrmError: One of them cannot be read (code RESULTS_UNREADABLE).
    """
    import duckdb

    for kind, file in files.items():
        # Even without a row they have a header line (facts 4.6).
        if file.stat().st_size == 0:
            raise _unreadable(kind, "are empty: not even the line of column names is there", job_id)
        columns = pages.header(file)
        if any("\ufffd" in column for column in columns):
            raise _unreadable(kind, "are not UTF-8 text", job_id)
        needed = NEEDED.get(kind)
        if needed and needed not in columns:
            raise _unreadable(kind, f"lack the column {needed}", job_id)
    try:
        yield
    except duckdb.InvalidInputException as error:  # its words name the file, and quote values
        for kind, file in files.items():
            if file.name in str(error):
                raise _unreadable(kind, _fault_of(file), job_id) from None
        raise


def _fault_of(file: Path) -> str:
    return "are not the CSV that Salesforce writes" if _is_utf8(file) else "are not UTF-8 text"


def _is_utf8(file: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with file.open("rb") as stream:
            while block := stream.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _unreadable(kind: str, fault: str, job_id: str) -> CrmError:
    return CrmError(
        f"the {kind} of job {job_id} {fault}; the job itself is done, and the org keeps its "
        "results for seven days",
        code=CODE,
        fate=Fate.STOP,
        where=f"GET {job.JOB}/{kind}",
        hint=fate_of(CODE).hint,
    )
