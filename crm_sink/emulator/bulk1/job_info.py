"""Jobs of Bulk 1.0: what a `jobInfo` may ask for, and what is told of a job.

A job holds batches; it is Open, Closed or Aborted, and its counts are those of its batches.

Not imitated: zipped content and attachments, PK chunking. Likely but not on record: the wording
for a job that names no operation or content type.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from crm_sink.emulator.bulk1 import errors
from crm_sink.emulator.bulk1.errors import AsyncError
from crm_sink.emulator.bulk1.forms import stamp
from crm_sink.emulator.jobs import DONE, FAILED, OPEN, RUNNING, UPLOADED
from crm_sink.emulator.rest.rows import is_key
from crm_sink.emulator.xml import BadXml, parse, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crm_sink.emulator.jobs import Job
    from crm_sink.emulator.org import Org

KIND = "bulk1"
QUERIES = ("query", "queryAll")
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete", *QUERIES)
CONTENTS = ("CSV", "JSON", "XML")
# simple-salesforce sends numbers.
MODES = {"parallel": "Parallel", "0": "Parallel", "serial": "Serial", "1": "Serial"}


def read(content: bytes, *, is_json: bool) -> dict[str, str]:
    """Read a jobInfo; keys without a value are left out.

    Raises:
        AsyncError: It is neither XML nor JSON, as announced.
    """
    try:
        if is_json:
            body = json.loads(content)
            if not isinstance(body, dict):
                raise AsyncError(errors.BAD_INPUT, "The request body is no JSON object")
            return {key: str(value) for key, value in body.items() if value is not None}
        root = parse(content)
    except (BadXml, ValueError) as error:
        code = errors.BAD_INPUT if is_json else errors.INVALID_XML
        raise AsyncError(code, f"Unable to parse the request: {error}") from None
    if tag(root) != "jobInfo":
        raise AsyncError(errors.INVALID_XML, f"Expected a jobInfo, found {tag(root)}")
    return {tag(one): one.text.strip() for one in root if one.text and one.text.strip()}


def create(org: Org, asked: dict[str, str], version: str, *, is_json: bool) -> Job:
    """Make a job.

    Raises:
        AsyncError: The org has no such object or external id, or the job is none it could do.
    """
    operation = asked.get("operation", "")
    if operation not in OPERATIONS:
        raise AsyncError(errors.INVALID_JOB, f"Unknown operation: '{operation}'")
    content = asked.get("contentType", "JSON" if is_json else "XML").upper()
    if content not in CONTENTS:
        raise AsyncError(errors.UNSUPPORTED, f"Unsupported content type: {content}")
    mode = MODES.get(asked.get("concurrencyMode", "Parallel").lower())
    if mode is None:
        text = f"Unknown concurrency mode: '{asked['concurrencyMode']}'"
        raise AsyncError(errors.INVALID_JOB, text)
    target = org.store.objects.get(asked.get("object", "").lower())
    if target is None:
        text = f"Unable to find object: {asked.get('object', '')}"
        raise AsyncError(errors.INVALID_JOB, text)
    external = asked.get("externalIdFieldName") if operation == "upsert" else None
    if operation == "upsert":
        _check_external(external, org, target.name)
    return org.jobs.create(
        KIND,
        operation,
        target.name,
        state=OPEN,
        api_version=version,
        external_id_field=external,
        assignment_rule=asked.get("assignmentRuleId"),
        more={"mode": mode, "content": content},
    )


def _check_external(external: str | None, org: Org, named: str) -> None:
    if external is None:
        text = f"External ID was blank for {named}. An External ID must be specified for upsert."
        raise AsyncError(errors.INVALID_JOB, text)
    field = org.store.objects[named.lower()].find(external)
    if field is None or not is_key(field):
        text = f"Field name provided, {external} does not match an External ID for {named}"
        raise AsyncError(errors.INVALID_JOB, text)


def told(job: Job, batches: Sequence[Job]) -> dict[str, object]:
    """Give a job's keys in the recorded order; what it has not is None."""
    states = Counter(batch.state for batch in batches)
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": stamp(job.created),
        "systemModstamp": stamp(max([job.modified, *(one.modified for one in batches)])),
        "state": job.state,
        "externalIdFieldName": job.external_id_field,
        "concurrencyMode": job.more["mode"],
        "contentType": job.more["content"],
        "assignmentRuleId": job.assignment_rule,
        "numberBatchesQueued": states[UPLOADED],
        "numberBatchesInProgress": states[RUNNING],
        "numberBatchesCompleted": states[DONE],
        "numberBatchesFailed": states[FAILED],
        "numberBatchesTotal": len(batches),
        "numberRecordsProcessed": sum(one.processed or 0 for one in batches),
        "numberRetries": 0,
        "apiVersion": float(job.api_version),
        "numberRecordsFailed": sum(one.failed or 0 for one in batches),
        "totalProcessingTime": sum(one.total_ms for one in batches),
        "apiActiveProcessingTime": sum(one.active_ms for one in batches),
        "apexProcessingTime": 0,
    }
