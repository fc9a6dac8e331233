"""`crm-sink validate`, `init` and `schema`: how a mapping file is begun and kept right."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import HEAD

if TYPE_CHECKING:
    from tests.conftest import Desk

MAPPINGS = Path(__file__).parents[2] / "mappings"
WRONG = """\
object: Lead
source: {parquet: p.parquet}
match: {external_id: Ext__c, colum: id}
fields:
  Scor__c: round(100 * scor)
"""


def test_a_good_mapping_is_0_and_names_what_was_checked(two: Desk) -> None:
    said = two.crm_sink("validate", "lead.yaml")
    assert said.code == 0
    assert "ok: mapping, source (2 columns), org (Lead" in said.out


def test_offline_no_org_is_asked(two: Desk) -> None:
    two.written()
    said = two.crm_sink("validate", "--offline", "lead.yaml")
    assert (said.code, "org (" in said.out) == (0, False)
    assert two.org.org.calls.counts() == {}


def test_every_problem_is_told_at_once_with_its_place(two: Desk) -> None:
    two.write("lead.yaml", WRONG)
    said = two.crm_sink("validate", "lead.yaml", "--format", "json")
    assert said.code == 2
    assert [(found["line"], found["file"]) for found in said.data] == [(3, "lead.yaml")] * 2
    two.write("lead.yaml", WRONG.replace("colum:", "column:"))
    said = two.crm_sink("validate", "lead.yaml")
    assert said.code == 2
    assert "lead.yaml:5:3" in said.out
    assert "Score__c" in said.out
    assert "score" in said.out


def test_the_leavers_flag_that_the_org_lacks_is_told_once_where_it_is_named(two: Desk) -> None:
    """It is a field of every record that is scored, too, and no line of `fields` names it."""
    two.write("lead.yaml", HEAD + "  Score__c: score\nleavers: {flag: Gone__c}\n")
    said = two.crm_sink("validate", "lead.yaml", "--format", "json")
    line = HEAD.count("\n") + 2
    assert [(found["line"], "Gone__c" in found["message"]) for found in said.data] == [(line, True)]


def test_a_wrong_object_is_told_with_the_nearest_that_the_org_has(two: Desk) -> None:
    two.write("lead.yaml", HEAD.replace("object: Lead", "object: Leads") + "  Score__c: score\n")
    said = two.crm_sink("validate", "lead.yaml")
    assert said.code == 2
    assert "lead.yaml:1:1  the org has no object Leads, or the user may not see it." in said.out
    assert "Did you mean Lead?" in said.out


def test_a_typing_error_does_not_hide_what_the_source_and_the_org_lack(two: Desk) -> None:
    two.write(
        "lead.yaml",
        HEAD
        + """\
  Band__c: upper('a'
  Score__c: round(scor)
  Skore__c: score
""",
    )
    said = two.crm_sink("validate", "lead.yaml")
    assert said.code == 2
    places = [line.split("  ")[0] for line in said.out.splitlines() if "lead.yaml:" in line]
    assert places == ["lead.yaml:5:12", "lead.yaml:6:19", "lead.yaml:7:3"]


def test_what_can_never_fit_is_told_beside_a_wrong_name_and_without_any_row(two: Desk) -> None:
    """A constant is the same for every record, and a type for every row: the mapping is wrong."""
    two.write(
        "lead.yaml",
        HEAD
        + """\
  Scor__c: score
  Score__c: score > 0.5
  Band__c: {constant: '#N/A'}
gates: {freshness: {column: score, hold_after: 2d}, drift: {column: id}}
""",
    )
    said = two.crm_sink("validate", "lead.yaml")
    assert said.code == 2
    places = [line.split("  ")[0] for line in said.out.splitlines() if "lead.yaml:" in line]
    assert places == [f"lead.yaml:{place}" for place in ("5:3", "6:3", "7:13", "8:21", "8:61")]
    two.write("lead.yaml", (two.folder / "lead.yaml").read_text().replace("  Scor__c: score\n", ""))
    assert two.crm_sink("plan", "lead.yaml").code == 2
    assert two.crm_sink("validate", "--offline", "lead.yaml").code == 2


def test_an_example_that_fails_is_a_problem(two: Desk) -> None:
    text = (two.folder / "lead.yaml").read_text()
    two.write(
        "lead.yaml",
        f"{text}examples:\n  - given: {{id: a, score: 0.5}}\n    expect: {{Score__c: 51}}\n",
    )
    said = two.crm_sink("validate", "lead.yaml", "--offline")
    assert said.code == 2
    assert "50" in said.out
    assert "51" in said.out


def test_validate_finds_what_would_end_the_run(two: Desk) -> None:
    """To DuckDB neither is an error of a row."""
    fields = "  At__c: \"timestamp '2026-11-20' at time zone ('Mars/' || id)\"\n"
    two.write("lead.yaml", HEAD + fields + "when: '[id]'\n")
    said = two.crm_sink("validate", "lead.yaml", "--format", "json")
    line = HEAD.count("\n") + 1
    assert [(found["line"], found["message"].split(":")[-1]) for found in said.data] == [
        (line, " Unknown TimeZone 'Mars/a'!"),
        (line + 1, "when is true or false, but the expression gives a list of texts"),
    ]
    assert two.crm_sink("plan", "lead.yaml").code == 2


def test_without_a_name_all_mappings_are_checked(desk: Desk) -> None:
    (desk.folder / "mappings").symlink_to(MAPPINGS)
    said = desk.crm_sink("validate", "--offline")
    assert said.code == 0
    assert said.out.count("  ok: ") == len(list(MAPPINGS.glob("*.yaml")))


def test_without_any_mapping_it_is_2(desk: Desk) -> None:
    said = desk.crm_sink("validate")
    assert said.code == 2
    assert "try: crm-sink init --help" in said.err


@pytest.mark.parametrize("file", ["p.parquet", "p.csv", "p.csv.gz", "p*.csv"])
def test_a_mapping_is_begun_from_predictions_and_an_object(desk: Desk, file: str) -> None:
    query = "select 'a' as ext, 0.9 as score, 'Hot' as band"
    desk.predict(query)
    desk.write("p.csv", "ext,score,band\na,0.9,Hot\n")
    (desk.folder / "p.csv.gz").write_bytes(gzip.compress(b"ext,score,band\na,0.9,Hot\n"))
    desk.add_lead("a")
    assert desk.crm_sink("init", file, "--object", "Lead").code == 0
    assert "Score__c" in (desk.folder / "mappings" / "p.yaml").read_text()
    assert desk.crm_sink("validate", "p").code == 0


def test_a_file_that_exists_is_not_overwritten(desk: Desk) -> None:
    desk.predict("select 'a' as ext, 0.9 as score")
    desk.write("mappings/p.yaml", "mine")
    said = desk.crm_sink("init", "p.parquet", "--object", "Lead")
    assert said.code == 2
    assert "--force" in said.err
    assert (desk.folder / "mappings" / "p.yaml").read_text() == "mine"
    assert desk.crm_sink("init", "p.parquet", "--object", "Lead", "--force").code == 0


def test_a_place_where_no_file_can_be_written_is_told(desk: Desk) -> None:
    desk.predict("select 'a' as ext, 0.9 as score")
    for out, told in (("p.parquet/m.yaml", "exists"), ("", "directory")):
        said = desk.crm_sink("init", "p.parquet", "--object", "Lead", "--out", out, "--force")
        assert said.code == 2
        assert "the mapping file cannot be written" in said.err
        assert told in said.err


def test_an_object_that_the_org_lacks_is_told(desk: Desk) -> None:
    desk.predict("select 'a' as ext, 0.9 as score")
    said = desk.crm_sink("init", "p.parquet", "--object", "Leed")
    assert said.code == 2
    assert "Leed" in said.err
    assert not (desk.folder / "mappings").exists()


def test_the_schema_is_a_json_schema(desk: Desk) -> None:
    schema = desk.crm_sink("schema").data
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert {"object", "match", "fields"} <= set(schema["properties"])
