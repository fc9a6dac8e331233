"""`/services/async/XX.0/job`: jobs, batches and results of Bulk 1.0 (facts 5).

    POST /job                          201 jobInfo
    GET  /job/ID                       200 jobInfo;  POST with state Closed or Aborted: 200
    POST /job/ID/batch                 201 batchInfo;  GET: 200 batchInfoList
    GET  /job/ID/batch/ID              200 batchInfo
    GET  /job/ID/batch/ID/request      200 what was sent
    GET  /job/ID/batch/ID/result       200 rows in the order sent; of a query, the ids of results
    GET  /job/ID/batch/ID/result/ID    200 the records of a query

Not imitated: the `spec` resource for mapped column names. Likely but not on record: the wording for
closing a job twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from crm_sink.emulator.bulk1 import batch_info, errors, forms, job_info, outcomes
from crm_sink.emulator.bulk1.entry import admitted, unknown
from crm_sink.emulator.bulk1.errors import AsyncError
from crm_sink.emulator.bulk1.working import work, work_serially
from crm_sink.emulator.bulk_query import results as rows
from crm_sink.emulator.ingest.working import BODY
from crm_sink.emulator.jobs import ABORTED, ACCEPTED, DONE, OPEN
from crm_sink.emulator.xml import leaf

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.org import Org

CLOSED = "Closed"
CSV_TYPE = "text/csv"
NOTHING = "Records not found for this query"


def install(org: Org) -> None:
    """Let the org's job threads work batches."""
    at_once = org.settings.parallel_jobs
    org.jobs.register(batch_info.PARALLEL, lambda batch: work(org, batch), at_once=at_once)
    org.jobs.register(batch_info.SERIAL, lambda batch: work_serially(org, batch), at_once=at_once)


@admitted
async def create(request: Request) -> Response:
    """Answer `POST /job`."""
    org: Org = request.app.state.org
    is_json = forms.is_json(request)
    asked = job_info.read(await request.body(), is_json=is_json)
    version = request.path_params["version"]
    job = await run_in_threadpool(job_info.create, org, asked, version, is_json=is_json)
    return forms.answer(request, "jobInfo", job_info.told(job, []), 201)


@admitted
async def show(request: Request) -> Response:
    """Answer `GET /job/ID`."""
    return _job_told(request, _job(request))


@admitted
async def change(request: Request) -> Response:
    """Answer `POST /job/ID`: close or abort."""
    org: Org = request.app.state.org
    job = _job(request)
    asked = job_info.read(await request.body(), is_json=forms.is_json(request))
    state = asked.get("state", "")
    if state not in (CLOSED, ABORTED):
        raise AsyncError(errors.INVALID_JOB, f"Unable to change the state to '{state}'")
    if job.state == ABORTED or (state == CLOSED and job.state != OPEN):
        verb = "Closing" if state == CLOSED else "Aborting"
        raise AsyncError(errors.INVALID_STATE, f"{verb} already {job.state} Job not allowed")
    return _job_told(request, await run_in_threadpool(_end, org, job, state))


@admitted
async def add_batch(request: Request) -> Response:
    """Answer `POST /job/ID/batch`."""
    org: Org = request.app.state.org
    job = _job(request)
    sent = request.headers.get("content-type", CSV_TYPE)
    batch = await run_in_threadpool(batch_info.add, org, job, await request.body(), sent)
    # The reply is of the moment of the upload: a quick batch may have ended already.
    return _batch_told(request, batch, 201)


@admitted
async def show_batches(request: Request) -> Response:
    """Answer `GET /job/ID/batch`."""
    org: Org = request.app.state.org
    job = _job(request)
    is_json = forms.is_told_in_json(request)
    entries = [batch_info.told(one, is_json=is_json) for one in batch_info.of(org, job)]
    return forms.answer_list(request, entries)


@admitted
async def show_batch(request: Request) -> Response:
    """Answer `GET /job/ID/batch/ID`."""
    return _batch_told(request, _batch(request))


@admitted
async def show_request(request: Request) -> Response:
    """Answer `GET /job/ID/batch/ID/request`: what was sent."""
    org: Org = request.app.state.org
    batch = _batch(request)
    headers = {"content-type": str(batch.more["type"])}
    return FileResponse(org.jobs.folder(batch.id) / BODY, headers=headers)


@admitted
async def show_result(request: Request) -> Response:
    """Answer `GET /job/ID/batch/ID/result`."""
    org: Org = request.app.state.org
    batch = _finished(request)
    if batch.operation in job_info.QUERIES:
        if batch.more["content"] == "JSON":
            return forms.json_reply([batch.more["result"]])
        return forms.xml_reply(forms.document("result-list", leaf("result", batch.more["result"])))
    if batch.more["content"] == "CSV":
        text = await run_in_threadpool(outcomes.as_csv, org, batch)
        return Response(text.encode(), headers={"content-type": CSV_TYPE})
    if batch.more["content"] == "JSON":
        return forms.json_reply(await run_in_threadpool(outcomes.as_json, org, batch))
    return forms.xml_reply(await run_in_threadpool(outcomes.as_xml, org, batch))


@admitted
async def show_records(request: Request) -> Response:
    """Answer `GET /job/ID/batch/ID/result/ID`: the records of a query."""
    org: Org = request.app.state.org
    batch = _finished(request)
    if batch.more.get("result") != request.path_params["result"]:
        text = f"Unable to find result: {request.path_params['result']}"
        raise AsyncError(errors.INVALID_BATCH, text)
    if batch.more["content"] == "JSON":
        text = await run_in_threadpool(outcomes.records, org, batch)
        return Response(text.encode(), headers={"content-type": forms.JSON_TYPE})
    if batch.more["content"] == "XML":
        return forms.xml_reply(await run_in_threadpool(outcomes.records_as_xml, org, batch))
    headers = {"content-type": CSV_TYPE}
    if not batch.processed:
        return Response(NOTHING, headers=headers)
    path = await run_in_threadpool(rows.page, org, batch, (0, batch.processed))
    return FileResponse(
        path, headers=headers, background=BackgroundTask(path.unlink, missing_ok=True)
    )


def _end(org: Org, job: Job, state: str) -> Job:
    if state == ABORTED:
        for batch in batch_info.of(org, job):
            if batch.state in ACCEPTED:
                org.jobs.move(batch.id, state=ABORTED)
    return org.jobs.change(job.id, state=state)


def _job(request: Request) -> Job:
    org: Org = request.app.state.org
    job = batch_info.find_job(org, request.path_params["job"])
    forms.know(request, job.more["content"])
    return job


def _batch(request: Request) -> Job:
    org: Org = request.app.state.org
    return batch_info.find(org, _job(request), request.path_params["batch"])


def _finished(request: Request) -> Job:
    batch = _batch(request)
    if batch.state != DONE:
        raise AsyncError(errors.INVALID_BATCH, batch.error or "Batch not completed")
    return batch


def _job_told(request: Request, job: Job) -> Response:
    org: Org = request.app.state.org
    return forms.answer(request, "jobInfo", job_info.told(job, batch_info.of(org, job)))


def _batch_told(request: Request, batch: Job, status: int = 200) -> Response:
    told = batch_info.told(batch, is_json=forms.is_told_in_json(request))
    return forms.answer(request, "batchInfo", told, status)


ROOT = "/services/async/{version}"
JOB, BATCH = ROOT + "/job/{job}", ROOT + "/job/{job}/batch/{batch}"
routes = [
    Route(ROOT + "/job", create, methods=["POST"]),
    Route(JOB, show, methods=["GET"]),
    Route(JOB, change, methods=["POST"]),
    Route(JOB + "/batch", add_batch, methods=["POST"]),
    Route(JOB + "/batch", show_batches, methods=["GET"]),
    Route(BATCH, show_batch, methods=["GET"]),
    Route(BATCH + "/request", show_request, methods=["GET"]),
    Route(BATCH + "/result", show_result, methods=["GET"]),
    Route(BATCH + "/result/{result}", show_records, methods=["GET"]),
    Route(ROOT + "/{rest:path}", unknown, methods=["GET", "POST", "PATCH", "PUT", "DELETE"]),
]
