"""Take the values of records out of an error message, so that it can be shown and sent on.

Salesforce quotes a person's data in its messages; a summary is copied into tickets and chats.
The reject file keeps the whole message: it stays where the predictions are. Pure.
"""

from __future__ import annotations

import re

MASK = "…"

# Where Salesforce's messages carry a value, as seen from real orgs; names of fields, objects and
# picklists, record ids and lengths stay.
_CARRIERS = (
    r"(data value too large: ).*?(?= \(max length=|$)",
    r"(restricted picklist field: ).*",
    r"(invalid email address: ).*",
    r"(External ID: ).*?(?= not found for field|$)",
    r"(external id specified: ).*",
    r"(value of incorrect type: ).*",
    r"(malformed id ).*",
    r"(from VALUE_STRING value ).*?(?= at \[| or request|$)",
)
_ANYWHERE = (
    r"()[^\s@<>:;,]+@[^\s@<>:;,]+\.\w+",  # e-mail addresses
    r"()(?<!\w)(?<!column )(?<!field )(?<!entity )'[^']*'(?!\w)",
    r'()(?<!\w)"[^"]*"(?!\w)',
)
_PATTERNS = tuple(re.compile(text, re.DOTALL | re.IGNORECASE) for text in (*_CARRIERS, *_ANYWHERE))


def masked(message: str, *values: str | None) -> str:
    """Put `…` in place of values: those given, those in quotes, and those after known words.

    Example: `Model: data value too large: J. Doe (max length=5)` becomes
    `Model: data value too large: … (max length=5)`.
    """
    for value in sorted((value for value in values if value), key=len, reverse=True):
        message = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", MASK, message)
    for pattern in _PATTERNS:
        message = pattern.sub(rf"\g<1>{MASK}", message)
    return message
