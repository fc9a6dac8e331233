"""Whatever command a page, a hint or a help text shows can be typed."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from crm_sink.cli.help import pages
from crm_sink.cli.root import Root
from crm_sink.cli.verbs import VERBS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "crm_sink"
PROSE = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((PACKAGE / "help").glob("*.md"))]
PROSE += [ROOT / "scripts" / "README.md", *sorted((ROOT / "mappings").glob("*.yaml"))]
CODE = [
    path
    for pattern in ("**/*.py", "**/*.html")
    for path in sorted(PACKAGE.glob(pattern))
    if path.name != "serve.py"
]
# A command ends where code, a sentence, a comment or another command begins.
SHOWN = re.compile(r"crm-sink ((?:[^`;|&#\n)]|\\\n)*)")


def shown(text: str) -> list[str]:
    """Give the commands that a text shows, from the verb on; not sentences about crm-sink."""
    found = [command.strip() for command in SHOWN.findall(text.replace("\\\n", " "))]
    return [command for command in found if command.split()[:1] and command.split()[0] in VERBS]


def options_of(words: list[str]) -> set[str]:
    """Give the options that a verb, or a verb below `org`, knows."""
    command: click.Command | None = Root(name="crm-sink").get_command(
        click.Context(Root()), words[0]
    )
    assert command is not None
    if isinstance(command, click.Group) and len(words) > 1 and words[1] in command.commands:
        command = command.commands[words[1]]
    return {"--help"} | {name for option in command.params for name in option.opts}


def unknown_options(text: str) -> list[str]:
    """Give the commands of a text that have an option which the verb does not know."""
    return [
        command
        for command in shown(text)
        if not set(re.findall(r"(?<=\s)--[a-z][a-z-]*", command)) <= options_of(command.split())
    ]


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_every_option_that_a_page_shows_is_a_real_one(path: Path) -> None:
    assert unknown_options(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("`crm-sink plan lead --api bulk`", 0),
        ("`crm-sink plan lead --apo bulk`", 1),
        ("    crm-sink org start --port 8080  # fixed", 0),
        ("    crm-sink org start --leads 8080", 1),
        ("    crm-sink org seed --leads 1 \\\n        --nothing 2", 1),
        ("what crm-sink does with --anything", 0),
    ],
)
def test_an_option_that_is_not_there_is_noticed(text: str, wrong: int) -> None:
    assert len(unknown_options(text)) == wrong


def named(pattern: str) -> dict[str, set[str]]:
    """Give what a pattern finds in every page, hint and help text, by file."""
    return {
        str(path.relative_to(ROOT)): set(re.findall(pattern, path.read_text(encoding="utf-8")))
        for path in [*PROSE, *CODE]
    }


def test_every_command_that_is_named_begins_with_a_verb() -> None:
    """In backquotes or brackets, or at the beginning of a string, as hints are."""
    found = named(r"[`\"(]crm-sink ([a-z]+)")
    assert {file: words for file, words in found.items() if words - set(VERBS)} == {}


def test_every_help_page_that_is_named_exists() -> None:
    found = named(r"crm-sink help ([a-z][a-z-]*)")
    assert {file: words for file, words in found.items() if words - set(pages())} == {}


@pytest.mark.parametrize("page", sorted(pages()))
def test_every_help_page_begins_with_its_subject_and_is_named_somewhere_else(page: str) -> None:
    assert re.match(r"# \w[^\n]+\n", (PACKAGE / "help" / f"{page}.md").read_text())
    others = [path.read_text() for path in [*PROSE, *CODE] if path.stem != page]
    assert any(f"crm-sink help {page}" in text for text in others)


def leaves() -> list[str]:
    """Give every command that does something: the verbs, and those below `org`."""
    found = []
    for verb in VERBS:
        command = Root(name="crm-sink").get_command(click.Context(Root()), verb)
        below = list(command.commands) if isinstance(command, click.Group) else [""]
        found += [f"{verb} {name}".strip() for name in below]
    return found


@pytest.mark.parametrize("words", leaves())
def test_what_can_fail_tells_its_exit_codes_in_its_help(words: str) -> None:
    if words == "schema":  # it prints what it holds
        return
    root: click.Command | None = Root(name="crm-sink")
    for word in words.split():
        assert isinstance(root, click.Group)
        root = root.get_command(click.Context(root), word)
    assert root is not None
    assert re.search(r"Exit codes: 0 \w+", root.help or "")
