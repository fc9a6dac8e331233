"""Draft a mapping file from predictions and the describe of an object."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from crm_sink.engine import open_engine
from crm_sink.errors import CrmError, UsageError
from crm_sink.mapping.draft import draft
from crm_sink.mapping.model import SourceSpec
from crm_sink.source.locate import locate
from crm_sink.source.stage import stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.crm.contract import Crm


def draft_mapping(
    predictions: Path, object_name: str, crm: Crm, *, environ: Mapping[str, str]
) -> str:
    """Give the text of a new mapping file.

    Raises:
        SourceError: The predictions cannot be read.
        UsageError: The org has no such object.
        CrmError: The org could not be asked.
    """
    file = Path(predictions.stem) if predictions.suffix.lower() == ".gz" else predictions
    is_csv = file.suffix.lower() in {".csv", ".tsv", ".txt"}
    spec = SourceSpec(csv=str(predictions)) if is_csv else SourceSpec(parquet=str(predictions))
    located = locate(spec, None, environ=environ)
    with (
        tempfile.TemporaryDirectory(prefix="crm_sink-") as folder,
        open_engine(Path(folder), sources=located.files) as engine,
    ):
        columns = stage(located, engine, Path(folder)).columns
    try:
        schema = crm.describe(object_name)
    except CrmError as error:
        if error.code != "NOT_FOUND":
            raise
        raise UsageError(error.message, hint=error.hint) from error
    return draft(schema, columns, source=spec)
