"""Plays all recordings against local orgs and counts; the table stands in the help page.

`python -m tests.emulator.conformance.table` writes it anew and tells what differs.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import requests

from crm_sink.emulator.org import Org
from crm_sink.emulator.serve import running
from tests.emulator.conformance.replaying import Played, Player
from tests.emulator.conformance.scenarios import stories
from tests.emulator.conformance.seeding import seed

RECORDINGS = Path(__file__).parents[4] / "shared" / "recordings"
PAGE = Path(__file__).parents[3] / "crm_sink" / "help" / "local-org.md"
BEGIN, END = "<!-- conformance, from the recordings -->\n", "<!-- end -->"
GROUPS = {
    "nango": "REST, 2026",
    "cumulusci": "REST and Bulk 1.0, 2020-2024",
    "restforce-db": "REST, 2015",
    "grouparoo": "REST and SOAP login, 2021",
    "amp-labs": "REST, Bulk 2.0 and SOAP metadata, 2024",
    "postman": "saved examples of Salesforce's staff",
    "cli-dx": "Bulk 2.0, 2020-2021",
    "misc": "quoted error bodies, 2018-2026",
}


def play_all(folder: Path) -> list[Played]:
    """Play each story against an org of its own that it finds as its recorder found his."""
    template = folder / "template"
    Org.open(template).close()
    told = []
    with requests.Session() as session:
        for number, story in enumerate(stories(RECORDINGS)):
            copy = shutil.copytree(template, folder / f"{number}")
            with running(copy) as handle:
                seed(handle.org, story)
                told += Player(handle, session).play(story)
            shutil.rmtree(copy)
    return told


def table(played: list[Played]) -> str:
    """Give the counts by group as a table in Markdown."""
    counts: dict[str, Counter[str]] = {}
    for one in played:
        counted = counts.setdefault(one.exchange.group, Counter())
        counted["recorded"] += 1
        counted[one.verdict] += 1
    total = sum(counts.values(), Counter())
    rows = [(group, GROUPS[group], counts[group]) for group in GROUPS if group in counts]
    lines = [
        "| recordings | | recorded | replayed | matched | set aside |",
        "|---|---|---|---|---|---|",
        *(_line(name, words, counted) for name, words, counted in rows),
        _line("all", "", total),
    ]
    return "\n".join(lines) + "\n"


def aside(played: list[Played]) -> str:
    """Give the reasons for which exchanges were set aside, and how many each took."""
    reasons = Counter(one.exchange.aside for one in played if one.verdict == "aside")
    return "".join(f"- {count}: {reason}\n" for reason, count in reasons.most_common())


def section(played: list[Played]) -> str:
    """Give what stands in the help page."""
    return f"\n{table(played)}\nSet aside:\n\n{aside(played)}"


def on_page() -> str:
    """Give what stands in the help page now."""
    found = re.search(re.escape(BEGIN) + "(.*?)" + END, PAGE.read_text(), re.DOTALL)
    return found[1] if found else ""


def _line(name: str, words: str, counted: Counter[str]) -> str:
    replayed = counted["recorded"] - counted["aside"]
    return (
        f"| {name} | {words} | {counted['recorded']} | {replayed} | {counted['matched']} "
        f"| {counted['aside']} |"
    )


def main() -> None:
    """Write the table into the page, and print what does not match."""
    with tempfile.TemporaryDirectory() as folder:
        played = play_all(Path(folder))
    for one in played:
        if one.verdict == "differs":
            print(f"{one.exchange.group} {one.exchange.name}: {one.exchange.method}", end=" ")
            print(one.exchange.path, *one.differs[:4], sep="\n    ")
    text = PAGE.read_text()
    PAGE.write_text(text.replace(BEGIN + on_page() + END, BEGIN + section(played) + END))
    print(section(played))


if __name__ == "__main__":
    main()
