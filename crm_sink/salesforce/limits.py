"""How many calls are left today: as the answers told, else from `GET /limits`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.crm.call import Allowance, Call
from crm_sink.crm.contract import Budget
from crm_sink.errors import CrmError
from crm_sink.salesforce import answers
from crm_sink.salesforce.versions import check_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from crm_sink.crm.call import Send
    from crm_sink.crm.observed import Usage


def budget(send: Send, root: str, usage: Callable[[], Usage]) -> Budget:
    """Tell how many calls are left in the rolling 24 hours.

    Costs a call only when no answer has told it yet.

    Args:
        send: Sends a call.
        root: `/services/data/vXX.0`.
        usage: What this process has sent so far.

    Raises:
        CrmError: The org does not have this version of the API, or the call failed.
    """
    known = usage().allowance
    if known is None:
        label = "/limits"
        try:
            answer = send(Call("GET", f"{root}/limits", label))
        except CrmError as error:
            if error.code == "NOT_FOUND":
                check_version(send, root)
            raise
        daily = answers.mapping(answer.document, "DailyApiRequests", label)
        limit = answers.number(daily, "Max", label)
        known = Allowance(limit - answers.number(daily, "Remaining", label), limit)
    # Paid orgs may overshoot their allowance for a while.
    return Budget(known.limit, max(0, known.limit - known.used), usage().calls)
