"""An upload is streamed from its file, and a download that is not whole is asked for again."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_sink.crm.call import Call, Expect
from crm_sink.errors import Fate
from tests.salesforce.calls import failure, session_of
from tests.salesforce.conftest import ROOT, Reply, Wire


def test_an_upload_is_streamed_from_its_file_and_not_zipped(wire: Wire, tmp_path: Path) -> None:
    part = tmp_path / "part.csv"
    part.write_bytes(b"Id\n" + b"00Q000000000001AAA\n" * 100_000)
    wire.on("PUT", "/jobs/ingest/750/batches", Reply(b"", 201, kind="text/plain"))
    path = f"{ROOT}/jobs/ingest/750/batches"
    with session_of(wire.url) as session:
        session(Call("PUT", path, "/x", body=part, expect=Expect.NOTHING))
    (asked,) = wire.asked
    assert asked.body == part.read_bytes()
    assert asked.headers["content-length"] == str(part.stat().st_size)
    assert "content-encoding" not in asked.headers


def download(into: Path) -> Call:
    return Call("GET", f"{ROOT}/results", "/results", into=into, expect=Expect.CSV)


def test_a_download_is_unzipped_into_its_file(wire: Wire, tmp_path: Path) -> None:
    wire.on("GET", "/results", Reply("Id\n1\n", zipped=True))
    with session_of(wire.url) as session:
        answer = session(download(tmp_path / "x.csv"))
    assert (tmp_path / "x.csv").read_text() == "Id\n1\n"
    assert answer.received_bytes == 5


@pytest.mark.parametrize(
    "reply",
    [
        Reply("Id\n" + "1\n" * 5000, cut=500),
        Reply("Id\n1\n2", headers={"X": "no line end at the end"}),
    ],
)
def test_a_download_that_broke_off_is_asked_for_again(
    wire: Wire, tmp_path: Path, reply: Reply
) -> None:
    error = failure(wire, download(tmp_path / "x.csv"), reply)
    assert (error.code, error.fate) == ("TRUNCATED", Fate.RETRY)


def test_a_web_page_is_not_taken_for_results(wire: Wire, tmp_path: Path) -> None:
    error = failure(wire, download(tmp_path / "x.csv"), Reply(b"<html>", kind="text/html"))
    assert error.code == "NOT_THE_API"
