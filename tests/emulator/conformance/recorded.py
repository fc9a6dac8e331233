"""Reads the recordings that are JSON or JavaScript: nango, restforce-db, grouparoo."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.emulator.conformance.exchange import Exchange, Story

if TYPE_CHECKING:
    from pathlib import Path

UI = "a helper of Salesforce's own pages, which no writer of fields calls"
ASIDE = {
    "get-quick-action-defaults": UI,
    "list-quick-actions": UI,
    "get-record-by-external-id": "a User, of whose 150 preferences the local org has none",
}


def nango(folder: Path) -> list[Story]:
    """Read `{method, url, request, status, headers, response}` of 2026."""
    made = []
    for path in sorted((folder / "nango").glob("*.json")):
        told = [_nango(path.stem, one) for one in json.loads(path.read_text())]
        if path.stem == "retrieve-query-more":
            told = [_first_page(told[0]), *told]
        made.append(Story("nango", path.stem, tuple(told)))
    return made


def _nango(name: str, one: dict[str, Any]) -> Exchange:
    asked = one["request"]
    # Their proxy takes most headers of an empty reply away.
    names = None if one["status"] == 204 else frozenset(one["headers"])
    empty = one["response"] == ""
    return Exchange(
        "nango",
        name,
        one["method"],
        unquote(one["url"].replace("%2F", "%252F")),
        one["status"],
        None if empty else json.dumps(one["response"]),
        query={key: str(value) for key, value in asked.get("params", {}).items()},
        body=json.dumps(asked["data"]) if "data" in asked else None,
        header_names=names,
        content_type=one["headers"].get("content-type"),
        aside=ASIDE.get(name),
    )


def _first_page(later: Exchange) -> Exchange:
    """Write down the query whose second page alone was recorded."""
    body = json.loads(later.answer or "")
    told = {**body, "done": False, "nextRecordsUrl": later.path}
    path, _, _ = later.path.rpartition("/")
    q = {"q": "SELECT Id, Name FROM Account"}
    return later.at(path=path, query=q, answer=json.dumps(told), judged=False)


def restforce(folder: Path) -> list[Story]:
    """Read 22 interactions of 2015, version header 29.0; each is a story of its own."""
    text = (folder / "restforce-db" / "unique_interactions_2015.json").read_text()
    made = []
    for number, one in enumerate(json.loads(text)):
        url = urlsplit(one["uri"].replace("<api_version>", "v31.0").replace("<host>", "host"))
        names = frozenset(name.lower() for name in one["headers"])
        told = Exchange(
            "restforce-db",
            f"{number + 1}",
            one["method"].upper(),
            url.path,
            one["status"]["code"],
            one["body"].replace("<api_version>", "v31.0") or None,
            query=dict(parse_qsl(url.query)),
            body=one["request_body"] or None,
            header_names=names,
            content_type=(one["headers"].get("Content-Type") or [None])[0],
        )
        made.append(Story("restforce-db", told.name, (told,)))
    return made


CALL = re.compile(
    r"^// from (?P<file>\S+)\nnock\(.*?\)\s*\.(?P<method>get|post|patch|delete)\((?P<asked>.*?)\)\n"
    r"(?:\s*\.query\((?P<query>.*?)\)\n)?\s*\.once\(\)\s*\.reply\(\s*(?P<status>\d+),"
    r"(?P<answer>.*?),\s*\[(?P<headers>(?:\s*(?:\"[^\n]*\"|'[^\n]*'),)+)\s*\]\s*\);",
    re.DOTALL | re.MULTILINE,
)
WORD = re.compile(r"([{,]\s*)([A-Za-z_]\w*)\s*:")


def grouparoo(folder: Path) -> list[Story]:
    """Read nock calls of December 2021: JavaScript literals that are nearly JSON."""
    text = (folder / "grouparoo" / "nock_excerpts_2021-12.js").read_text()
    told = []
    for number, found in enumerate(CALL.finditer(text)):
        _, path, body = re.split(r'("[^"]*")', found["asked"], maxsplit=1)
        body = body.strip().lstrip(",").strip()
        headers = _literal("[" + found["headers"].rstrip().rstrip(",") + "]")
        named = dict(zip(headers[::2], headers[1::2], strict=True))
        answer = _literal(found["answer"])
        is_text = isinstance(answer, str)
        asked = _literal(body) if body else None
        told.append(
            Exchange(
                "grouparoo",
                f"{number + 1} {found['file'].rpartition('/')[2]}",
                found["method"].upper(),
                str(_literal(path)),
                int(found["status"]),
                answer if is_text else json.dumps(answer),
                query={k: unquote(v) for k, v in (_literal(found["query"] or "{}")).items()},
                body=asked if isinstance(asked, str) else json.dumps(asked) if asked else None,
                header_names=frozenset(name.lower() for name in named),
                content_type=named.get("Content-Type"),
            )
        )
    return [Story("grouparoo", "export", tuple(told))]


def _literal(text: str) -> Any:
    text = text.strip().rstrip(",")
    if text.startswith("'"):
        return text[1:-1].replace("\\'", "'")
    listed = text.replace("'\"", '"\\"').replace("\"'", '\\""')
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", WORD.sub(r'\1"\2":', listed)))
