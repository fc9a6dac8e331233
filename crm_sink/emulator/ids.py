"""Salesforce record ids: 15 characters, and 18 with a checksum that survives loss of case.

The checksum adds one character for each five: bit k says whether the k-th of them is upper case.
Both forms exist here twice: for one value in Python, and as SQL for a column.

Not imitated: Hyperforce's longer instance codes.
"""

from __future__ import annotations

import re
import string

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?", re.ASCII)
COUNTER_DIGITS = 8
# What stands between the key prefix and the counter: instance and reserved characters.
POD = "5g00"
# Each character of an id, and the bit that it puts into the checksum.
CHARACTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits
UPPER_BITS = "1" * 26 + "0" * 36
MARKS = str.maketrans(CHARACTERS, UPPER_BITS)


def with_checksum(short: str) -> str:
    """Give the 18-character form of a 15-character id."""
    # Backwards, so that the first of five characters is the lowest bit.
    bits = int(short.translate(MARKS)[::-1], 2)
    return short + ALPHABET[bits & 31] + ALPHABET[bits >> 5 & 31] + ALPHABET[bits >> 10]


def normal(text: str) -> str | None:
    """Give an id as its 18 characters, or None when it is no id.

    An 18-character id in the wrong case is mended by its checksum, as Salesforce does.
    """
    if SHAPE.fullmatch(text) is None:
        return None
    checked = with_checksum(text[:15])
    if len(text) == 15 or checked == text:
        return checked
    short = _mended(text)
    return None if short is None else with_checksum(short)


def record_id(prefix: str, counter: int) -> str:
    """Make the id of the counter-th record of an object."""
    return with_checksum(prefix + POD + base62(counter).rjust(COUNTER_DIGITS, "0"))


def base62(number: int) -> str:
    """Write a number in the digits that ids are counted with."""
    text = ""
    while number:
        number, rest = divmod(number, 62)
        text = DIGITS[rest] + text
    return text


def checksum_sql(column: str) -> str:
    """Give SQL for the three checksum characters of an id's first 15; null when that is no id.

    `column` is named three times: hand in a column, not a long expression.
    """
    # Backwards, so that the first of five characters is the lowest bit. Short SQL: planning it
    # is most of what a small write costs.
    marks = f"translate(reverse(substr({column}, 1, 15)), '{CHARACTERS}', '{UPPER_BITS}')"
    return " || ".join(
        f"substr('{ALPHABET}', 1 + try_cast('0b' || substr({marks}, {start}, 5) as integer), 1)"
        for start in (11, 6, 1)
    )


def normal_sql(column: str, *, mends: bool = False) -> str:
    """Give SQL for the 18-character form of an id column; text that is no id stays as it is.

    With `mends`, long ids in capitals, or with small letters in their checksum, get the case that
    the checksum says: so they come out of a spreadsheet or a database without regard to case.
    """
    checked = f"coalesce({column} || {checksum_sql(column)}, {column})"
    mended = ""
    if mends:
        spoilt = f"({column} = upper({column}) or right({column}, 3) <> upper(right({column}, 3)))"
        mended = f"when length({column}) = 18 and {spoilt} then {_mended_sql(column)} "
    return f"case when length({column}) = 15 then {checked} {mended}else {column} end"


def _mended_sql(column: str) -> str:
    """Give SQL for a long id in the case that its checksum says; of no id, what is none either."""
    mark = f"strpos('{ALPHABET}', upper(substr({column}, 16 + (i - 1) // 5, 1))) - 1"
    one = f"substr({column}, i, 1)"
    case = (
        f"case when (({mark}) >> ((i - 1) % 5)) & 1 = 0 then lower({one}) "
        f"when lower({one}) <> upper({one}) then upper({one}) else '!' end"
    )
    short = f"array_to_string(list_transform(range(1, 16), lambda i: {case}), '')"
    return f"{short} || upper(right({column}, 3))"


def is_id_sql(column: str) -> str:
    """Give SQL that says whether a text has the shape and the checksum of an id."""
    checked = f"substr({column}, 16) = {checksum_sql(f'substr({column}, 1, 15)')}"
    shape = f"regexp_full_match({column}, '[0-9A-Za-z]{{15}}([0-9A-Za-z]{{3}})?')"
    return f"({shape} and (length({column}) = 15 or {checked}))"


def numbered_sql(source: str, prefix: str, counter: str) -> str:
    """Give a query that adds a column `new_id` to another: the ids of those counters.

    Args:
        source: A query.
        prefix: The object's key prefix.
        counter: A bigint expression over the query's columns.
    """
    fixed = prefix + POD
    places = range(COUNTER_DIGITS)
    split = ", ".join(f"(counter // {62**place}) % 62 as d{place}" for place in places)
    digits = " || ".join(f"substr('{DIGITS}', 1 + d{place}, 1)" for place in reversed(places))
    # Of the second five characters the first two are fixed, and no upper case letters.
    second = [f"{_upper(place)} * {1 << bit}" for bit, place in ((2, 7), (3, 6), (4, 5))]
    third = [f"{_upper(place)} * {1 << bit}" for bit, place in enumerate((4, 3, 2, 1, 0))]
    marks = " || ".join(
        f"substr('{ALPHABET}', 1 + {' + '.join(bits)}, 1)" for bits in (second, third)
    )
    used = ", ".join(["counter", *(f"d{place}" for place in places)])
    return (
        f"select * exclude ({used}), '{fixed}' || {digits} || '{_character(fixed[:5])}' || {marks} "
        f"as new_id from (select *, {split} from (select *, {counter} as counter from ({source})))"
    )


def _upper(place: int) -> str:
    """Give SQL that is 1 when that digit is an upper case letter."""
    return f"(d{place} between 10 and 35)::integer"


def _character(five: str) -> str:
    return ALPHABET[sum(1 << place for place, c in enumerate(five) if c in string.ascii_uppercase)]


def _mended(text: str) -> str | None:
    """Give an 18-character id's first 15 in the case that its checksum says."""
    short = ""
    for group in range(3):
        mark = text[15 + group].upper()
        if mark not in ALPHABET:
            return None
        bits = ALPHABET.index(mark)
        for place, character in enumerate(text[group * 5 : group * 5 + 5]):
            upper = bool(bits >> place & 1)
            if upper and not character.isalpha():
                return None
            short += character.upper() if upper else character.lower()
    return short
