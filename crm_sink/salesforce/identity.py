"""Asks the org who we are: what records and jobs carry as `CreatedById` when we made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_sink.crm.call import Call
from crm_sink.salesforce import answers

if TYPE_CHECKING:
    from crm_sink.crm.call import Send

USERINFO = "/services/oauth2/userinfo"


def user_id(send: Send) -> str:
    """Give the id of the logged-in user, in 15 characters.

    Raises:
        CrmError: The org does not say who we are, or refused.
    """
    return answers.text(send(Call("GET", USERINFO, USERINFO)).document, "user_id", USERINFO)[:15]
