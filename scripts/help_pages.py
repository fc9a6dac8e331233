"""Write what the help pages take from the code; a test compares pages and code.

`errors.md` whole: our own rejects, and Salesforce's error codes. In `local-org.md` the list of what
is not imitated, which stands in the docstrings of the local org. Run it after a change of these.
"""

from __future__ import annotations

import ast
import re
import tempfile
import textwrap
from itertools import groupby
from pathlib import Path

from crm_sink.crm.policy import Rule
from crm_sink.engine import Engine, Relation, open_engine
from crm_sink.errors import Fate
from crm_sink.match.refusals import collect_twins, converted, found_twice, not_found
from crm_sink.salesforce.fate import RULES
from crm_sink.schema import FieldSchema, FieldType
from crm_sink.transform.columns import EXPRESSION_FAILED
from crm_sink.transform.fit.coerce import coerce
from crm_sink.transform.fit.coercion import Coercion, Slot
from crm_sink.transform.fit.kinds import Kind
from crm_sink.transform.fit.numbers import KEY_ROUNDED
from crm_sink.transform.long_rows import ROW_TOO_LONG
from crm_sink.transform.rejects import CONDITION_FAILED, KEY_MISSING, TWIN_KEY

PACKAGE = Path(__file__).parent.parent / "crm_sink"
ERRORS = PACKAGE / "help" / "errors.md"
LOCAL_ORG = PACKAGE / "help" / "local-org.md"
Row = tuple[str, str, str]  # code, message, cure

HEAD = """\
# Error codes: what became of a row or a call, and the cure

The reject file, which `crm-sink show` names, has one line for each row and field at fault: `row`
(in the source, from 1), `key`, `id` (of the record), `stage`, `field`, `value`, `code`, `message`,
`hint` and `attempts` (how often it was sent). The hints stand here, too. What a command's exit code
means: `crm-sink help exit-codes`.
"""
ANSWERS = """\
## Salesforce's answers: stage `write`, and calls that fail

The message is Salesforce's own. A code that is not listed is a reject with Salesforce's words.
Where a code stands twice, the line whose words are in the message counts.

What is said of sending again holds for whole calls. A single row that was refused for a passing
reason is a reject for now: the next sync finds that it still differs, and sends it."""
FATES = {
    Fate.RETRY: "The same again, a little later; a reject only when it keeps failing",
    Fate.RETRY_SLOWER: "The same again, later, with less in flight",
    Fate.REJECT: "Not sent again as it is: somebody mends the data, the mapping or the org",
    Fate.STOP: "Nothing more can succeed now: the run ends, and says so",
}


def main() -> None:
    """Write the pages."""
    ERRORS.write_text(errors_page(), encoding="utf-8")
    LOCAL_ORG.write_text(local_org_page(), encoding="utf-8")


def errors_page() -> str:
    """Give the text of `errors.md`."""
    return "\n".join(
        [
            HEAD,
            "## Before anything is sent: stage `transform`",
            "",
            "The value does not fit its field. In the messages X__c stands for the field.",
            "",
            *table(("code", "what is wrong", "cure"), transform_rows()),
            "",
            "## Before anything is sent: stage `match`",
            "",
            "The prediction finds no record that it could be written to.",
            "",
            *table(("code", "what is wrong", "cure"), match_rows()),
            "",
            ANSWERS,
            *(line for fate in Fate for line in fate_lines(fate)),
            "",
        ]
    )


def transform_rows() -> list[Row]:
    """Collect the codes of every type of field, each with its text."""
    words = {
        "KEY_MISSING": KEY_MISSING,
        "KEY_ROUNDED": KEY_ROUNDED,
        "TWIN_KEY": TWIN_KEY,
        "CONDITION_FAILED": CONDITION_FAILED,
        "EXPRESSION_FAILED": EXPRESSION_FAILED,
        "ROW_TOO_LONG": ROW_TOO_LONG,
    }
    for kind in Kind:
        for type_ in FieldType:
            coercion = coerce(example(type_), kind, Slot("v", "c"))
            if isinstance(coercion, Coercion):
                words |= coercion.words
    return sorted((code, text.message, text.hint) for code, text in words.items())


def example(type_: FieldType) -> FieldSchema:
    """Give a required field of a type, with everything that its messages speak of."""
    return FieldSchema(
        name="X__c",
        type=type_,
        length=40,
        precision=5,
        scale=2,
        nillable=False,
        restricted=True,
        values=("Hot", "Warm", "Cold"),
        reference_to=("Account",),
    )


def match_rows() -> list[Row]:
    """Let three predictions fail to find their lead, and collect what is said."""
    with tempfile.TemporaryDirectory() as folder, open_engine(Path(folder)) as engine:
        desired = save(
            engine, Path(folder), "desired", "(1, 'a', 'a'), (2, 'b', 'b'), (3, 'c', 'c')"
        )
        present = save(
            engine,
            Path(folder),
            "present",
            "('00Q1', 'a', true, null, null), ('00Q2', 'b', false, null, null), "
            "('00Q3', 'b', false, null, null)",
        )
        collect_twins(present, engine)
        queries = [
            not_found(desired, present, "Lead", "Ext__c"),
            found_twice(desired, "Lead", "Ext__c"),
            converted(desired, present, twins=True),
        ]
        rows = [engine.rows(f"select code, message, hint from ({query})")[0] for query in queries]
    return sorted((str(code), str(message), str(hint)) for code, message, hint in rows)


COLUMNS = {
    "desired": "row, key, match_key",
    "present": 'id, match_key, "IsConverted", "ConvertedContactId", "ConvertedAccountId"',
}


def save(engine: Engine, folder: Path, name: str, rows: str) -> Relation:
    """Save literal rows as a relation."""
    query = f"select * from (values {rows}) t({COLUMNS[name]})"
    return engine.save(query, folder / f"{name}.parquet")


def fate_lines(fate: Fate) -> list[str]:
    """Give the section of the codes that share a fate."""
    rules = sorted((rule for rule in RULES if rule.fate is fate), key=lambda rule: rule.code)
    rows = [
        (code, rule_words(rule), rule.hint)
        for code, group in groupby(rules, key=lambda rule: rule.code)
        for rule in group
    ]
    return ["", f"### {FATES[fate]}", "", *table(("code", "only with", "cure"), rows)]


def rule_words(rule: Rule) -> str:
    """Give the words of a rule's pattern."""
    return rule.pattern.replace("|", ", ")


# The rooms of the local org, in the order of the page.
ROOMS = {
    "": "The whole org",
    "login": "Logins and sessions",
    "limits": "Limits",
    "describe": "Objects and fields",
    "standard_fields": "Standard fields",
    "dml": "How a record is judged and written",
    "ahead": "Writes that are answered early",
    "history": "Field history",
    "rest": "Records and collections by REST",
    "soql": "SOQL",
    "query": "Queries by REST",
    "search": "Searches",
    "jobs": "Bulk jobs",
    "ingest": "Bulk 2.0 ingest",
    "bulk_query": "Bulk 2.0 query",
    "bulk1": "Bulk 1.0",
    "soap": "SOAP",
    "metadata": "Metadata",
    "zips": "Deployments and retrieves",
    "listviews": "List views",
    "tooling": "Tooling",
    "access": "Field-level security",
    "duplicates": "Duplicate rules",
    "faults": "Faults on demand",
    "locks": "Row locks",
    "log": "The write log",
    "seed": "The made-up records",
    "pages": "The pages",
}
# Where a file that lies in no room is told; every other such file is of the whole org.
FILES = {
    "altering": "metadata",
    "far": "limits",
    "gate": "limits",
    "jobs": "jobs",
    "limits": "limits",
    "schema": "describe",
    "search": "search",
    "settings": "limits",
    "standard": "describe",
}
LIKELY = re.compile(r"(?:Not on record and so only likely|Likely but not on record): ")
# What separates statements, but for what stands in brackets.
APART = re.compile(r"[,;] (?![^()]*\))")


def local_org_page() -> str:
    """Give the text of `local-org.md`, with its two lists as the code has them now."""
    text = LOCAL_ORG.read_text(encoding="utf-8")
    for name, lines in zip(("not imitated", "likely"), docstring_lists(), strict=True):
        start = f"<!-- {name}, from the code -->\n"
        before, found, rest = text.partition(start)
        if not found:
            raise SystemExit(f"{LOCAL_ORG}: the line {start.strip()} is missing")
        _, end, after = rest.partition("<!-- end -->")
        text = before + start + "".join(f"{line}\n" for line in lines) + end + after
    return text


def docstring_lists() -> tuple[list[str], list[str]]:
    """Collect what the local org's docstrings say is not imitated, and what is only likely."""
    missing: dict[str, list[str]] = {room: [] for room in ROOMS}
    likely: dict[str, list[str]] = {room: [] for room in ROOMS}
    files = (PACKAGE / "emulator").rglob("*.py")
    for path in sorted(files, key=lambda path: (len(path.parts), path)):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found = re.search(r"Not imitated: (.*?)(?:\n\n|$)", docstring, flags=re.S)
        if found is None:
            continue
        told, *guesses = LIKELY.split(" ".join(found.group(1).split()))
        room = room_of(path)
        news = without_repeats(told.strip().removesuffix("."), [*missing[""], *missing[room]])
        missing[room] += [news] if news else []
        likely[room] += [one.strip().removesuffix(".") for one in guesses]
    return by_room(missing), by_room(likely)


def room_of(path: Path) -> str:
    """Give the room that a file is told in."""
    return FILES.get(path.stem, "") if path.parent.name == "emulator" else path.parent.name


def by_room(told: dict[str, list[str]]) -> list[str]:
    """Set a list item for each room that has something to say."""
    rooms = [(ROOMS[room], "; ".join(parts)) for room, parts in told.items() if parts]
    return [bullet(f"**{room}**: {text}.") for room, text in rooms]


def without_repeats(told: str, before: list[str]) -> str:
    """Leave out what was said before, in the room or of the whole org."""
    said = {part for text in before for part in APART.split(text)}
    parts = APART.split(told)
    kept = [part for part in parts if part not in said]
    return told if len(kept) == len(parts) else ", ".join(kept)


def bullet(text: str) -> str:
    """Set a list item, folded."""
    return textwrap.fill(
        text,
        width=100,
        initial_indent="- ",
        subsequent_indent="  ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def table(titles: Row, rows: list[Row]) -> list[str]:
    """Give the lines of a table; the code is set as code."""
    lines = [f"| {' | '.join(titles)} |", "|---|---|---|"]
    cells = [(f"`{code}`", *rest) for code, *rest in rows]
    return [
        *lines,
        *(f"| {' | '.join(cell.replace('|', ', ') for cell in row)} |" for row in cells),
    ]


if __name__ == "__main__":
    main()
