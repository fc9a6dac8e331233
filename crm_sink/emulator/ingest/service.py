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

from crm_sink.emulator import bulk2
from crm_sink.emulator.bulk1.job_info import KIND as CLASSIC
from crm_sink.emulator.bulk2 import DELIMITERS, LINE_ENDS
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.ingest import results
from crm_sink.emulator.ingest.working import BODY, list_unprocessed, work
from crm_sink.emulator.jobs import ABORTED, ENDED, FAILED, OPEN, RUNNING, UPLOADED
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
    return reply({**bulk2.brief(job), **url, **bulk2.form(job)})


async def upload(request: Request) -> Response:
    """Answer `PUT /jobs/ingest/<id>/batches`: exactly one for a job."""
    org: Org = request.app.state.org
    job = bulk2.found(request, KIND)
    if job.state != OPEN:
        raise bulk2.not_allowed("Uploading to", job)
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
    job = bulk2.found(request, KIND)
    state = (await json_object(request)).get("state")
    if state not in (UPLOADED, ABORTED):
        raise bulk2.bad_value(state, "state")
    closes = state == UPLOADED
    if job.state in ENDED or (closes and job.state != OPEN):
        raise bulk2.not_allowed("Closing already" if closes else "Aborting already", job)
    changed = await run_in_threadpool(org.jobs.move, job.id, state=state)
    if changed is None:  # it has ended since
        raise bulk2.not_allowed("Aborting already", bulk2.found(request, KIND))
    return reply(bulk2.brief(changed))


def show(request: Request) -> Response:
    """Answer `GET /jobs/ingest/<id>`."""
    job = bulk2.found(request, KIND)
    told = _listed(job)
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
    return reply(bulk2.listing(request, KIND, known[::-1], _listed))


def delete(request: Request) -> Response:
    """Answer `DELETE /jobs/ingest/<id>`."""
    job = bulk2.found(request, KIND)
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
    job = bulk2.found(request, KIND)
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
    given = {key: value for key, value in body.items() if value is not None}
    body = {**bulk2.DEFAULTS, **given}
    bulk2.check(body, OPERATIONS)
    asked = str(body.get("object", ""))
    target = org.store.objects.get(asked.lower())
    if target is None:
        raise ApiError(400, "INVALIDJOB", f"InvalidJob : Unable to find object: {asked}")
    external = body.get("externalIdFieldName") if body["operation"] == "upsert" else None
    if body["operation"] == "upsert":
        if not isinstance(external, str) or not external:
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


def _content_url(job: Job) -> str:
    """Give where to upload; without a leading slash, as on the wire."""
    return f"services/data/v{job.api_version}/jobs/ingest/{job.id}/batches"


def _listed(job: Job) -> dict[str, Any]:
    if job.kind == CLASSIC:
        more = {"concurrencyMode": job.more["mode"], "contentType": job.more["content"]}
        return {**bulk2.brief(job), **more, "jobType": "Classic"}
    url = {"contentUrl": _content_url(job)} if job.state == OPEN else {}
    return {**bulk2.brief(job), "jobType": "V2Ingest", **url, **bulk2.form(job)}


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
