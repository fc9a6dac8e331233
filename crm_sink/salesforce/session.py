"""Holds the HTTP session with one org: performs a `Call`, gives an `Answer`, raises `CrmError`.

It logs in when the first call is made, and once more, for all threads together, when the session
has expired. It never sends anything again for another reason: that is `crm.retrying`. Redirects
are not followed, so that the token goes to no other host.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from crm_sink import __version__
from crm_sink.crm.call import Answer, Call, Expect
from crm_sink.errors import CrmError, Fate, LoginError
from crm_sink.salesforce import failures
from crm_sink.salesforce.answers import headers_of, read_answer
from crm_sink.salesforce.connection import connection

if TYPE_CHECKING:
    from crm_sink.salesforce.auth import LogIn, Login

TIMEOUTS = (10.0, 180.0)  # seconds to connect, and between two bytes of an answer

# Not all of OSError: a full disk is no failure of the network.
_NETWORK = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    ConnectionError,
    TimeoutError,
)

HEADERS = {
    "Accept-Encoding": "gzip",
    "Sforce-Call-Options": f"client=crm_sink/{__version__}",
    "User-Agent": f"crm_sink/{__version__}",
}
# Without it the org runs assignment rules on updates of Lead, Case and Account, and can hand a
# record to another owner because its score changed (REST API guide, "Assignment Rule Header").
WRITE_HEADERS = {"Sforce-Auto-Assign": "FALSE"}


class Session:
    """The innermost `Send`: one org, one pool of connections, used by many threads."""

    def __init__(self, log_in: LogIn, *, timeouts: tuple[float, float] = TIMEOUTS) -> None:
        self._log_in = log_in
        self._timeouts = timeouts
        self._lock = Lock()
        self._login: Login | None = None
        self._refusal: LoginError | None = None
        self._http: requests.Session | None = None
        self._reached = False

    def __call__(self, call: Call) -> Answer:
        """Perform a call; with an expired session, log in anew and perform it once more."""
        login = self.login()
        try:
            return self._perform(call, login)
        except LoginError as error:
            if error.code != failures.EXPIRED:
                raise
        return self._perform(call, self._renew(login))

    def login(self) -> Login:
        """Give the present session, logging in if there is none yet.

        Raises:
            LoginError: The org refused.
        """
        with self._lock:
            return self._login or self._enter()

    def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            self._http.close()

    def _renew(self, stale: Login) -> Login:
        """Log in anew, unless another thread has done so since `stale` was handed out."""
        with self._lock:
            if self._login is not None and self._login.token != stale.token:
                return self._login
            fresh = self._enter()
        if fresh.token == stale.token:
            raise LoginError(
                "the session has expired or was revoked",
                code=failures.EXPIRED,
                fate=Fate.STOP,
                status=401,
                hint="set a fresh CRM_SINK_ACCESS_TOKEN, or log in with a client id",
            )
        return fresh

    def _enter(self) -> Login:
        """Log in, under the lock. A refusal is remembered: it must not be asked for again."""
        if self._refusal is not None:
            raise self._refusal
        try:
            login = self._log_in()
        except LoginError as error:
            self._refusal = error
            raise
        except CrmError as error:
            raise (failures.after_contact(error) if self._reached else error) from None
        if self._http is None:
            self._http = connection(login.instance_url)
            self._http.headers.update(HEADERS)
        self._login = login
        return login

    def _perform(self, call: Call, login: Login) -> Answer:
        host = urlsplit(login.instance_url).netloc
        try:
            response = self._send(call, login)
            with response:
                self._reached = True
                if not 200 <= response.status_code < 300:
                    raise failures.of_answer(
                        response.status_code, headers_of(response), response.content, call
                    )
                return read_answer(call, response, host)
        except _NETWORK as error:
            raise failures.of_network(error, call, host, reached=self._reached) from error

    def _send(self, call: Call, login: Login) -> requests.Response:
        if not call.path.startswith("/"):
            # `https://org` + `@elsewhere/` would send the token elsewhere.
            raise failures.of_lost_answer(
                "UNEXPECTED_ANSWER", "the org named a path that does not begin with a slash", call
            )
        headers = {"Authorization": f"Bearer {login.token}", **call.headers}
        if call.method != "GET":
            headers |= WRITE_HEADERS
        if call.expect is Expect.JSON:
            headers.setdefault("Accept", "application/json")

        def send(body: bytes | BinaryIO | None) -> requests.Response:
            assert self._http is not None
            return self._http.request(
                call.method,
                login.instance_url + call.path,
                params=dict(call.query),
                headers=headers,
                data=body,
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
            )

        if isinstance(call.body, Path):
            with call.body.open("rb") as body:
                return send(body)
        return send(call.body)
