"""`crm-sink org start --tls`: the org over https, trusted by what trusts its authority."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from crm_sink.cli import local_org

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Desk


@pytest.fixture
def home(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Give a desk with a local org over https; nothing of the environment names an org."""
    for name in ("INSTANCE_URL", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"CRM_SINK_{name}")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    assert desk.shell("org", "start", "--tls").code == 0
    yield desk
    local_org.stop(desk.folder / ".crm_sink" / "org")


def test_our_own_commands_trust_it(home: Desk) -> None:
    assert home.crm_sink("org", "seed", "--leads", "2").code == 0
    assert "no faults" in home.crm_sink("org", "faults", "list").out
    doctor = home.shell("doctor", "--target", "local")
    assert "https://127.0.0.1" in doctor.out
    assert doctor.code == 0


def test_a_client_trusts_it_with_the_file_that_status_names(home: Desk) -> None:
    found = home.crm_sink("org", "status", "--format", "json").data
    url = f"{found['url']}/services/data"
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(url, timeout=30)
    assert requests.get(url, timeout=30, verify=found["ca_file"]).status_code == 200
    assert found["ca_file"] in home.crm_sink("org", "status").out


def test_its_environment_trusts_it_and_all_that_was_trusted_before(home: Desk) -> None:
    said = home.crm_sink("org", "env").out
    bundle = said.partition("REQUESTS_CA_BUNDLE=")[2].splitlines()[0]
    found = home.crm_sink("org", "status", "--format", "json").data
    assert requests.get(found["url"] + "/services/data", timeout=30, verify=bundle).ok
    with open(bundle) as file:
        assert file.read().count("BEGIN CERTIFICATE") > 50


def test_the_next_start_is_over_https_too_with_the_same_authority(home: Desk) -> None:
    with open(home.crm_sink("org", "status", "--format", "json").data["ca_file"]) as file:
        before = file.read()
    home.crm_sink("org", "stop")
    again = home.shell("org", "start", "--format", "json").data
    assert again["url"].startswith("https://")
    assert f"CRM_SINK_INSTANCE_URL={again['url']}\n" in home.crm_sink("org", "env").out
    with open(again["ca_file"]) as file:
        assert file.read() == before
    refused = home.crm_sink("org", "start", "--no-tls")
    assert (refused.code, "runs already, over https" in refused.err) == (2, True)


def test_a_start_without_tls_makes_it_plain_again_and_names_no_authority(home: Desk) -> None:
    home.crm_sink("org", "stop")
    assert home.shell("org", "start", "--no-tls", "--format", "json").data["ca_file"] is None
    assert "CA_" not in home.crm_sink("org", "env").out
    refused = home.crm_sink("org", "start", "--tls")
    assert (refused.code, "over http," in refused.err) == (2, True)
    home.crm_sink("org", "stop")
    assert home.shell("org", "start", "--format", "json").data["url"].startswith("http://")
