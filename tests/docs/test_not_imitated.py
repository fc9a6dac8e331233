"""What the local org does not imitate stands in its code, and from there at the top of its page."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

EMULATOR = Path(__file__).parents[2] / "crm_sink" / "emulator"
PAGE = EMULATOR.parent / "help" / "local-org.md"
SERVED = sorted(
    path
    for path in EMULATOR.rglob("*.py")
    if re.search(r"^routes\b", path.read_text(encoding="utf-8"), re.MULTILINE)
)
ROOMS = sorted({path.parent for path in EMULATOR.rglob("*.py")} - {EMULATOR})


def docstring_of(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def serves_salesforce(path: Path) -> bool:
    """Say whether a module answers calls that Salesforce answers: not pages and `/__...__`."""
    return "/services/" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path",
    [path for path in SERVED if path.name != "__init__.py"],
    ids=lambda path: str(path.relative_to(EMULATOR)),
)
def test_a_module_that_serves_says_what_it_does_not_imitate(path: Path) -> None:
    said = docstring_of(path)
    own = re.search(r"[Nn]o(t a)? part of Salesforce", said)
    assert own or "Not imitated: " in said or not serves_salesforce(path)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_every_room_says_what_it_does_not_imitate(room: Path) -> None:
    assert any("Not imitated: " in docstring_of(path) for path in room.glob("*.py"))


def test_the_list_is_at_the_top_of_the_page_before_anything_else_is_told() -> None:
    sections = re.findall(r"^## (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sections[0] == "What it does not imitate"
