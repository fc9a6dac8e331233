"""Bulk 2.0 query jobs: create, look at, abort, delete, list, and fetch results.

A job's query is translated when the job is made, so that a wrong one is refused at once; it is
run by the org's job thread. See `results` for what is fetched.

Not imitated: PK chunking, the 1 TB of a day. Not on record and so only likely: the wording for
OFFSET, for results asked too early and for the wrong version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from crm_sink.emulator import bulk2
from crm_sink.emulator.bulk_query import results as rows
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.jobs import ABORTED, ACCEPTED, DONE, ENDED, FAILED, RUNNING, UPLOADED
from crm_sink.emulator.limits import QUERY_JOBS, check_quota
from crm_sink.emulator.soql.scope import Reading
from crm_sink.emulator.soql.translate import translate
from crm_sink.emulator.wire import json_object, reply

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.org import Org
    from crm_sink.emulator.soql.translate import Translation

KIND = "query"
OPERATIONS = ("query", "queryAll")
NO_COMPOUND = "Selecting compound data not supported in Bulk Query"
NO_AGGREGATE = "Aggregate Relationships not supported in Bulk V2 Query with CSV content type"
NO_OFFSET = "OFFSET not supported in Bulk V2 Query"


def install(org: Org) -> None:
    """Let the org's job thread work query jobs."""
    org.jobs.register(KIND, lambda job: work(org, job), at_once=org.settings.parallel_jobs)


def work(org: Org, job: Job) -> None:
    """Run a job's query into its results file."""
    started = org.clock.monotonic()
    if org.jobs.begin(job.id, org.settings.job_seconds) is None:
        return
    try:
        found = _translated(org, job.query or "", job.operation, job.api_version)
    except ApiError as error:
        # A field may have gone since the job was made.
        org.jobs.move(job.id, state=FAILED, error=error.message)
        return
    written = rows.write(org, job, found)
    spent = int((org.clock.monotonic() - started) * 1000)
    more = {"ordered": found.is_ordered}
    org.jobs.move(job.id, state=DONE, processed=written, total_ms=spent, more=more)


async def create(request: Request) -> Response:
    """Answer `POST /jobs/query`."""
    org: Org = request.app.state.org
    check_quota(org, QUERY_JOBS)
    given = await json_object(request)
    body = {**bulk2.DEFAULTS, **{key: one for key, one in given.items() if one is not None}}
    bulk2.check(body, OPERATIONS)
    soql = body.get("query")
    if not isinstance(soql, str) or not soql.strip():
        raise bulk2.bad_value(soql, "query")
    job = await run_in_threadpool(_create, org, body, soql, request.path_params["version"])
    # The reply is of the moment of creation: a quick job may have ended already.
    return reply({**bulk2.brief(job), **bulk2.form(job)})


def show(request: Request) -> Response:
    """Answer `GET /jobs/query/<id>`."""
    return reply(_whole(bulk2.found(request, KIND)))


def show_all(request: Request) -> Response:
    """Answer `GET /jobs/query`, in the order of creation."""
    org: Org = request.app.state.org
    return reply(bulk2.listing(request, KIND, org.jobs.all(KIND), _listed))


async def change(request: Request) -> Response:
    """Answer `PATCH /jobs/query/<id>`: the only change is to abort."""
    org: Org = request.app.state.org
    job = bulk2.found(request, KIND)
    state = (await json_object(request)).get("state")
    if state != ABORTED:
        raise bulk2.bad_value(state, "state")
    if job.state in ENDED:
        raise bulk2.not_allowed("Aborting already", job)
    aborted = await run_in_threadpool(org.jobs.move, job.id, state=ABORTED)
    if aborted is None:  # it has ended since
        raise bulk2.not_allowed("Aborting already", bulk2.found(request, KIND))
    return reply(bulk2.brief(aborted))


def delete(request: Request) -> Response:
    """Answer `DELETE /jobs/query/<id>`."""
    job = bulk2.found(request, KIND)
    if job.state == RUNNING:
        raise ApiError(400, "INVALIDJOBSTATE", "Deleting InProgress Job not allowed")
    request.app.state.org.jobs.delete(job.id)
    return Response(status_code=204, media_type="text/plain")


def results(request: Request) -> Response:
    """Answer `GET /jobs/query/<id>/results?maxRecords=…&locator=…`."""
    job = bulk2.found(request, KIND)
    _check_done(job)
    return rows.answer(request.app.state.org, job, request.query_params)


def result_pages(request: Request) -> Response:
    """Answer `GET /jobs/query/<id>/resultPages`: where up to five pages begin."""
    job = bulk2.found(request, KIND)
    _check_done(job)
    return reply(rows.pages(job, request.query_params, request.path_params["version"]))


def _create(org: Org, body: dict[str, Any], soql: str, version: str) -> Job:
    found = _translated(org, soql, body["operation"], version)
    return org.jobs.create(
        KIND,
        body["operation"],
        found.target.name,
        state=UPLOADED,
        api_version=version,
        line_ending=body["lineEnding"],
        column_delimiter=body["columnDelimiter"],
        query=soql,
    )


def _check_done(job: Job) -> None:
    if job.state != DONE:
        text = f"Results of a job are not available while it is {job.state}"
        raise ApiError(400, "INVALIDJOBSTATE", text)


def _translated(org: Org, soql: str, operation: str, version: str) -> Translation:
    """Translate a query, and refuse what bulk jobs do not do (facts 4.10)."""
    now = org.now().replace(tzinfo=None)
    everything = operation == "queryAll"
    reading = Reading(org.store.objects, now, version, everything, org.user_id)
    found = translate(soql, reading)
    if found.kind != "records" or any(column.children for column in found.columns):
        raise ApiError(400, "API_ERROR", NO_AGGREGATE)
    if any(column.field.type == "address" for column in found.columns):
        raise ApiError(400, "API_ERROR", NO_COMPOUND)
    if found.offset:
        raise ApiError(400, "API_ERROR", NO_OFFSET)
    return found


def _listed(job: Job) -> dict[str, Any]:
    return {**bulk2.brief(job), "jobType": "V2Query", **bulk2.form(job)}


def _whole(job: Job) -> dict[str, Any]:
    told = _listed(job)
    if job.state not in ACCEPTED or job.state == RUNNING:
        told |= {
            "numberRecordsProcessed": job.processed or 0,
            "retries": 0,
            "totalProcessingTime": job.total_ms,
        }
    if job.error is not None:
        told["errorMessage"] = job.error
    return told


routes = [
    Route("/services/data/v{version}/jobs/query", create, methods=["POST"]),
    Route("/services/data/v{version}/jobs/query", show_all, methods=["GET"]),
    Route("/services/data/v{version}/jobs/query/{job}", show, methods=["GET"]),
    Route("/services/data/v{version}/jobs/query/{job}", change, methods=["PATCH"]),
    Route("/services/data/v{version}/jobs/query/{job}", delete, methods=["DELETE"]),
    Route("/services/data/v{version}/jobs/query/{job}/results", results, methods=["GET"]),
    Route("/services/data/v{version}/jobs/query/{job}/resultPages", result_pages, methods=["GET"]),
]
