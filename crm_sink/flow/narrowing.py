"""Narrow the predictions to the rejects of an earlier run, with what a person changed in them.

Rows are found again by their key, because a mended source may number its rows anew; a key that was
changed by hand replaces the key of its row. Rows that the earlier run wrote are never among them.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_sink.engine import Engine, Relation, literal, name
from crm_sink.errors import MappingError
from crm_sink.flow.edits import Edits, read_edits
from crm_sink.mapping.sql.form import in_brackets
from crm_sink.schema import TEXT_TYPES
from crm_sink.source.stage import Source
from crm_sink.tables import REJECTS, match_key, own_text
from crm_sink.transform.columns import build_columns, value_sql
from crm_sink.transform.fit.kinds import Kind, kind_of
from crm_sink.transform.layers import Layers

if TYPE_CHECKING:
    from pathlib import Path

    from crm_sink.flow.destination import Destination
    from crm_sink.ledger.folder import RunFolder
    from crm_sink.mapping.model import LoadedMapping
    from crm_sink.schema import FieldSchema

# Why a reject cannot be tried again: code, message, hint.
NOT_IN_SOURCE = (
    "NOT_IN_SOURCE",
    "the predictions no longer hold this key",
    "look whether the scoring job still scores it",
)
WITHOUT_KEY = (
    "KEY_MISSING",
    "the row has no key, and cannot be found again without one",
    "write its key into the column key of the reject file: crm-sink retry --file",
)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The predictions that are tried again.

    `source.rows` counts the rejects that could not be found again, too: they are rejects anew.
    """

    source: Source
    loaded: LoadedMapping
    leavers: str | None  # a query of the ids of leavers that are tried again: none is scored again


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which rejects are tried again."""

    old: RunFolder
    file: Path | None = None  # an edited reject file

    def __call__(
        self,
        source: Source,
        loaded: LoadedMapping,
        destination: Destination,
        engine: Engine,
        folder: RunFolder,
    ) -> Narrowed:
        """Narrow the predictions.

        Raises:
            UsageError: The edited reject file is wrong, with file:line.
        """
        work = _Work(self.old, source, loaded, destination.key, engine, folder)
        edits = None
        if self.file is not None:
            edits = read_edits(
                self.file,
                work.rejects,
                run=self.old.run,
                key=destination.key,
                fields=destination.fields,
                engine=engine,
                folder=folder.source,
            )
        _collect_keys(work)
        if edits is not None:
            _check_keys(work, edits)
        chosen, lost = _choose(work, edits), _lost(work, edits)
        narrowed, rows = _narrowed(work, edits, chosen)
        if edits is not None:
            loaded = _with_values(loaded, destination, edits, source, engine)
        listed = f" and key in (select key from {edits.rows} where row is null)" if edits else ""
        return Narrowed(
            source=Source(narrowed, rows + lost, source.columns),
            loaded=loaded,
            leavers=f"select id from {work.rejects} where row is null and id is not null{listed} "
            f"and not exists (from keyed where met and match = {match_key(work.key, 'key')})",
        )


@dataclass(frozen=True, slots=True)
class _Work:
    old: RunFolder
    source: Source
    loaded: LoadedMapping
    key: FieldSchema
    engine: Engine
    folder: RunFolder

    @property
    def rejects(self) -> str:
        """The SQL table of the earlier run's rejects."""
        return Relation(self.old.rejects_parquet, 0).scan()

    @property
    def written(self) -> str:
        """The query of the match keys that the earlier run wrote."""
        if not any(self.old.outcomes.glob("*.parquet")):
            return "select null::varchar where false"
        outcomes = Relation(self.old.outcomes, 0).scan()
        # A leaver has no row: its key may be that of another record by now.
        ok = "ok and row is not null"
        keys = f"select {match_key(self.key, 'key')} as match from {outcomes} where {ok}"
        return f"select match from ({keys}) where match is not null"


def _collect_keys(work: _Work) -> None:
    """Make temp table `keyed` (row, match, met: not left out by `when`) of every prediction."""
    columns, problems = build_columns(
        work.loaded, {}, work.key, table=work.source.table, engine=work.engine
    )
    if problems:
        raise MappingError(problems, hint=f"crm-sink validate {shlex.quote(work.loaded.file)}")
    when = work.loaded.mapping.when
    condition = in_brackets(when) if when is not None else None
    layers = Layers(tuple(columns), work.source.table, when=condition, newest=None)
    place = work.folder.source / "keyed.parquet"
    keyed = work.engine.save(f"select row, match, met from ({layers.keyed()})", place)
    work.engine.run(f"create temp view keyed as from {keyed.scan()}")
    work.engine.run(
        "create temp table rejected as select distinct row, key, "
        f"{match_key(work.key, 'key')} as match from {work.rejects} where row is not null"
    )


def _check_keys(work: _Work, edits: Edits) -> None:
    """A changed key must be nobody else's, and its row must be the one that was rejected."""
    key = match_key(work.key, "e.key")
    edits.refuse(
        work.engine,
        f"select e.line, e.row from {edits.keys} e where not exists (from keyed k join rejected r "
        "on r.row = k.row and (k.match is null or k.match = r.match) where k.row = e.row)",
        "row {} of the predictions is no longer the one that was rejected: they have changed",
        "mend the key in the source itself",
    )
    edits.refuse(
        work.engine,
        f"select e.line, k.row from {edits.keys} e join keyed k on k.match = {key} "
        "where k.row <> e.row",
        "row {} of the predictions has this key already",
    )
    edits.refuse(
        work.engine,
        f"select e.line from {edits.keys} e where {key} in ({work.written})",
        f"run {work.old.run} has written the record with this key",
        "rows that were written are not touched",
    )


def _choose(work: _Work, edits: Edits | None) -> str:
    """Give the query of the row numbers to try again."""
    wanted = f"select match from rejected where match is not null and match not in ({work.written})"
    if edits is None:
        return f"select row from keyed where match in ({wanted})"
    listed = f"(select row from {edits.rows} where row is not null)"
    rekeyed = f"(select row from {edits.keys})"
    # A rejected row that the file leaves out is left alone, even when it shares its key.
    return (
        f"select row from keyed k where match in ({wanted} and row in {listed} "
        f"and row not in {rekeyed}) and not exists (from rejected r where r.row = k.row "
        f"and r.match = k.match and r.row not in {listed}) union select row from {rekeyed}"
    )


def _lost(work: _Work, edits: Edits | None) -> int:
    """Make rejects of those that cannot be found again, and count their rows."""
    asked = "true"
    if edits is not None:
        asked = (
            f"r.row in (select row from {edits.rows}) and r.row not in "
            f"(select row from {edits.keys})"
        )
    known = "select match from keyed where match is not null"
    gone = f"r.match is not null and r.match not in ({known})"
    parts = [
        _reject(f"{asked} and {gone}", NOT_IN_SOURCE),
        _reject(f"{asked} and r.match is null", WITHOUT_KEY),
    ]
    into = work.folder.rejects_parts / "source.parquet"
    return work.engine.save(" union all ".join(parts), into).rows


def _reject(where: str, why: tuple[str, str, str]) -> str:
    code, message, hint = (literal(text) for text in why)
    values = {"stage": "'source'", "code": code, "message": message, "hint": hint, "attempts": "0"}
    columns = ", ".join(
        f"cast({values.get(column, f'r.{column}' if column in ('row', 'key') else 'null')} "
        f"as {kind}) as {name(column)}"
        for column, kind in REJECTS.items()
    )
    return f"select {columns} from rejected r where {where}"


def _narrowed(work: _Work, edits: Edits | None, chosen: str) -> tuple[str, int]:
    """Copy the chosen predictions, with columns for what was changed; give table and rows."""
    column = name(work.loaded.mapping.match.column)
    kind = next(
        kind
        for known, kind in work.source.columns.items()
        if known.lower() == work.loaded.mapping.match.column.lower()
    )
    extra, joins = "", ""
    if edits is not None:
        edits.refuse(
            work.engine,
            f"select line, key from {edits.keys} where try_cast(key as {kind}) is null",
            f"the key {{}} is not what the column {column} holds ({kind})",
        )
        text = own_text(work.loaded.mapping.match.column)
        also = ""
        if text in {name(known) for known in work.engine.columns(work.source.table)}:
            also = f", if(k.row is null, p.{text}, k.key) as {text}"
        extra = (
            f" replace (if(k.row is null, p.{column}, cast(k.key as {kind})) as {column}{also})"
            f"{_edit_columns(edits, work.engine)}"
        )
        joins = (
            f" left join {edits.keys} k on k.row = p.__row "
            f"left join ({_pivot(edits)}) v on v.row = p.__row"
        )
    query = f"select p.*{extra} from {work.source.table} p{joins} where p.__row in ({chosen})"
    saved = work.engine.save(query, work.folder.source / "retried.parquet")
    return saved.scan(), saved.rows


def _pivot(edits: Edits) -> str:
    """Give the query of each row's changed values as a map; an emptied one is {'v': null}."""
    entries = "map_from_entries(list((field, {'v': value})))"
    return f"select row, {entries} as given from {edits.values} group by row"


def _edit_columns(edits: Edits, engine: Engine) -> str:
    """Give the select list of one column for each field that was changed in some row."""
    return "".join(
        f", v.given[{literal(field)}] as {_column(field)}" for field in _changed(edits, engine)
    )


def _changed(edits: Edits, engine: Engine) -> list[str]:
    rows = engine.rows(f"select distinct field from {edits.values} order by 1")
    return [field for (field,) in rows]


def _column(field: str) -> str:
    return name(f"__edited {field}")


def _with_values(
    loaded: LoadedMapping, destination: Destination, edits: Edits, source: Source, engine: Engine
) -> LoadedMapping:
    """Let the changed values stand in place of the mapping's expressions, row by row."""
    paths = {path.lower(): path for path in loaded.mapping.fields}
    fields = dict(loaded.mapping.fields)
    for changed in _changed(edits, engine):
        path = paths[changed.lower()]
        spec = fields[path]
        sql = value_sql(spec)
        (kind,) = engine.columns(f"(select {sql} as v from {source.table})").values()
        taken = _taken_as(kind, destination.fields[changed])
        edits.refuse(
            engine,
            f"select line, left(value, 60) from {edits.values} where field = {literal(changed)} "
            f"and value is not null and try_cast(value as {taken}) is null",
            f"'{{}}' is not a value for {changed} ({taken})",
        )
        value = (
            f"case when {_column(changed)} is not null "
            f"then cast({_column(changed)}.v as {taken}) else cast({sql} as {taken}) end"
        )
        fields[path] = spec.model_copy(update={"value": value, "constant": None})
    mapping = loaded.mapping.model_copy(update={"fields": fields})
    return loaded.model_copy(update={"mapping": mapping})


def _taken_as(kind: str, field: FieldSchema) -> str:
    """Give the type in which a changed value joins those of an expression of that type.

    A whole number is widened, or 50.5 would silently become 51; as text it stays as it is.
    """
    held = kind_of(kind)
    if held is Kind.NULL:
        return "VARCHAR"
    if held in (Kind.INTEGER, Kind.DECIMAL):
        return "VARCHAR" if field.type in TEXT_TYPES else "DOUBLE"
    return kind
