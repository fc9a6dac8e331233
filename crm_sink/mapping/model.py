"""A mapping file as frozen values: what it says, checked for shape and not yet against data.

The descriptions of the fields are the reference: the JSON Schema, the help page and error hints
are made from them. Reading YAML is `load`, checking against a source or an org is `check`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from crm_sink.mapping.sql.expression import Expression

ApiName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", description="A Salesforce API name"),
]
FieldPath = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)?$",
        description="A field's API name, or Relationship.External_Id__c for a lookup",
    ),
]
Text = Annotated[str, Field(min_length=1)]
# As the source has it: a blank at its end is part of a column's name. No column is without one.
ColumnName = Annotated[str, StringConstraints(strip_whitespace=False, pattern=r"\S")]
Figure = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Part(BaseModel):
    """A part of a mapping file: frozen, and unknown keys are errors; so are keys left empty.

    Numbers and truths are taken as YAML has them: `truncate: yes` is a text under YAML 1.2.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _is_filled(cls, given: object) -> object:
        """Refuse a key with nothing behind it: an unfinished `when:` must not mean all rows."""
        if given is None:
            raise PydanticCustomError("empty", "nothing stands behind the key")
        return given


class SourceSpec(Part):
    """Where the predictions are. Exactly one of parquet, csv and query; none for the Python API.

    Relative paths start at the folder in which the command runs.
    """

    parquet: Annotated[
        Text | None, Field(description="A Parquet file, a glob, or a folder of Parquet files")
    ] = None
    csv: Annotated[Text | None, Field(description="A CSV file or a glob, with a header row")] = None
    query: Annotated[Text | None, Field(description="A SQL query, run on `database`")] = None
    database: Annotated[
        str | None,
        Field(
            description="Name of the environment variable that holds the database's SQLAlchemy URL",
            pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        ),
    ] = None


class NewestTwin(Part):
    """Of rows with one key, take the newest."""

    newest: Annotated[
        ColumnName,
        Field(description="The column that tells which row is newest: a time or a number"),
    ]


class MatchSpec(Part):
    """How a prediction finds its record."""

    external_id: Annotated[
        ApiName | None, Field(description="The external id field to match on")
    ] = None
    field: Annotated[
        ApiName | None, Field(description="Another unique field to match on, or Id")
    ] = None
    column: Annotated[ColumnName, Field(description="The prediction column that holds the key")]
    missing: Annotated[
        Literal["reject", "create"],
        Field(description="A key without a record: reject the row, or create the record"),
    ] = "reject"
    twins: Annotated[
        Literal["reject"] | NewestTwin,
        Field(description="Rows with the same key: reject them all, or {newest: column}"),
    ] = "reject"

    @property
    def field_name(self) -> str:
        """The API name of the field that is matched on."""
        return self.external_id or self.field or "Id"


class FieldSpec(Part):
    """One destination field."""

    value: Annotated[
        str | None,
        Field(description="A SQL expression over the prediction columns"),
    ] = None
    constant: Annotated[
        str | int | float | bool | None, Field(description="The same value for every record")
    ] = None
    type: Annotated[
        str | None,
        Field(
            description="The field's type, for offline checks and for making the field: "
            "Text(n), TextArea, LongTextArea(n), Number(p, s), Percent(p, s), Currency(p, s), "
            "Checkbox, Date, DateTime, Time, Picklist(a, b, ...), MultiselectPicklist(a, b, ...), "
            "Email, Phone, Url, Lookup(Object)"
        ),
    ] = None
    label: Annotated[str | None, Field(max_length=40, description="The field's label")] = None
    help: Annotated[
        str | None, Field(max_length=510, description="The help text that people see at the field")
    ] = None
    tolerance: Annotated[
        Figure, Field(ge=0, description="A change of a number no larger than this is no change")
    ] = 0
    truncate: Annotated[
        bool,
        Field(strict=True, description="Cut text that is too long, instead of rejecting the row"),
    ] = False
    nulls: Annotated[
        Literal["clear", "keep"],
        Field(description="A null value clears the field, or leaves it as it is"),
    ] = "clear"
    edits: Annotated[
        Literal["protect", "overwrite"] | None,
        Field(description="As the mapping's `edits`, for this field alone"),
    ] = None


class FlagLeavers(Part):
    """Mark leavers in a checkbox."""

    flag: Annotated[ApiName, Field(description="A checkbox: true for leavers, false for the rest")]


Span = Annotated[
    str, Field(pattern=r"^\d{1,6}(\.\d{1,6})?\s*[smhdw]$", description="A time span: 90m, 26h, 2d")
]
Share = Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s*%$", description="A share: 30%")]


class FreshnessGate(Part):
    """How old the newest score may be."""

    column: Annotated[ColumnName, Field(description="The column that tells when a row was scored")]
    warn_after: Annotated[
        Span | None, Field(description="Older than this, the verdict is a warning: 26h, 90m, 2d")
    ] = None
    hold_after: Annotated[
        Span | None, Field(description="Older than this, the plan is held: 48h, 90m, 2d")
    ] = None


class VolumeGate(Part):
    """How much the batch, and what it changes, may differ from the usual."""

    hold_if_rows_change: Annotated[
        Share | None,
        Field(description="Hold when the rows are so much more or fewer than last time: 50%"),
    ] = None
    hold_if_changes_exceed: Annotated[
        Share | None, Field(description="Hold when so many of the records would change: 30%")
    ] = None


class DriftGate(Part):
    """How far a column's distribution may move: the population stability index."""

    column: Annotated[ColumnName, Field(description="The column whose distribution is watched")]
    warn: Annotated[Figure, Field(gt=0, description="From this index on, warn")] = 0.1
    hold: Annotated[Figure, Field(gt=0, description="From this index on, hold the plan")] = 0.25


class LeaversGate(Part):
    """How many of the records that carry our values may be taken for no longer scored."""

    hold_if_leavers_exceed: Annotated[
        Share,
        Field(
            description="Hold when so many of the records that carry our values would be cleared "
            "or flagged: 80%. Holds at 50% even where a mapping does not say so, from 10 records on"
        ),
    ] = "50%"


class Gates(Part):
    """Checks of the whole batch, before anything is written."""

    freshness: Annotated[
        FreshnessGate | None, Field(description="How old the newest score may be")
    ] = None
    volume: Annotated[
        VolumeGate | None,
        Field(description="How much the batch, and what it changes, may differ from the usual"),
    ] = None
    leavers: Annotated[
        LeaversGate | None,
        Field(description="How many records may leave at once; in force without it, too"),
    ] = None
    drift: Annotated[
        DriftGate | None, Field(description="How far a column's distribution may move")
    ] = None


class Example(Part):
    """A prediction and what must become of it: a mapping carries its own tests."""

    given: Annotated[dict[ColumnName, Any], Field(description="One row of predictions")]
    expect: Annotated[
        dict[str, Any] | None, Field(description="Field values; fields not named are not checked")
    ] = None
    reject: Annotated[
        FieldPath | None, Field(description="The field for which the row must be rejected")
    ] = None


class Mapping(Part):
    """One mapping file: which prediction becomes which field of one object."""

    object: Annotated[ApiName, Field(description="The destination object, such as Lead")]
    source: Annotated[
        SourceSpec,
        Field(description="Where the predictions are; left out when Python hands over a table"),
    ] = SourceSpec()
    match: Annotated[MatchSpec, Field(description="How a prediction finds its record")]
    when: Annotated[
        str | None, Field(description="A SQL condition: rows that do not meet it are left out")
    ] = None
    fields: Annotated[
        dict[FieldPath, FieldSpec], Field(min_length=1, description="The destination fields")
    ]
    edits: Annotated[
        Literal["protect", "overwrite"],
        Field(description="A value that a person changed since our last write: keep it, or not"),
    ] = "protect"
    leavers: Annotated[
        Literal["keep", "clear"] | FlagLeavers,
        Field(description="Records of ours that are no longer scored: keep, clear or {flag: F}"),
    ] = "keep"
    duplicates: Annotated[
        Literal["reject", "allow"],
        Field(description="What a duplicate rule of the org warns of: reject it, or save it"),
    ] = "reject"
    gates: Annotated[
        Gates | None, Field(description="Checks of the whole batch, before anything is written")
    ] = None
    examples: Annotated[
        tuple[Example, ...],
        Field(description="Predictions and what must become of them, run by `crm-sink validate`"),
    ] = ()


class LoadedMapping(BaseModel):
    """A mapping with its name and the places of its parts, for errors with file:line:column."""

    model_config = ConfigDict(frozen=True)

    name: str  # the file's stem: lead_score
    file: str  # as the user wrote the path
    mapping: Mapping
    digest: str  # SHA-256 of the file's text
    places: dict[tuple[str | int, ...], tuple[int, int]]  # path in the document -> line, column
    expressions: dict[tuple[str | int, ...], Expression]  # path of a `value` or `when` -> checked

    def __repr__(self) -> str:
        """Name the mapping: its places alone would be pages."""
        fields = len(self.mapping.fields)
        return f"<LoadedMapping {self.name} → {self.mapping.object}, {fields} fields, {self.file}>"

    def place(self, *path: str | int) -> tuple[int, int]:
        """Give the 1-based line and column of a part, or of its nearest known parent."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        return (1, 1)
