"""YAML texts that must be read rightly, or refused with one clear problem in bounded time."""

from __future__ import annotations

import time

import pytest

from crm_sink.mapping.file.document import Document, read_document


def document(text: str) -> Document:
    read, problems = read_document(text, file="m.yaml")
    assert read is not None, problems
    assert problems == []
    return read


def only_problem(text: str) -> str:
    read, problems = read_document(text, file="m.yaml")
    assert read is None
    assert len(problems) == 1
    return str(problems[0])


def test_plain_scalars_follow_the_core_schema_of_yaml_1_2() -> None:
    """YAML 1.1 would read `yes`, `12:30` and a date as something else."""
    text = "{a: 7, b: 0.5, c: true, d: null, e: yes, f: 12:30, g: 2026-11-20, h: 0x1F, i: '7'}"
    assert document(text).data == {
        "a": 7,
        "b": 0.5,
        "c": True,
        "d": None,
        "e": "yes",
        "f": "12:30",
        "g": "2026-11-20",
        "h": 31,
        "i": "7",
    }


def test_every_part_has_its_one_based_place() -> None:
    read = document("object: Lead\nfields:\n  A__c:\n    value: x\nlist: [1, 2]\n")
    assert read.places["object",] == (1, 1)
    assert read.places["fields", "A__c"] == (3, 3)
    assert read.places["fields", "A__c", "value"] == (4, 5)
    assert read.places["list", 1] == (5, 11)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("v: round(scor)", (1, 10)),
        ("v: 'round(scor)'", (1, 11)),
        ("v: round(10scor)", (1, 12)),
        ("v: |\n  round(\n    scor\n  )", (3, 5)),
        ("v: >-\n  round(\n  scor)", (3, 3)),
    ],
)
def test_a_word_of_a_scalar_is_found_however_it_is_written(
    text: str, place: tuple[int, int]
) -> None:
    read = document(text)
    offset = read.scalars["v",].text.index("scor")
    assert read.place_in(("v",), offset) == place


def test_the_second_occurrence_of_a_word_has_its_own_place() -> None:
    read = document('v: "a + ab + a"')
    assert read.place_in(("v",), 9) == (1, 14)


def test_a_key_that_stands_twice_is_a_problem_at_its_second_place() -> None:
    read, problems = read_document("a: 1\nb: 2\na: 3\n", file="m.yaml")
    assert read is not None
    assert [str(each) for each in problems] == [
        "m.yaml:3:1  the key a stands here twice. Keep one of them."
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("- a\n- b\n", "a mapping file is a set of keys"),
        ("a: 1\n---\nb: 2\n", "m.yaml:2:1  a second document begins here"),
        ("a:\n\tb: 1\n", "m.yaml:2:1  a tab may not indent YAML"),
        ("a: b\0c\n", "m.yaml:1:5  the character U+0000"),
        ("a: !!python/object:os.system x\n", "YAML tags"),
        ("a: *nothing\n", "*nothing names nothing above it"),
        ("a: &a [*a]\n", "*a names nothing above it"),
        ("? [1]\n: 2\n", "a key must be a word"),
        ("a: 'open\n", "this is not YAML"),
        ('a: "\\ud800"\n', "half a character"),
        ("v: case when x: 1\n", "must stand in quotes"),
        ("[" * 5000, "nested more than"),
        ("- " * 5000, "nested more than"),
    ],
)
def test_a_text_that_is_no_mapping_is_one_clear_problem(text: str, words: str) -> None:
    assert words in only_problem(text)


def test_aliases_that_expand_without_end_are_refused_at_once() -> None:
    """The billion laughs: ten levels of ten aliases each."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    before = time.process_time()
    assert "aliases counted as often as they are used" in only_problem("\n".join(levels))
    assert time.process_time() - before < 5


def test_an_alias_may_be_used() -> None:
    assert document("a: &x {k: 1}\nb: *x\n").data == {"a": {"k": 1}, "b": {"k": 1}}


def test_a_character_in_two_halves_is_joined_as_json_writes_it() -> None:
    assert document('a: "\\ud83d\\ude00"').data == {"a": "😀"}
