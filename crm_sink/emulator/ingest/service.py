"""Bulk 2.0 ingest endpoints: create, upload, close, abort, look at, list, delete, results.

Rules, key order and texts: facts 4.1-4.7. An upload is streamed to disk and never looked at before
the job is closed.

Not imitated: daily quotas of rows, PK chunking. Likely but not on
record: the wording for an upload into a closed job, for results asked too early, for a wrong
version.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from crm_sink.emulator.bulk1.job_info import KIND as CLASSIC
from crm_sink.emulator.clock import stamp
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.ingest import results
from crm_sink.emulator.ingest.header import DELIMITERS, LINE_ENDS
from crm_sink.emulator.ingest.working import BODY, list_unprocessed, work
from crm_sink.emulator.jobs import ABORTED, DONE, ENDED, FAILED, OPEN, RUNNING, UPLOADED
from crm_sink.emulator.limits import BULK_BATCHES, check_quota
from crm_sink.emulator.rest.order import allows_duplicates
from crm_sink.emulator.rest.rows import is_key
from crm_sink.emulator.wire import json_object, parsed, reply

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.org import Org

KIND = "ingest"
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
ALLOWED = {
    "operation": OPERATIONS,
    "contentType": ("CSV",),
    "lineEnding": tuple(LINE_ENDS),
    "columnDelimiter": tuple(DELIMITERS),
}
DEFAULTS = {"contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA"}
LISTED = 1000
# The list has the jobs of Bulk 1.0, too (facts 4.1).
LISTED_KINDS = {"V2Ingest": KIND, "Classic": CLASSIC}
LARGEST_UPLOAD = 150_000_000
LARGEST_PART = 100_000


def install(org: Org) -> None:
    """Let the org's job thread work ingest jobs."""
    org.jobs.register(KIND, lambda job: work(org, job), at_once=org.settings.parallel_jobs)


async def create(request: Request) -> Response:
    """Answer `POST /jobs/ingest`, plain or multipart."""
    org: Org = request.app.state.org
    check_quota(org, BULK_BATCHES)
    if request.headers.get("content-type", "").startswith("multipart/"):
        body, content = await _parts(request)
        job = await run_in_threadpool(_create, org, body, request)
        _keep(org, job, content)
        job = await run_in_threadpool(org.jobs.change, job.id, state=UPLOADED, uploaded=True)
    else:
        job = await run_in_threadpool(_create, org, await json_object(request), request)
    url = {"contentUrl": _content_url(job)} if job.state == OPEN else {}
    return reply({**_brief(job), **url, **_format(job)})


async def upload(request: Request) -> Response:
    """Answer `PUT /jobs/ingest/<id>/batches`: exactly one for a job."""
    org: Org = request.app.state.org
    job = _found(request)
    if job.state != OPEN:
        text = f"Uploading to {_word(job)} Job not allowed"
        raise ApiError(400, "INVALIDJOBSTATE", text)
    if job.uploaded:
        text = (
            f"Found multipe contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' the "
            "current Job then create a new Job and make sure you only do 'PUT' once on a given Job."
        )
        raise ApiError(400, "BULK_API_ERROR", text)
    part = org.jobs.folder(job.id) / f"{BODY}.part"
    size = 0
    with part.open("wb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > LARGEST_UPLOAD:
                text = f"Maximum upload size of {LARGEST_UPLOAD} bytes exceeded"
                raise ApiError(400, "BULK_API_ERROR", text)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    part.replace(part.with_name(BODY))
    await run_in_threadpool(org.jobs.change, job.id, uploaded=True, processed=0, failed=0)
    return Response(status_code=201, headers={"content-type": "text/plain"})


async def change(request: Request) -> Response:
    """Answer `PATCH /jobs/ingest/<id>`: close or abort."""
    org: Org = request.app.state.org
    job = _found(request)
    state = (await json_object(request)).get("state")
    if state not in (UPLOADED, ABORTED):
        raise _bad_value(state, "state")
    closes = state == UPLOADED
    if job.state in ENDED or (closes and job.state != OPEN):
        verb = "Closing" if closes else "Aborting"
        raise ApiError(400, "INVALIDJOBSTATE", f"{verb} already {_word(job)} Job not allowed")
    changed = await run_in_threadpool(org.jobs.change, job.id, state=state)
    return reply(_brief(changed))


def show(request: Request) -> Response:
    """Answer `GET /jobs/ingest/<id>`."""
    job = _found(request)
    told: dict[str, Any] = {**_listed(job)}
    if job.uploaded:
        told["numberRecordsProcessed"] = job.processed or 0
        told["numberRecordsFailed"] = job.failed or 0
    told |= {
        "retries": 0,
        "totalProcessingTime": job.total_ms,
        "apiActiveProcessingTime": job.active_ms,
        "apexProcessingTime": 0,
    }
    if job.error is not None:
        told["errorMessage"] = job.error
    return reply(told)


def show_all(request: Request) -> Response:
    """Answer `GET /jobs/ingest`, newest first, 1,000 a page."""
    org: Org = request.app.state.org
    asked = request.query_params
    chunked = asked.get("isPkChunkingEnabled", "false").lower() == "true"
    kinds = [asked["jobType"]] if "jobType" in asked else list(LISTED_KINDS)
    known = [
        job
        for job in org.jobs.all()
        if not chunked
        and job.kind in [LISTED_KINDS.get(kind) for kind in kinds]
        and not org.faults.has_vanished(job.id)
    ]
    jobs = list(reversed(known))
    locator = asked.get("queryLocator", "")
    start = int(locator) if locator.isdigit() else 0
    after = start + LISTED
    more = None
    if after < len(jobs):
        root = f"/services/data/v{request.path_params['version']}/jobs/ingest"
        more = f"{root}?queryLocator={after}"
    page = [_listed(job) for job in jobs[start:after]]
    return reply({"done": more is None, "nextRecordsUrl": more, "records": page})


def delete(request: Request) -> Response:
    """Answer `DELETE /jobs/ingest/<id>`."""
    job = _found(request)
    if job.state in (OPEN, RUNNING):
        raise ApiError(400, "INVALIDJOBSTATE", f"Deleting {job.state} Job not allowed")
    request.app.state.org.jobs.delete(job.id)
    return Response(status_code=204, media_type="text/plain")


def successful(request: Request) -> Response:
    """Answer `GET /jobs/ingest/<id>/successfulResults`."""
    return _results(request, results.SUCCESSFUL)


def failed(request: Request) -> Response:
    """Answer `GET /jobs/ingest/<id>/failedResults`."""
    return _results(request, results.REFUSED)


def unprocessed(request: Request) -> Response:
    """Answer `GET /jobs/ingest/<id>/unprocessedrecords`."""
    return _results(request, results.LEFT)


def _results(request: Request, kind: str) -> Response:
    """Stream a result; of a job that never began, the whole upload is unprocessed."""
    job = _found(request)
    if job.state not in ENDED:
        text = f"Results of a job are not available while it is {job.state}"
        raise ApiError(400, "INVALIDJOBSTATE", text)
    folder = request.app.state.org.jobs.folder(job.id)
    body = folder / BODY
    line = ""
    if body.exists():
        with body.open("rb") as file:
            line = file.readline().decode("utf-8", "replace").rstrip("\r\n")
    end = LINE_ENDS[job.line_ending]
    if kind == results.LEFT and not job.processed and job.state in (FAILED, ABORTED):
        pieces = results.whole(body)
    else:
        if kind == results.LEFT:
            list_unprocessed(request.app.state.org, job)
        header = results.first_line(kind, line, DELIMITERS[job.column_delimiter])
        pieces = results.stream(folder, kind, header, end)
    return StreamingResponse(pieces, headers={"content-type": "text/csv"})


async def _parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """Read a multipart creation: part `job` and part `content` (facts 4.3)."""
    parts: dict[str, bytes] = {}
    async with request.form() as form:
        for key, value in form.multi_items():
            parts[key] = await value.read() if isinstance(value, UploadFile) else value.encode()
    if "job" not in parts or "content" not in parts:
        raise ApiError(400, "API_ERROR", "A multipart request needs the parts job and content")
    if len(parts["content"].decode("utf-8", "replace")) > LARGEST_PART:
        raise ApiError(400, "API_ERROR", "The content part exceeds 100000 characters")
    job = parsed(parts["job"].decode("utf-8", "replace"))
    return (job if isinstance(job, dict) else {}), parts["content"]


def _keep(org: Org, job: Job, content: bytes) -> None:
    with (org.jobs.folder(job.id) / BODY).open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _create(org: Org, body: dict[str, Any], request: Request) -> Job:
    body = {**DEFAULTS, **{key: value for key, value in body.items() if value is not None}}
    for key, allowed in ALLOWED.items():
        if body.get(key) not in allowed:
            raise _bad_value(body.get(key), key)
    asked = str(body.get("object", ""))
    target = org.store.objects.get(asked.lower())
    if target is None:
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : Unable to find object: {asked}")
    external = body.get("externalIdFieldName") if body["operation"] == "upsert" else None
    if body["operation"] == "upsert":
        if not external:
            text = (
                f"InvalidJob : External ID was blank for {target.name}. "
                "An External ID must be specified for upsert."
            )
            raise ApiError(400, "INVALIDJOB", text)
        field = target.find(external)
        if field is None or not is_key(field):
            text = (
                f"InvalidJob : Field name provided, {external} does not match an External ID for "
                f"{target.name}"
            )
            raise ApiError(400, "INVALIDJOB", text)
    return org.jobs.create(
        KIND,
        body["operation"],
        target.name,
        state=OPEN,
        api_version=request.path_params["version"],
        external_id_field=external,
        line_ending=body["lineEnding"],
        column_delimiter=body["columnDelimiter"],
        assignment_rule=body.get("assignmentRuleId"),
        more={"allow_duplicates": allows_duplicates(request)},
    )


def _found(request: Request) -> Job:
    org: Org = request.app.state.org
    job = org.jobs.find(request.path_params["job"], KIND)
    if job.api_version != request.path_params["version"]:
        text = f"The API version of the job is {job.api_version}"
        raise ApiError(409, "API_VERSION_MISMATCH", text)
    return job


def _word(job: Job) -> str:
    return {DONE: "Completed", UPLOADED: "Closed", RUNNING: "Closed"}.get(job.state, job.state)


def _bad_value(value: object, key: str) -> ApiError:
    shown = "" if value is None else value
    return ApiError(400, "API_ERROR", f"Invalid value: '{shown}' supplied for property: '{key}'")


def _brief(job: Job) -> dict[str, Any]:
    """Give the keys that every reply about a job has; a close's reply ends here (facts 4.1)."""
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


def _format(job: Job) -> dict[str, Any]:
    return {"lineEnding": job.line_ending, "columnDelimiter": job.column_delimiter}


def _content_url(job: Job) -> str:
    """Give where to upload; without a leading slash, as on the wire."""
    return f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"


def _listed(job: Job) -> dict[str, Any]:
    if job.kind == CLASSIC:
        more = {"concurrencyMode": job.more["mode"], "contentType": job.more["content"]}
        return {**_brief(job), **more, "jobType": "Classic"}
    url = {"contentUrl": _content_url(job)} if job.state == OPEN else {}
    return {**_brief(job), "jobType": "V2Ingest", **url, **_format(job)}


ROOT = "/services/data/v{version}/jobs/ingest"
routes = [
    Route(ROOT, create, methods=["POST"]),
    Route(ROOT, show_all, methods=["GET"]),
    Route(ROOT + "/{job}", show, methods=["GET"]),
    Route(ROOT + "/{job}", change, methods=["PATCH"]),
    Route(ROOT + "/{job}", delete, methods=["DELETE"]),
    Route(ROOT + "/{job}/batches", upload, methods=["PUT"]),
    Route(ROOT + "/{job}/successfulResults", successful, methods=["GET"]),
    Route(ROOT + "/{job}/failedResults", failed, methods=["GET"]),
    Route(ROOT + "/{job}/unprocessedrecords", unprocessed, methods=["GET"]),
    Route(ROOT + "/{job}/unprocessedRecords", unprocessed, methods=["GET"]),
]
