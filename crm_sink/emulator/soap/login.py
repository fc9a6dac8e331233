"""SOAP `login`, and the few calls about the session that clients make with it (facts 1.5).

The password is the user's with the security token after it. From API 65.0 on there is no login.

Not imitated: expired passwords, IP restrictions, portal users. Likely but not on record: the words
for a login in a version that has none.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from crm_sink.emulator.soap.envelope import NAMESPACES, Fault
from crm_sink.emulator.xml import leaf, text, wrap

if TYPE_CHECKING:
    from starlette.requests import Request

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.soap.envelope import Call

LAST_WITH_LOGIN = 64
REFUSED = "Invalid username, password, security token; or user locked out."


def login(request: Request, call: Call) -> str:
    """Give a new session and where it is good for.

    Raises:
        Fault: INVALID_LOGIN, or the API version has no login any more.
    """
    org: Org = request.app.state.org
    version = request.path_params["version"]
    if float(version) > LAST_WITH_LOGIN:
        namespace = NAMESPACES[request.path_params["service"]]
        text_ = f"No operation available for request {{{namespace}}}login"
        raise Fault("soapenv:Client", text_)
    who = org.credentials
    given = text(call.body, "username") or ""
    password = text(call.body, "password") or ""
    known = given.lower() == who.username.lower()
    right = (who.password + who.security_token).encode()
    if not known or not hmac.compare_digest(password.encode("utf-8", "replace"), right):
        raise Fault("INVALID_LOGIN", REFUSED, "LoginFault")
    place = f"{version}/{org.org_id[:15]}"
    root = f"{org.url(request)}/services/Soap"
    return wrap(
        "result",
        leaf("metadataServerUrl", f"{root}/m/{place}")
        + leaf("passwordExpired", False)
        + leaf("sandbox", True)
        + leaf("serverUrl", f"{root}/{request.path_params['service']}/{place}")
        + leaf("sessionId", org.sessions.issue())
        + leaf("userId", who.user_id)
        + wrap("userInfo", _user_info(org)),
    )


def user_info(request: Request, call: Call) -> str:
    """Answer `getUserInfo`."""
    return wrap("result", _user_info(request.app.state.org))


def server_timestamp(request: Request, call: Call) -> str:
    """Answer `getServerTimestamp`."""
    org: Org = request.app.state.org
    return wrap("result", leaf("timestamp", f"{org.now():%Y-%m-%dT%H:%M:%S.000Z}"))


def logout(request: Request, call: Call) -> str:
    """End the session."""
    org: Org = request.app.state.org
    org.sessions.revoke(call.session or "")
    return ""


def _user_info(org: Org) -> str:
    """Give the user's keys in the recorded order."""
    who = org.credentials
    told: dict[str, object] = {
        "accessibilityMode": False,
        "chatterExternal": False,
        "currencySymbol": "$",
        "orgAttachmentFileSizeLimit": 26214400,
        "orgDefaultCurrencyIsoCode": "USD",
        "orgDefaultCurrencyLocale": "en_US",
        "orgDisallowHtmlAttachments": False,
        "orgHasPersonAccounts": False,
        "organizationId": who.org_id,
        "organizationMultiCurrency": False,
        "organizationName": "Local Org",
        "profileId": _profile_id(org),
        "roleId": None,
        "sessionSecondsValid": org.sessions.seconds,
        "userDefaultCurrencyIsoCode": None,
        "userEmail": who.username,
        "userFullName": " ".join(org.person),
        "userId": who.user_id,
        "userLanguage": "en_US",
        "userLocale": "en_US",
        "userName": who.username,
        "userTimeZone": "GMT",
        "userType": "Standard",
        "userUiSkin": "Theme3",
    }
    return "".join(leaf(key, value) for key, value in told.items())


def _profile_id(org: Org) -> str | None:
    with org.store.cursor() as cursor:
        row = cursor.execute(
            'select ProfileId from "User" where Id = ?', [org.credentials.user_id]
        ).fetchone()
    return row[0] if row else None
