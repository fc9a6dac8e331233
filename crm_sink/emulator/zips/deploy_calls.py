"""Deployments by SOAP: `deploy` and `checkDeployStatus`.

Not imitated: cancelDeploy, deployRecentValidation.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from crm_sink.emulator.metadata.body import from_xml
from crm_sink.emulator.soap.envelope import Fault
from crm_sink.emulator.xml import first, leaf, text, wrap
from crm_sink.emulator.zips import deployments
from crm_sink.emulator.zips.deploying import read_options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from crm_sink.emulator.soap.envelope import Call


def deploy(request: Request, call: Call) -> str:
    """Take a zip in Base64; the reply is that of a deployment that waits."""
    given = first(call.body, "DeployOptions")
    options = read_options({} if given is None else from_xml(given))
    try:
        content = base64.b64decode(text(call.body, "ZipFile") or "")
    except ValueError:
        raise Fault("INVALID_ZIP", "The zip is not encoded in Base64") from None
    result = deployments.make(request.app.state.org, content, options)
    return wrap("result", leaf("done", False) + leaf("id", result["id"]) + leaf("state", "Queued"))


def status(request: Request, call: Call) -> str:
    """Tell what became of a deployment."""
    named = text(call.body, "asyncProcessId") or ""
    details = text(call.body, "includeDetails") == "true"
    found = deployments.find(request.app.state.org, named, details=details)
    if found is None:
        raise Fault("INVALID_CROSS_REFERENCE_KEY", f"no deployment found with id {named}")
    if found["details"] is not None:
        # The two lists beside it say the same.
        shown = {**found["details"]}
        del shown["allComponentMessages"]
        found = {**found, "details": shown}
    return wrap("result", deployments.as_xml(found))


OPERATIONS: Mapping[str, Callable[[Request, Call], str]] = {
    "deploy": deploy,
    "checkDeployStatus": status,
}
