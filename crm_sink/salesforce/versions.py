"""Tells an API version that the org does not have from a thing that it does not have.

Salesforce answers 404 NOT_FOUND to both. The list of versions needs no login and costs no call of
the allowance. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_versions.htm
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.crm.call import Call
from crm_sink.errors import CrmError, Fate
from crm_sink.salesforce import answers

if TYPE_CHECKING:
    from crm_sink.crm.call import Send

LIST = "/services/data"


def check_version(send: Send, root: str) -> None:
    """Ask whether the org has the API version of `root`, such as `/services/data/v62.0`.

    Raises:
        CrmError: It does not (code UNSUPPORTED_API_VERSION, fate STOP), or the call failed.
    """
    version = root.rpartition("/v")[2]
    try:
        answer = send(Call("GET", LIST, LIST))
    except CrmError as error:
        if error.code == "NOT_FOUND":
            return  # a gateway passes on less than the org has: nothing can be told
        raise
    listed = answers.items(answer.document, None, LIST)
    known = [answers.text(entry, "version", LIST) for entry in listed]
    if version in known or not known:
        return
    raise CrmError(
        f"the org does not have version {version} of the API",
        code="UNSUPPORTED_API_VERSION",
        fate=Fate.STOP,
        where=LIST,
        hint=f"set CRM_SINK_API_VERSION to one of {known[0]} to {known[-1]}",
    )
