"""The org's allowances: `GET /limits`, the falling count of daily calls, and record counts.

`DailyApiRequests` falls with each call, `DailyBulkApiBatches` with the batches of both bulk APIs (a
batch of Bulk 1.0, 10,000 rows of Bulk 2.0: facts 4.9), `DailyBulkV2QueryJobs` with query jobs; each
refuses when it is spent. The other figures stand still at a Developer Edition's size.

Not imitated: per-app usage, storage, the 150,000,000 rows of a day, the last second of the count at
a kill -9. Likely but not on record: the words of ExceededQuota.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from starlette.routing import Route

from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.sql import name
from crm_sink.emulator.wire import reply

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.clock import Clock
    from crm_sink.emulator.org import Org

FILE = "calls_used.json"
DAY = 86_400.0
BATCH = 10_000  # records of a bulk job that count as one batch (facts 4.9)
BATCHES = ("bulk1 batch", "bulk1 serial batch")
SAVED_EVERY = 1.0  # seconds
BULK_BATCHES, QUERY_JOBS = "DailyBulkApiBatches", "DailyBulkV2QueryJobs"
QUOTA_WORDS = {
    BULK_BATCHES: "ApiBatchItems Limit exceeded.",
    QUERY_JOBS: "BulkV2QueryJobs Limit exceeded.",
}

# Allowances that do not move here: name, Max.
ALLOWANCES = {
    "AnalyticsExternalDataSizeMB": 40960,
    "CdpAiInferenceApiMonthlyLimit": 500000000,
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentEinsteinDataInsightsStoryCreation": 5,
    "ConcurrentEinsteinDiscoveryStoryCreation": 2,
    "ConcurrentSyncReportRuns": 20,
    "ContentDistBandwidthLimitMB": 51200,
    "ContentDistViewLimit": 50000,
    "ContentPublicationLimit": 2500,
    "DailyAnalyticsDataflowJobExecutions": 60,
    "DailyAnalyticsUploadedFilesSizeMB": 51200,
    "DailyApexCursorLimit": 10000,
    "DailyApexCursorRowsLimit": 100000000,
    "DailyApexPCursorLimit": 200000,
    "DailyAsyncApexExecutions": 250000,
    "DailyAsyncApexTests": 500,
    "DailyBulkApiBatches": 15000,
    "DailyBulkV2QueryFileStorageMB": 976562,
    "DailyBulkV2QueryJobs": 10000,
    "DailyDeliveredPlatformEvents": 10000,
    "DailyDurableGenericStreamingApiEvents": 10000,
    "DailyDurableStreamingApiEvents": 10000,
    "DailyEinsteinDataInsightsStoryCreation": 1000,
    "DailyEinsteinDiscoveryOptimizationJobRuns": 25,
    "DailyEinsteinDiscoveryPredictAPICalls": 50000,
    "DailyEinsteinDiscoveryPredictionsByCDC": 500000,
    "DailyEinsteinDiscoveryStoryCreation": 100,
    "DailyFunctionsApiCallLimit": 50000,
    "DailyGenericStreamingApiEvents": 10000,
    "DailyMetadataRetrievesWithDependencies": 25,
    "DailyServiceEmailAgentforceCalls": 5000,
    "DailyStandardVolumePlatformEvents": 10000,
    "DailyStreamingApiEvents": 10000,
    "DailyWorkflowEmails": 8040,
    "DataStorageMB": 5,
    "DurableStreamingApiConcurrentClients": 20,
    "ExternalServicesActiveObjects": 3000,
    "ExternalServicesActiveOperations": 3000,
    "ExternalServicesObjectProperties": 400000,
    "ExternalServicesObjects": 10000,
    "ExternalServicesOperations": 10000,
    "ExternalServicesRegistrations": 700,
    "FileStorageMB": 20,
    "HourlyAsyncReportRuns": 1200,
    "HourlyDashboardRefreshes": 200,
    "HourlyDashboardResults": 5000,
    "HourlyDashboardStatuses": 999999999,
    "HourlyElevateAsyncReportRuns": 1200,
    "HourlyElevateSyncReportRuns": 500,
    "HourlyLongTermIdMapping": 100000,
    "HourlyManagedContentPublicRequests": 50000,
    "HourlyODataCallout": 1000,
    "HourlyPublishedPlatformEvents": 50000,
    "HourlyPublishedStandardVolumePlatformEvents": 1000,
    "HourlyShortTermIdMapping": 100000,
    "HourlySyncReportRuns": 500,
    "HourlyTimeBasedWorkflow": 1000,
    "MassEmail": 10,
    "MaxContentDocumentsLimit": 30000000,
    "MonthlyEinsteinDiscoveryStoryCreation": 500,
    "Package2VersionCreates": 6,
    "Package2VersionCreatesWithoutValidation": 500,
    "PlatformEventTriggersWithParallelProcessing": 5,
    "PrivateConnectOutboundCalloutHourlyLimitMB": 0,
    "PublishCallbackUsageInApex": 5242880,
    "ScheduledFlowRunLimit": 250000,
    "ScheduledPathRunLimit": 250000,
    "SingleEmail": 15,
    "StreamingApiConcurrentClients": 20,
}


class Limits:
    """Calls in the last 24 hours against the daily allowance."""

    def __init__(self, folder: Path, clock: Clock, daily: int) -> None:
        self.daily = daily
        self._path = folder / FILE
        self._clock = clock
        self._lock = threading.Lock()
        self._saved_at = float("-inf")
        stored = json.loads(self._path.read_text()) if self._path.exists() else []
        # Times are kept by the minute: [minute, calls in it].
        self._used: deque[list[float]] = deque([start, calls] for start, calls in stored)

    def use(self) -> int:
        """Count one call and give how many were made in the last 24 hours.

        Raises:
            ApiError: The allowance is spent; the call is not counted.
        """
        with self._lock:
            used = self._total()
            if used >= self.daily:
                raise ApiError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            minute = self._clock.now().timestamp() // 60
            if self._used and self._used[-1][0] == minute:
                self._used[-1][1] += 1
            else:
                self._used.append([minute, 1])
            if self._clock.monotonic() - self._saved_at >= SAVED_EVERY:
                self._save()
            return used + 1

    @property
    def used(self) -> int:
        """How many calls were made in the last 24 hours."""
        with self._lock:
            return self._total()

    def set_used(self, calls: int) -> None:
        """Pretend that this many calls were made just now."""
        with self._lock:
            self._used = deque([[self._clock.now().timestamp() // 60, calls]])

    def save(self) -> None:
        """Remember the count for the next start."""
        with self._lock:
            self._save()

    def _save(self) -> None:
        self._saved_at = self._clock.monotonic()
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(list(self._used)))
        part.replace(self._path)

    def _total(self) -> int:
        oldest = (self._clock.now().timestamp() - DAY) // 60
        while self._used and self._used[0][0] <= oldest:
            self._used.popleft()
        return int(sum(calls for _, calls in self._used))


def moving(org: Org) -> dict[str, tuple[int, int]]:
    """Give the allowances that fall: name to what there is in a day, and what is used of it."""
    recent = org.jobs.since(org.now().replace(tzinfo=None) - timedelta(seconds=DAY))
    batches = sum(ceil((job.processed or 0) / BATCH) for job in recent if job.kind == "ingest")
    batches += sum(job.kind in BATCHES for job in recent)
    queries = sum(job.kind == "query" for job in recent)
    return {
        "DailyApiRequests": (org.limits.daily, org.limits.used),
        BULK_BATCHES: (org.settings.daily_bulk_batches, batches),
        QUERY_JOBS: (org.settings.daily_query_jobs, queries),
    }


def quota_error(org: Org, allowance: str) -> str | None:
    """Give what a bulk API says of a spent allowance, or None while some of it is left."""
    top, used = moving(org)[allowance]
    return None if used < top else QUOTA_WORDS[allowance]


def check_quota(org: Org, allowance: str) -> None:
    """Refuse a new job of Bulk 2.0 when its allowance is spent.

    Raises:
        ApiError: 400 EXCEEDEDQUOTA.
    """
    words = quota_error(org, allowance)
    if words is not None:
        raise ApiError(400, "EXCEEDEDQUOTA", f"ExceededQuota : {words}")


async def show(request: Request) -> Response:
    """Answer `GET /limits`."""
    figures: dict[str, object] = {
        key: {"Max": top, "Remaining": top} for key, top in ALLOWANCES.items()
    }
    for key, (top, used) in moving(request.app.state.org).items():
        figures[key] = {"Max": top, "Remaining": max(0, top - used)}
    figures["PermissionSets"] = {
        "Max": 1500,
        "Remaining": 1500,
        "CreateCustom": {"Max": 1000, "Remaining": 1000},
    }
    return reply({key: figures[key] for key in sorted(figures)})


def record_count(request: Request) -> Response:
    """Answer `GET /limits/recordCount?sObjects=A,B`; an object without records is left out.

    Who names no object, as the sf CLI does by `?sObjects`, is told of all.
    """
    org = request.app.state.org
    asked = request.query_params.get("sObjects")
    wanted = asked.lower().split(",") if asked else org.store.objects
    counts = []
    for key in wanted:
        found = org.store.objects.get(key.strip())
        if found is None:
            continue
        live = "where not IsDeleted" if found.find("IsDeleted") else ""
        row = (
            org.store.cursor().execute(f"select count(*) from {name(found.name)} {live}").fetchone()
        )
        if row[0]:
            counts.append({"count": row[0], "name": found.name})
    return reply({"sObjects": sorted(counts, key=lambda one: str(one["name"]))})


routes = [
    Route("/services/data/v{version}/limits", show, methods=["GET"]),
    Route("/services/data/v{version}/limits/recordCount", record_count, methods=["GET"]),
]
