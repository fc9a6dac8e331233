"""`from crm_sink import ...` gives the documented names, whatever was imported before."""

from __future__ import annotations

import subprocess
import sys

import pytest

import crm_sink

BEFORE = ["", "import crm_sink.plan.changes", "import crm_sink.flow.sync, crm_sink.api"]


@pytest.mark.parametrize("before", BEFORE)
def test_the_room_called_plan_does_not_hide_the_function(before: str) -> None:
    code = f"{before}\nfrom crm_sink import apply, load_mapping, plan, sync\nprint(plan.__module__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("crm_sink.api\n", "")


@pytest.mark.parametrize("name", crm_sink.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    assert getattr(crm_sink, name) is not None


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'redo'"):
        _ = crm_sink.redo
