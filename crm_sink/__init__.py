"""Put model predictions onto Salesforce records, where sales teams already work.

The public names are loaded when they are first used, so that `import crm_sink` costs next to
nothing: pandas, DuckDB and requests come in only with the work that needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crm_sink.api import Result, apply, load_mapping, plan, sync

__version__ = "0.1.0"
__all__ = ["Result", "__version__", "apply", "load_mapping", "plan", "sync"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from crm_sink import api

        return getattr(api, name)
    raise AttributeError(f"module 'crm_sink' has no attribute {name!r}")
