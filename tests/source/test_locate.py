"""What a mapping names as its source is found, or it is said what is missing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from crm_sink.errors import SourceError
from crm_sink.mapping.model import SourceSpec
from crm_sink.source.locate import Kind, locate

if TYPE_CHECKING:
    from pathlib import Path

URL = "postgresql://ann:sekret@db/x"


def refused(spec: SourceSpec, environ: dict[str, str] | None = None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        locate(spec, None, environ=environ or {})
    assert caught.value.hint
    return caught.value


def test_a_file_is_found_below_the_folder_in_which_the_command_runs(folder: Path) -> None:
    (folder / "p.csv").write_text("a\n1\n")
    located = locate(SourceSpec(csv="p.csv"), None, environ={})
    assert (located.kind, located.files, located.shown) == (Kind.CSV, (folder / "p.csv",), "p.csv")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.csv", b"PK\x03\x04 and a workbook", "this is an Excel workbook or an archive"),
        ("p.parquet", b"PK\x03\x04 and a workbook", "this is an Excel workbook or an archive"),
        ("p.csv", b"PAR1\x15\x04\x15\x10", "this is a Parquet file, and no CSV"),
        ("p.csv", b"\x1f\x8b\x08\x00 packed", "this is a gzip archive"),
        ("p.csv.gz", b"key,score\n", "this is no gzip archive"),
        ("p.parquet", b"key,score\n", "this is text, and no Parquet"),
    ],
)
def test_a_file_of_another_kind_is_named(
    folder: Path, name: str, content: bytes, message: str
) -> None:
    (folder / name).write_bytes(content)
    kind = "parquet" if name.endswith("parquet") else "csv"
    assert refused(SourceSpec.model_validate({kind: name})).message == message


def test_a_csv_column_may_be_named_as_parquet_begins(folder: Path) -> None:
    (folder / "p.csv").write_text("PAR1,score\n1,2\n")
    assert locate(SourceSpec(csv="p.csv"), None, environ={}).files


def test_a_missing_file_names_the_nearest(folder: Path) -> None:
    (folder / "lead_scores.parquet").write_text("")
    error = refused(SourceSpec(parquet="lead_score.parquet"))
    assert error.message == "there is no such file"
    assert error.hint == "did you mean lead_scores.parquet?"


def test_a_missing_folder_names_the_nearest(folder: Path) -> None:
    (folder / "predictions").mkdir()
    error = refused(SourceSpec(parquet="prediction/lead_scores.parquet"))
    assert error.hint == "did you mean predictions?"


def test_a_glob_that_matches_nothing_is_refused(folder: Path) -> None:
    assert refused(SourceSpec(csv="out/*.csv")).message == "no file matches"


def test_a_folder_without_parquet_files_is_refused(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "_SUCCESS").write_text("")
    assert refused(SourceSpec(parquet="out")).message == "the folder holds no .parquet file"


def test_a_file_that_may_not_be_read_is_refused(folder: Path) -> None:
    """A socket of a program cannot be opened by anybody, not even by root."""
    import socket

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("p.parquet")
        error = refused(SourceSpec(parquet="p.parquet"))
    assert error.message.startswith("the file cannot be read")


def test_a_place_in_the_cloud_is_refused() -> None:
    error = refused(SourceSpec(parquet="s3://bucket/p.parquet"))
    assert error.message == "only files of this machine can be read"


def test_a_query_takes_its_url_from_the_named_variable() -> None:
    spec = SourceSpec(query="select 1", database="SCORES_URL")
    located = locate(spec, None, environ={"SCORES_URL": URL})
    assert (located.kind, located.url) == (Kind.QUERY, URL)
    assert "sekret" not in repr(located)


def test_a_variable_that_is_not_set_is_named_and_the_nearest_too() -> None:
    spec = SourceSpec(query="select 1", database="SCORE_URL")
    error = refused(spec, {"SCORES_URL": URL, "HOME": os.sep})
    assert error.message == "the environment variable SCORE_URL is not set"
    assert error.hint == "did you mean $SCORES_URL?"
    assert "sekret" not in str(error)


def test_a_variable_that_is_empty_is_not_its_own_nearest() -> None:
    error = refused(SourceSpec(query="select 1", database="SCORE_URL"), {"SCORE_URL": " "})
    assert error.message == "the environment variable SCORE_URL is empty"
    assert error.hint == "export SCORE_URL=postgresql://..."


def test_a_query_without_a_database_is_refused() -> None:
    assert "no database" in refused(SourceSpec(query="select 1")).message


def test_a_mapping_without_a_source_needs_a_table() -> None:
    assert "names no source" in refused(SourceSpec()).message


def test_a_table_that_is_handed_in_comes_before_the_mapping() -> None:
    frame = object()
    located = locate(SourceSpec(parquet="p.parquet"), frame, environ={})
    assert (located.kind, located.frame, located.files) == (Kind.FRAME, frame, ())
