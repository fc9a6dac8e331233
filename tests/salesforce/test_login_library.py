"""Of simple-salesforce only the login comes in, and a program's own import of it is left alone."""

from __future__ import annotations

import subprocess
import sys

ALONE = """
import sys
from crm_sink.salesforce.login_library import login_library
login, exceptions = login_library()
heavy = {"zeep", "httpx", "lxml", "simple_salesforce", "cryptography"} & set(sys.modules)
assert not heavy, heavy
assert issubclass(exceptions.SalesforceAuthenticationFailed, Exception)
"""
SIGNED = """
signed = login.jwt.encode({"sub": "me"}, "k" * 32)
assert login.jwt.decode(signed, "k" * 32, ["HS256"]) == {"sub": "me"}
"""
AFTERWARDS = """
from simple_salesforce import Salesforce
import simple_salesforce.login
assert login.SalesforceLogin is not simple_salesforce.login.SalesforceLogin
"""
BEFORE = """
import simple_salesforce.login
from crm_sink.salesforce.login_library import login_library
assert login_library()[0] is simple_salesforce.login
"""
OTHER_VERSION = """
import sys
from crm_sink.salesforce import login_library as library
library.sys.modules[library.ALIAS] = library.ModuleType(library.ALIAS)
assert library.login_library()[0].__name__ == "simple_salesforce.login"
"""


def run(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_only_the_login_is_imported() -> None:
    run(ALONE)


def test_what_signs_a_token_is_imported_when_one_is_signed() -> None:
    run(ALONE + SIGNED)


def test_the_library_can_be_imported_whole_afterwards() -> None:
    run(ALONE + AFTERWARDS)


def test_a_library_that_is_there_already_is_used() -> None:
    run(BEFORE)


def test_a_version_that_cannot_be_imported_alone_is_imported_whole() -> None:
    run(OTHER_VERSION)
