"""Looking for records by a word: `/search`, `/parameterizedSearch` and `/recent`.

A record is found when its name, e-mail, phone, website or company has each word that is looked for,
as a whole word without regard to case; `*` and `?` stand for any letters and for one, AND, OR and
AND NOT for themselves. With `RETURNING` or `sobject` only in those objects, with the fields that
are named there, and of those that are found the ones that their WHERE, ORDER BY, LIMIT and OFFSET
leave.

Not imitated: SOSL's clauses but FIND, RETURNING and LIMIT (IN is read, and looks at all fields);
parentheses in what is looked for, fields of
parents; stemming and ranking; the list of what a user has looked at
(`/recent` gives what was changed last).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from crm_sink.emulator.describe.objects import SEARCHED, path_of
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.numbers import count_in
from crm_sink.emulator.query import nearby
from crm_sink.emulator.rest.reading import fields_of, read_records
from crm_sink.emulator.soql.scope import Reading
from crm_sink.emulator.soql.translate import translate
from crm_sink.emulator.sql import literal, name
from crm_sink.emulator.wire import reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import ObjectType

FIND = re.compile(r"\s*find\s*\{(?P<word>[^}]*)\}(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
REST = re.compile(
    r"(?:.*?\breturning\s+(?P<listed>.*?)|[^()]*?)(?:\s+limit\s+(?P<limit>\d+))?\s*", re.I | re.S
)
QUOTED = r"'(?:\\.|[^'\\])*'"
# Parentheses inside: those of a condition, one in the other (`LastName IN ('a', 'b')`).
INSIDE = rf"(?:{QUOTED}|[^()']|\((?:{QUOTED}|[^()']|\((?:{QUOTED}|[^()'])*\))*\))*"
OBJECT = re.compile(rf"(\w+)\s*(?:\(({INSIDE})\))?")
CLAUSE = re.compile(r"\b(where|order\s+by|limit|offset)\b", re.IGNORECASE)
TERM = re.compile(r'"([^"]+)"|([^\s"]+)')
# As DuckDB's regular expressions have them.
LETTERS = r"\p{L}\p{N}"
LETTER = f"[{LETTERS}]"
MOST = 2000
SHORTEST = 2
NOBODY = "000000000000000AAA"
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
    clause = REST.fullmatch(found["rest"])
    listed = OBJECT.findall(clause["listed"] or "") if clause else []
    wanted = [(_object(org, kind), inside) for kind, inside in listed]
    wanted = wanted or [(one, "") for one in _searched(org)]
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
    request: Request, words: str, wanted: Iterable[tuple[ObjectType, str]]
) -> list[dict[str, Any]]:
    """Give the records of some objects, each with what stands in its parentheses."""
    org: Org = request.app.state.org
    if len(words.strip()) < SHORTEST:
        text = f"search term must be longer than one character: {words.strip()}"
        raise ApiError(400, "MALFORMED_SEARCH", text)
    terms = _terms(words)
    told: list[dict[str, Any]] = []
    for target, inside in wanted:
        record_ids = _ids(org, target, terms)
        clause = CLAUSE.search(inside)
        listed = inside[: clause.start()] if clause else inside
        fields = fields_of(target, listed.strip() or "Id")
        if clause:
            record_ids = _left(request, target, record_ids, inside[clause.start() :])
        version = request.path_params["version"]
        records = read_records(org, target, record_ids, version, fields)
        told += [records[one] for one in record_ids if one in records]
    return told


def _ids(org: Org, target: ObjectType, terms: list[list[tuple[bool, str]]]) -> list[str]:
    columns = [
        one for one in LOOKED_AT if (field := target.find(one)) and not target.is_compound(field)
    ]
    if not columns or not terms:
        return []
    looked_at = f"concat_ws(chr(10), {', '.join(map(name, columns))})"
    match = f"regexp_matches({looked_at}, ?, 'i')"
    groups = [
        " and ".join(match if is_wanted else f"not {match}" for is_wanted, _ in group)
        for group in terms
    ]
    live = "and not IsDeleted" if target.find("IsDeleted") else ""
    where = " or ".join(groups)
    text = f"select Id from {name(target.name)} where ({where}) {live} limit {MOST}"
    with org.store.cursor() as cursor:
        rows = cursor.execute(text, [one for group in terms for _, one in group]).fetchall()
    return [row[0] for row in rows]


def _left(request: Request, target: ObjectType, record_ids: list[str], clauses: str) -> list[str]:
    """Give those of the records that SOQL's clauses leave, in their order."""
    if not record_ids:
        record_ids = [NOBODY]  # the clauses may be wrong all the same
    among = f"Id IN ({', '.join(map(literal, record_ids))})"
    where = re.match(r"where\b", clauses, re.IGNORECASE)
    condition, rest = "", clauses
    if where:
        unquoted = re.sub(QUOTED, lambda found: "x" * len(found[0]), clauses)
        after = CLAUSE.search(unquoted, where.end())
        end = after.start() if after else len(clauses)
        condition, rest = f" AND ({clauses[where.end() : end]})", clauses[end:]
    soql = f"SELECT Id FROM {target.name} WHERE {among}{condition} {rest}"
    org: Org = request.app.state.org
    now, version = org.now().replace(tzinfo=None), request.path_params["version"]
    found = translate(soql, Reading(org.store.objects, now, version, False, org.user_id))
    return [json.loads(one)["Id"] for one in nearby.records(org, found, MOST)]


def _terms(words: str) -> list[list[tuple[bool, str]]]:
    """Give alternatives: in each the words and phrases, as patterns, that are wanted or not."""
    groups: list[list[tuple[bool, str]]] = [[]]
    is_wanted = True
    for phrase, word in TERM.findall(words.replace("\\", "")):
        operator = word.upper()
        if operator == "OR":
            groups.append([])
        elif operator == "NOT" and groups[-1]:
            is_wanted = False
        elif operator != "AND":
            groups[-1].append((is_wanted, _pattern(phrase or word)))
            is_wanted = True
    return [group for group in groups if group]


def _pattern(term: str) -> str:
    letters = {"*": rf"{LETTER}*", "?": LETTER}
    inner = "".join(letters.get(one, re.escape(one)) for one in term)
    return f"(^|[^{LETTERS}]){inner}($|[^{LETTERS}])"


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
