"""Deployments that were made: kept in files, and told as REST and SOAP tell them (facts 8.1).

A deployment is done when it is answered; whoever polls is told so at once.

Not imitated: deployments that expire, quick deployments, cancelling.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crm_sink.emulator import ids
from crm_sink.emulator.clock import stamp
from crm_sink.emulator.xml import leaf, wrap
from crm_sink.emulator.zips.deploying import deploy

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.zips.deploying import Options

PREFIX = "0Af"
TESTS = {
    "successes": [],
    "failures": [],
    "totalTime": 0.0,
    "apexLogId": None,
    "flowCoverage": [],
    "numFailures": 0,
    "codeCoverage": [],
    "codeCoverageWarnings": [],
    "flowCoverageWarnings": [],
    "numTestsRun": 0,
}


def make(org: Org, content: bytes, options: Options) -> dict[str, Any]:
    """Deploy a zip and give its deployResult, with details."""
    with org.store.writing() as cursor:
        deploy_id = ids.record_id(PREFIX, org.store.reserve(cursor, "_deploy", 1))
    started = stamp(org.stamp())
    found = deploy(org, content, options)
    result = _result(org, deploy_id, found, started)
    path = _path(org, deploy_id)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result), encoding="utf-8")
    return result


def find(org: Org, deploy_id: str, *, details: bool) -> dict[str, Any] | None:
    """Give a deployResult, or None when there is no such deployment."""
    known = ids.normal(deploy_id)
    path = _path(org, known) if known else None
    if path is None or not path.exists():
        return None
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result if details else {**result, "details": None}


def as_xml(result: dict[str, Any]) -> str:
    """Tell a deployResult as SOAP does: keys by the alphabet, dates in `Z`, nothing for null."""
    parts = []
    for key in sorted(result):
        for one in result[key] if isinstance(result[key], list) else [result[key]]:
            if isinstance(one, dict):
                parts.append(wrap(key, as_xml(one)))
            elif one is not None:
                is_date = key.endswith("Date") and isinstance(one, str)
                parts.append(leaf(key, one.replace("+0000", "Z") if is_date else one))
    return "".join(parts)


def _path(org: Org, deploy_id: str) -> Path:
    return org.store.folder / "deploys" / f"{deploy_id}.json"


def _result(org: Org, deploy_id: str, found: dict[str, Any], started: str) -> dict[str, Any]:
    ended = stamp(org.stamp())
    messages = [_message(one, ended) for one in found["messages"]]
    failures = [one for one in messages if not one["success"]]
    counted = [one for one in messages if not one["forPackageManifestFile"]]
    errors = [one for one in counted if not one["success"]]
    status = found["status"]
    return {
        "id": deploy_id,
        "messages": None,
        "retrieveResult": None,
        "success": status == "Succeeded",
        "checkOnly": found["options"]["check_only"],
        "ignoreWarnings": found["options"]["ignore_warnings"],
        "rollbackOnError": found["options"]["rollback_on_error"],
        "status": status,
        "numberComponentsDeployed": len(counted) - len(errors),
        "numberComponentsTotal": len(counted),
        "numberComponentErrors": len(errors),
        "numberTestsCompleted": 0,
        "numberTestsTotal": 0,
        "numberTestErrors": 0,
        "details": {
            "componentFailures": failures,
            "componentSuccesses": [one for one in messages if one["success"]],
            "retrieveResult": None,
            "allComponentMessages": messages,
            "runTestResult": TESTS,
        },
        "createdDate": started,
        "startDate": started,
        "lastModifiedDate": ended,
        "completedDate": ended,
        "errorStatusCode": "UNKNOWN_EXCEPTION" if found["error"] else None,
        "errorMessage": found["error"],
        "stateDetail": None,
        "createdBy": org.user_id[:15],
        "createdByName": " ".join(org.person),
        "canceledBy": None,
        "canceledByName": None,
        "done": True,
        "runTestsEnabled": False,
        "runTestResult": None,
    }


def _message(one: dict[str, Any], moment: str) -> dict[str, Any]:
    """Give a component's keys in the recorded order."""
    return {
        "componentType": one["type"],
        "fileName": one["file"],
        "fullName": one["full_name"],
        "id": one["id"],
        "problem": one["problem"],
        "success": one["problem"] is None,
        "warning": False,
        "created": one["created"],
        "changed": one["changed"],
        "deleted": one["deleted"],
        "lineNumber": None,
        "columnNumber": None,
        "requiresProductionTestRun": False,
        "createdDate": moment,
        "knownPackagingProblem": False,
        "forPackageManifestFile": one["is_manifest"],
        "problemType": None if one["problem"] is None else "Error",
    }
