"""Put model predictions onto Salesforce records, where sales teams already work.

The public names are loaded when they are first used, so that `import crm_sink` costs next to
nothing: pandas, DuckDB and requests come in only with the work that needs them.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crm_sink.api import Result, apply, load_mapping, plan, retry, sync, undo, verify

__version__ = "0.1.0"
__all__ = [
    "Result",
    "__version__",
    "apply",
    "load_mapping",
    "plan",
    "retry",
    "sync",
    "undo",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from crm_sink import api

        return getattr(api, name)
    raise AttributeError(f"module 'crm_sink' has no attribute {name!r}")


class _Front(ModuleType):
    """This package, where importing the room `crm_sink.plan` leaves the function `plan` in place.

    Python makes an imported module an attribute of its package; a function of that name would be
    gone for whoever says `from crm_sink import plan` afterwards.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name in __all__ and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Front
