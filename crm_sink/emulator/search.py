"""Looking for records by a word: `/search`, `/parameterizedSearch` and `/recent`.

A record is found when its name, e-mail, phone, website or company has each word that is looked for,
as a whole word without regard to case; `*` and `?` stand for any letters and for one. With
`RETURNING` or `sobject` only in those objects, with the fields that are named there.

Not imitated: SOSL's operators and clauses but FIND, RETURNING and LIMIT; stemming and ranking; the
list of what a user has looked at (`/recent` gives what was changed last).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from crm_sink.emulator.describe.objects import SEARCHED, path_of
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.rest.reading import fields_of, read_records
from crm_sink.emulator.sql import name
from crm_sink.emulator.wire import reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import ObjectType

FIND = re.compile(r"\s*find\s*\{(?P<word>[^}]*)\}(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
RETURNING = re.compile(
    r"returning\s+(?P<listed>.*?)(?:\s+limit\s+(?P<limit>\d+))?\s*$", re.I | re.S
)
OBJECT = re.compile(r"(\w+)\s*(?:\(([^)]*)\))?")
TERM = re.compile(r'"([^"]+)"|([^\s"]+)')
# As DuckDB's regular expressions have them.
LETTERS = r"\p{L}\p{N}"
LETTER = f"[{LETTERS}]"
MOST = 2000
RECENT = 200
LOOKED_AT = ("Name", "FirstName", "LastName", "Email", "Phone", "Website", "Company")


def search(request: Request) -> Response:
    """Answer `GET /search?q=FIND {word} ...`."""
    org: Org = request.app.state.org
    found = FIND.match(request.query_params.get("q", ""))
    if found is None:
        raise ApiError(
            400,
            "MALFORMED_SEARCH",
            "No search term found. The search term must be enclosed in braces.",
        )
    clause = RETURNING.search(found["rest"])
    if clause is None:
        wanted = [(one, "Id") for one in _searched(org)]
    else:
        wanted = [(_object(org, kind), listed) for kind, listed in OBJECT.findall(clause["listed"])]
    limit = count_in((clause and clause["limit"]) or "")
    records = _found(request, found["word"], wanted)[: MOST if limit is None else limit]
    return reply({"searchRecords": records})


def parameterized(request: Request) -> Response:
    """Answer `GET /parameterizedSearch?q=word&sobject=X&X.fields=A,B`."""
    org: Org = request.app.state.org
    asked = {key.lower(): value for key, value in request.query_params.items()}
    if not asked.get("q"):
        raise ApiError(400, "MALFORMED_SEARCH", "The q parameter is required")
    kind = asked.get("sobject")
    targets = [_object(org, kind)] if kind else _searched(org)
    fields = [
        asked.get(f"{one.name.lower()}.fields") or asked.get("fields") or "Id" for one in targets
    ]
    return reply({"searchRecords": _found(request, asked["q"], zip(targets, fields, strict=True))})


def recent(request: Request) -> Response:
    """Answer `GET /recent`: what was changed last, the newest first."""
    org: Org = request.app.state.org
    limit = count_in(request.query_params.get("limit", ""))
    version = request.path_params["version"]
    shown = [_changed(org, one) for one in _searched(org)]
    rows = sorted((row for rows in shown for row in rows), key=lambda row: row[0], reverse=True)
    return reply(
        [
            {
                "attributes": {"type": kind, "url": f"{path_of(kind, version)}/{record_id}"},
                "Id": record_id,
                "Name": text,
            }
            for _, kind, record_id, text in rows[: RECENT if limit is None else limit]
        ]
    )


def _searched(org: Org) -> list[ObjectType]:
    objects = org.store.objects.values()
    return [one for one in objects if one.custom or one.name in SEARCHED]


def _object(org: Org, kind: str) -> ObjectType:
    found = org.store.objects.get(kind.lower())
    if found is None:
        raise ApiError(400, "INVALID_TYPE", f"sObject type '{kind}' is not supported.")
    return found


def _found(
    request: Request, word: str, wanted: Iterable[tuple[ObjectType, str]]
) -> list[dict[str, Any]]:
    org: Org = request.app.state.org
    version = request.path_params["version"]
    patterns = _patterns(word)
    told: list[dict[str, Any]] = []
    for target, listed in wanted:
        fields = fields_of(target, listed.partition(" ")[0] if "," not in listed else listed)
        columns = [
            one
            for one in LOOKED_AT
            if (field := target.find(one)) and not target.is_compound(field)
        ]
        looked_at = f"concat_ws(chr(10), {', '.join(map(name, columns))})" if columns else "''"
        where = " and ".join([f"regexp_matches({looked_at}, ?, 'i')"] * len(patterns)) or "false"
        live = "and not IsDeleted" if target.find("IsDeleted") else ""
        text = f"select Id from {name(target.name)} where ({where}) {live} limit {MOST}"
        with org.store.cursor() as cursor:
            rows = cursor.execute(text, patterns).fetchall()
        records = read_records(org, target, [row[0] for row in rows], version, fields)
        told += records.values()
    return told


def _patterns(words: str) -> list[str]:
    """Give a regular expression for each word, or phrase in quotes, that is looked for."""
    found = [phrase or word for phrase, word in TERM.findall(words.replace("\\", ""))]
    letters = {"*": rf"{LETTER}*", "?": LETTER}
    inner = ("".join(letters.get(one, re.escape(one)) for one in term) for term in found)
    return [f"(^|[^{LETTERS}]){term}($|[^{LETTERS}])" for term in inner]


def _changed(org: Org, target: ObjectType) -> list[tuple[Any, str, str, str]]:
    shown = target.find("Name")
    text = "null"
    if shown is not None:
        text = name(shown.name)
        if target.is_compound(shown):
            text = "concat_ws(' ', FirstName, LastName)"
    live = "where not IsDeleted" if target.find("IsDeleted") else ""
    query = (
        f"select LastModifiedDate, {text}, Id from {name(target.name)} {live} "
        f"order by LastModifiedDate desc, Id limit {RECENT}"
    )
    with org.store.cursor() as cursor:
        rows = cursor.execute(query).fetchall()
    return [(when, target.name, record_id, label) for when, label, record_id in rows]


ROOT = "/services/data/v{version}"
routes = [
    Route(ROOT + "/search", search, methods=["GET"]),
    Route(ROOT + "/parameterizedSearch", parameterized, methods=["GET"]),
    Route(ROOT + "/recent", recent, methods=["GET"]),
]
