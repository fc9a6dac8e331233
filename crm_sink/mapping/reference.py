"""The reference of mapping files, as the last part of `crm-sink help mapping`.

Made of the model's own descriptions, so that lint, editors and the page say the same. A test holds
the page to it.
"""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from crm_sink.mapping.model import (
    DriftGate,
    Example,
    FieldSpec,
    FlagLeavers,
    FreshnessGate,
    Gates,
    LeaversGate,
    Mapping,
    MatchSpec,
    NewestTwin,
    SourceSpec,
    VolumeGate,
)
from crm_sink.mapping.types import SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

SECTIONS: dict[str, type[BaseModel]] = {
    "The file": Mapping,
    "source": SourceSpec,
    "match": MatchSpec,
    "match.twins": NewestTwin,
    "fields.<name>": FieldSpec,
    "leavers": FlagLeavers,
    "gates": Gates,
    "gates.freshness": FreshnessGate,
    "gates.volume": VolumeGate,
    "gates.leavers": LeaversGate,
    "gates.drift": DriftGate,
    "examples": Example,
}


def reference() -> str:
    """Give every key of a mapping file, with its default and what it means, as Markdown."""
    parts = ["## Reference", ""]
    for title, model in SECTIONS.items():
        parts += [f"### {title}", "", *_keys(model), ""]
    parts += ["### Types", "", *(f"- `{spelling}`" for spelling in SPELLINGS.values())]
    return "\n".join(parts) + "\n"


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        note = "required" if info.is_required() else _default(info)
        choices = _choices(info.annotation)
        listed = f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
        said = f" ({note})" if note else ""
        yield f"- `{name}`{said}: {info.description}.{listed}"


def _default(info: FieldInfo) -> str:
    value = info.default
    if value is None or isinstance(value, BaseModel | tuple):
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"default `{text}`"


def _choices(annotation: object) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(choice) for choice in get_args(annotation)]
    if get_origin(annotation) in (Union, UnionType, Annotated):
        return [choice for part in get_args(annotation) for choice in _choices(part)]
    return []
