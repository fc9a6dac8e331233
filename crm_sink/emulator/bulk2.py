"""What ingest and query jobs of Bulk 2.0 share: formats, the keys of replies, refusals, lists.

The jobs themselves are in `jobs`; what is done with rows is in the rooms of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from crm_sink.emulator.clock import stamp
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.jobs import DONE, RUNNING, UPLOADED
from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.sql import literal, name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

    from crm_sink.emulator.jobs import Job

DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
LINE_ENDS = {"LF": "\n", "CRLF": "\r\n"}
ALLOWED = {
    "contentType": ("CSV",),
    "lineEnding": tuple(LINE_ENDS),
    "columnDelimiter": tuple(DELIMITERS),
}
DEFAULTS = {"contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA"}
# For COPY of lines that are whole: nothing is quoted, and the unit separator divides nothing.
WHOLE_LINES = "format csv, quote '', escape '', delimiter '\x1f'"
LISTED = 1000  # jobs on a page of a list
WORDS = {DONE: "Completed", UPLOADED: "Closed", RUNNING: "Closed"}


def check(body: Mapping[str, object], operations: Sequence[str]) -> None:
    """Make sure that a job is asked for in an operation and a format that there are.

    Raises:
        ApiError: It is not.
    """
    for key, allowed in {"operation": operations, **ALLOWED}.items():
        if body.get(key) not in allowed:
            raise bad_value(body.get(key), key)


def bad_value(value: object, key: str) -> ApiError:
    """Make the refusal of a property's value."""
    shown = "" if value is None else value
    return ApiError(400, "API_ERROR", f"Invalid value: '{shown}' supplied for property: '{key}'")


def found(request: Request, kind: str) -> Job:
    """Give the job that a path names.

    Raises:
        ApiError: There is none, or it was made with another version of the API.
    """
    job: Job = request.app.state.org.jobs.find(request.path_params["job"], kind)
    if job.api_version != request.path_params["version"]:
        text = f"The API version of the job is {job.api_version}"
        raise ApiError(409, "API_VERSION_MISMATCH", text)
    return job


def not_allowed(verb: str, job: Job) -> ApiError:
    """Make the refusal of a close, an abort or an upload that comes too late."""
    word = WORDS.get(job.state, job.state)
    return ApiError(400, "INVALIDJOBSTATE", f"{verb} {word} Job not allowed")


def brief(job: Job) -> dict[str, Any]:
    """Give the keys that every reply about a job has; that to a PATCH ends here (facts 4.1)."""
    told: dict[str, Any] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": stamp(job.created.replace(microsecond=0)),
        "systemModstamp": stamp(job.modified.replace(microsecond=0)),
        "state": job.state,
    }
    if job.external_id_field is not None:
        told["externalIdFieldName"] = job.external_id_field
    if job.assignment_rule is not None:
        told["assignmentRuleId"] = job.assignment_rule
    version = float(job.api_version)
    return told | {"concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": version}


def form(job: Job) -> dict[str, Any]:
    """Give the keys of a job's format."""
    return {"lineEnding": job.line_ending, "columnDelimiter": job.column_delimiter}


def crlf_line(columns: Sequence[str], delimiter: str) -> str:
    """Give the SQL of a CSV line of texts up to its CR, which COPY cannot write; it adds LF."""
    cells = [f"replace({name(column)}, '\"', '\"\"')" for column in columns]
    between = literal(f'"{delimiter}"')
    return f"'\"' || {f' || {between} || '.join(cells)} || '\"' || chr(13)"


def listing(
    request: Request, kind: str, jobs: Sequence[Job], told: Callable[[Job], dict[str, Any]]
) -> dict[str, Any]:
    """Give the page of a list that a request asks for."""
    start = count_in(request.query_params.get("queryLocator", "")) or 0
    after = start + LISTED
    more = None
    if after < len(jobs):
        root = f"/services/data/v{request.path_params['version']}/jobs/{kind}"
        asked = {**request.query_params, "queryLocator": after}
        more = f"{root}?{urlencode(asked)}"
    records = [told(job) for job in jobs[start:after]]
    return {"done": more is None, "nextRecordsUrl": more, "records": records}
