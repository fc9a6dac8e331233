"""What help pages take from the code is what the code has now."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HELP = ROOT / "crm_sink" / "help"


@pytest.fixture(scope="module")
def writer() -> dict[str, object]:
    return runpy.run_path(str(ROOT / "scripts" / "help_pages.py"))


@pytest.mark.parametrize(
    ("page", "function"), [("errors.md", "errors_page"), ("local-org.md", "local_org_page")]
)
def test_a_page_is_up_to_date(writer: dict[str, object], page: str, function: str) -> None:
    """To write it anew: python scripts/help_pages.py."""
    make = writer[function]
    assert callable(make)
    assert (HELP / page).read_text(encoding="utf-8") == make()


def test_every_code_of_salesforces_is_on_the_page() -> None:
    from crm_sink.salesforce.fate import RULES

    page = (HELP / "errors.md").read_text(encoding="utf-8")
    assert [rule.code for rule in RULES if f"| `{rule.code}` |" not in page] == []


@pytest.mark.parametrize("code", ["TWIN_KEY", "NOT_FOUND", "TEXT_TOO_LONG", "UNABLE_TO_LOCK_ROW"])
def test_a_code_stands_beside_its_cure(code: str) -> None:
    page = (HELP / "errors.md").read_text(encoding="utf-8")
    (line, *_) = [line for line in page.splitlines() if line.startswith(f"| `{code}` |")]
    assert len(line.split("|")[3].strip()) > 10


def test_the_page_of_the_local_org_begins_with_what_it_does_not_imitate() -> None:
    page = (HELP / "local-org.md").read_text(encoding="utf-8")
    sections = [line for line in page.splitlines() if line.startswith("## ")]
    assert sections[:2] == ["## What it does not imitate", "## Start, seed, look"]
    assert sections[-2:] == ["## All that it does not imitate", "## Not known"]


def test_what_is_not_imitated_is_told_once_in_a_room(writer: dict[str, object]) -> None:
    apart = writer["without_repeats"]
    assert callable(apart)
    said = ["sharing, views (of people, of groups)"]
    assert apart("views (of people, of groups); sharing, layouts", said) == "layouts"
    assert apart("views (of people, of none)", said) == "views (of people, of none)"


def test_the_runbook_knows_every_exit_code() -> None:
    from crm_sink.cli.verbs import EXIT_CODES

    page = (HELP / "operations.md").read_text(encoding="utf-8")
    runbook = page.partition("## Runbook")[2].partition("## Backups")[0]
    told = runbook.replace("**", "").split()
    assert [
        code for code, _ in EXIT_CODES if code and not {str(code), f"{code},"} & set(told)
    ] == []
