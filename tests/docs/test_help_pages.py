"""The help pages say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crm_sink.cli.verbs import EXIT_CODES, VERBS, overview
from crm_sink.settings import Settings

HELP = Path(__file__).parents[2] / "crm_sink" / "help"


def test_every_setting_is_documented_with_its_default() -> None:
    page = (HELP / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `(CRM_SINK_\w+)` \| .* \| (.*?) ?\|$", page, flags=re.M))
    assert set(rows) == {f"CRM_SINK_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if field.default is not None:
            assert rows[f"CRM_SINK_{name.upper()}"] == f"`{field.default}`"


@pytest.mark.parametrize("code", [code for code, _ in EXIT_CODES])
def test_every_exit_code_is_documented(code: int) -> None:
    page = (HELP / "exit-codes.md").read_text()
    assert re.search(rf"^\| {code}\b", page, flags=re.M)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_stands_in_the_overview_with_one_line(verb: str) -> None:
    assert re.search(rf"^  {verb} +\w", overview(), flags=re.M)
