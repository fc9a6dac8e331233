"""DuckDB's errors about a mapping's expression, in the words of a mapping."""

from __future__ import annotations

import re

from crm_sink.transform.fit.coercion import Words


def describe_failure(error: BaseException) -> Words:
    """Say why an expression does not fit the prediction columns."""
    text = str(error).split("\n\nLINE")[0]
    first, _, rest = text.partition("\n")
    kind, _, message = first.partition(": ")
    if "Error" not in kind:
        message = first
    missing = re.search(r'Referenced column "([^"]+)" not found', message)
    if missing is not None:
        near = re.search(r'Candidate bindings: "([^"]+)"', rest)
        hint = f"Did you mean {near.group(1)}?" if near else ""
        return Words(f"the source has no column {missing.group(1)}", hint)
    candidates = [line.strip() for line in rest.splitlines() if "(" in line][:3]
    hint = f"It can be called as: {'; '.join(candidates)}." if candidates else ""
    unsuited = re.search(r"Unimplemented type for cast \((\w+)", message)
    if unsuited is not None:
        return Words(f"a function cannot take {unsuited.group(1)} here", hint)
    return Words(f"the expression does not fit the columns: {message[:300]}", hint)
