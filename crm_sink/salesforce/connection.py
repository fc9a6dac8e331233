"""Opens the pool of HTTP connections that a session or a login uses. It knows no token."""

from __future__ import annotations

import os
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from crm_sink.settings import LOOPBACK

POOL = 32  # connections kept alive: more than the calls that are ever in flight
# http.client sends a file in blocks of 16 KiB; with larger ones a 100 MB upload costs half the CPU.
SEND_BLOCK = 1 << 18


class Pool(HTTPAdapter):
    """A requests adapter with a pool for many threads and large upload blocks."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make urllib3's pool."""
        super().init_poolmanager(*args, **{**kwargs, "blocksize": SEND_BLOCK})


def connection(url: str) -> requests.Session:
    """Open a session for one host.

    Proxies and the CA bundle come from the environment, as requests itself would read them, but
    once: `trust_env` is off because it would also take a user and password from ~/.netrc and put
    them in place of the token. Loopback addresses never go through a proxy. No cookies are kept.
    """
    session = requests.Session()
    session.trust_env = False
    if urlsplit(url).hostname not in LOOPBACK:
        session.proxies.update(get_environ_proxies(url))
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if bundle:
        session.verify = bundle
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    pool = Pool(pool_connections=2, pool_maxsize=POOL)
    session.mount("https://", pool)
    session.mount("http://", pool)
    return session
