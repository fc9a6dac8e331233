"""Changes are cut into chunks: nothing lost, nothing doubled, children of a parent together."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_sink.engine import Engine, Relation
from crm_sink.plan import chunks
from crm_sink.plan.changes import FieldRule, row_bytes
from crm_sink.plan.chunks import cut, measure
from crm_sink.schema import FieldSchema, FieldType
from crm_sink.tickets import Api

SCORE = FieldRule(FieldSchema("Score__c", FieldType.DOUBLE, precision=3))
NOTE = FieldRule(FieldSchema("Note__c", FieldType.STRING, length=80))


def changes_of(engine: Engine, folder: Path, rows: str) -> Relation:
    """Save changes from SQL rows (key, id, action, parent)."""
    return engine.save(
        "select 0 as chunk, row_number() over () as row, key, id, action, "
        "null::timestamp as modified, parent, "
        '1.0::double as "Score__c", null::double as "Score__c.before", true as "Score__c.write", '
        '\'x\' as "Note__c", null::varchar as "Note__c.before", false as "Note__c.write" '
        f"from ({rows}) t(key, id, action, parent)",
        folder / "changes.parquet",
    )


def test_collections_are_calls_of_200_that_do_not_mix_creates_and_updates(
    engine: Engine, tmp_path: Path
) -> None:
    relation = changes_of(
        engine,
        tmp_path,
        "select 'k' || i, case when i < 450 then 'id' || i end, "
        "case when i < 450 then 'update' else 'create' end, null from range(700) r(i)",
    )
    size = measure(relation, [SCORE, NOTE], engine)
    found = cut(
        relation, size, Api.COLLECTIONS, rules=[SCORE, NOTE], engine=engine, into=tmp_path / "c"
    )
    assert [(chunk.creates, chunk.rows) for chunk in found] == [
        (True, 200),
        (True, 50),
        (False, 200),
        (False, 200),
        (False, 50),
    ]


def test_a_chunk_names_only_the_fields_that_it_writes(engine: Engine, tmp_path: Path) -> None:
    relation = changes_of(engine, tmp_path, "values ('k1', 'id1', 'update', null)")
    size = measure(relation, [SCORE, NOTE], engine)
    [chunk] = cut(relation, size, Api.BULK, rules=[SCORE, NOTE], engine=engine, into=tmp_path / "c")
    assert chunk.fields == ("Score__c",)


def test_children_of_one_parent_travel_in_one_job(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "JOB_BYTES", 5_000)
    rows = "select 'k' || i, 'id' || i, 'update', 'parent' || (i % 40) from range(1000) r(i)"
    relation = changes_of(engine, tmp_path, rows)
    size = measure(relation, [SCORE, NOTE], engine)
    found = cut(relation, size, Api.BULK, rules=[SCORE, NOTE], engine=engine, into=tmp_path / "c")
    assert len(found) > 3
    keys = "right(key, length(key) - 1)::int % 40"
    split = engine.value(
        f"select count(*) from (select {keys} from {Relation(tmp_path / 'c', 0).scan()} "
        f"group by {keys} having count(distinct chunk) > 1)"
    )
    assert split == 0


def test_a_parent_with_too_many_children_is_split_rather_than_a_job_overfilled(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "JOB_BYTES", 5_000)
    monkeypatch.setattr(chunks, "HARD_JOB_BYTES", 8_000)
    rows = "select 'k' || i, 'id' || i, 'update', 'one parent' from range(1000) r(i)"
    relation = changes_of(engine, tmp_path, rows)
    size = measure(relation, [SCORE, NOTE], engine)
    found = cut(relation, size, Api.BULK, rules=[SCORE, NOTE], engine=engine, into=tmp_path / "c")
    assert max(chunk.rows for chunk in found) * size.update_bytes / 1000 < 8_000
    assert sum(chunk.rows for chunk in found) == 1000


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    creates=st.integers(0, 500),
    updates=st.integers(0, 500),
    api=st.sampled_from([Api.BULK, Api.COLLECTIONS]),
)
def test_every_change_is_in_exactly_one_chunk(
    creates: int, updates: int, api: Api, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = Path(engine.value("select current_setting('temp_directory')")).parent
    into = folder / f"chunks-{len(list(folder.iterdir()))}"
    rows = (
        f"select 'c' || i, null, 'create', null from range({creates}) r(i) union all "
        f"select 'u' || i, 'id' || i, 'update', null from range({updates}) r(i)"
    )
    relation = changes_of(engine, folder, rows)
    size = measure(relation, [SCORE, NOTE], engine)
    found = cut(relation, size, api, rules=[SCORE, NOTE], engine=engine, into=into)
    assert sum(chunk.rows for chunk in found) == creates + updates
    if found:
        keys = engine.value(f"select count(distinct key) from {Relation(into, 0).scan()}")
        assert keys == creates + updates


def test_quotes_count_twice_for_the_size_of_a_job(engine: Engine) -> None:
    """In a Bulk file each quote of a text is doubled; a job takes 100 MB raw."""
    marks = 'true as "Note__c.write"'
    query = f"""select 'create' as action, 'k' as key, repeat('"', 99) as "Note__c", {marks}"""
    assert engine.value(f"select {row_bytes([NOTE])} from ({query})") >= 2 * 99


def test_two_jobs_of_which_one_would_be_too_large_are_cut_finer(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most records belong to one parent, so that by parents one job gets nearly all."""
    rows = "select 'k' || i, 'id' || i, 'update', if(i < 900, 'p', 'q' || i) from range(1000) r(i)"
    relation = changes_of(engine, tmp_path, rows)
    size = measure(relation, [SCORE, NOTE], engine)
    monkeypatch.setattr(chunks, "JOB_BYTES", size.update_bytes * 6 // 10)
    monkeypatch.setattr(chunks, "HARD_JOB_BYTES", size.update_bytes * 7 // 10)
    found = cut(relation, size, Api.BULK, rules=[SCORE, NOTE], engine=engine, into=tmp_path / "c")
    assert max(chunk.rows for chunk in found) < 700
