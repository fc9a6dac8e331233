"""Imports simple-salesforce's login, and no more of that library than the login needs.

Whatever is imported of it, the package itself comes in with its SOAP, metadata and bulk clients:
zeep, lxml and httpx, a third of a second of CPU in each run. So its folder is given a second name
here, under which only the login's own modules are imported; what signs a JWT, a twentieth of a
second more, comes in when one is signed. It performs no login.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

PACKAGE, SIGNING = "simple_salesforce", "jwt"
ALIAS = "crm_sink.salesforce.simple_salesforce_alone"


def login_library() -> tuple[ModuleType, ModuleType]:
    """Give simple-salesforce's modules `login` and `exceptions`."""
    if PACKAGE not in sys.modules:
        try:
            return _alone()
        except ImportError:
            # Another version of the library, whose login needs more of it.
            sys.modules.pop(f"{ALIAS}.login", None)
    return import_module(f"{PACKAGE}.login"), import_module(f"{PACKAGE}.exceptions")


def _alone() -> tuple[ModuleType, ModuleType]:
    if ALIAS not in sys.modules:
        spec = find_spec(PACKAGE)
        if spec is None:
            raise ImportError(PACKAGE)
        package = module_from_spec(ModuleSpec(ALIAS, None, is_package=True))
        package.__path__ = list(spec.submodule_search_locations or ())
        # All that the login takes from the module of the SOAP and REST clients.
        api = ModuleType(f"{ALIAS}.api")
        api.__dict__["DEFAULT_API_VERSION"] = "59.0"
        sys.modules |= {ALIAS: package, api.__name__: api}
    stand_in = _WhenUsed(SIGNING)
    is_new = sys.modules.setdefault(SIGNING, stand_in) is stand_in
    try:
        return import_module(f"{ALIAS}.login"), import_module(f"{ALIAS}.exceptions")
    finally:
        if is_new:  # whoever else imports it gets the module itself
            del sys.modules[SIGNING]


class _WhenUsed(ModuleType):
    """A module that is imported when something in it is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)
