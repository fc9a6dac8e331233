"""Which fields of an object are predictions, and what they say of one record.

A prediction is a score (or a chance in percent), a band, reasons and when it was made, as far as
their names and types tell; fields of one prediction share words: `Churn_Risk__c, Churn_Band__c`.

Not imitated: Einstein's own score components.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from crm_sink.emulator.pages.showing import ago, exact, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_sink.emulator.schema import Field, ObjectType

SCORES = re.compile(r"score(?!d)|risk|probability|propensity|likelihood|chance", re.IGNORECASE)
BANDS = re.compile(r"band|tier|segment|grade", re.IGNORECASE)
REASONS = re.compile(r"reason|factor|driver|explanation|why", re.IGNORECASE)
TIMES = re.compile(r"scored|predicted|_at$", re.IGNORECASE)
OFFERS = re.compile(r"offer|recommend|next_best|prediction", re.IGNORECASE)
DANGER = re.compile(r"churn|risk|attrition", re.IGNORECASE)
GENERIC = frozenset({"score", "scored", "band", "reasons", "at", "risk", "probability"})
SPLIT = re.compile(r"\n+|;\s+|\s+(?=\d{1,2}\.\s)")
RANK = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s*")
SIGN = re.compile(r"\s*\(([+\-−])\)\s*$")

# A band in lower case and how it looks where more is better, and where more is worse.
TONES = {"hot": "hot", "warm": "warm", "cold": "cold", "medium": "warm"}
GOOD = {"high": "good", "low": "plain"}
BAD = {"high": "hot", "low": "good"}


@dataclass(frozen=True, slots=True)
class PredictionFields:
    """The fields of one prediction; each may be missing."""

    title: str
    is_danger: bool
    score: Field | None = None
    band: Field | None = None
    reasons: Field | None = None
    at: Field | None = None
    offer: Field | None = None

    def names(self) -> list[str]:
        """Give the API names of its fields."""
        parts = (self.offer, self.score, self.band, self.reasons, self.at)
        return [part.name for part in parts if part is not None]

    def in_lists(self) -> list[tuple[str, Field]]:
        """Give the fields that a list shows, each with its kind: `score`, `band` or `at`."""
        parts = (("score", self.score), ("band", self.band), ("at", self.at))
        return [(kind, part) for kind, part in parts if part is not None]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, with its sign: `up`, `down` or none."""

    text: str
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a prediction says of a record. `share` is the score's place from 0 to 100."""

    title: str
    is_scored: bool
    score: str | None = None
    unit: str = ""
    share: float = 0.0
    band: str | None = None
    tone: str = "plain"
    offer: str | None = None
    reasons: list[Reason] = field(default_factory=list)
    ago: str | None = None
    at: str | None = None
    is_danger: bool = False


def prediction_fields(target: ObjectType) -> list[PredictionFields]:
    """Find the predictions of an object."""
    custom = [one for one in target.fields.values() if one.custom]
    kinds = {one.name: kind for one in custom if (kind := _kind(one)) is not None}
    scores = [one for one in custom if kinds.get(one.name) == "score"]
    leaders: list[Field | None] = list(scores) if scores else [None]
    parts: list[dict[str, Field]] = [{"score": one} if one else {} for one in leaders]
    for one in custom:
        kind = kinds.get(one.name)
        if kind in (None, "score"):
            continue
        place = max(range(len(leaders)), key=lambda k: _shared(leaders[k], one))
        parts[place].setdefault(kind, one)
    return [
        PredictionFields(_title(found), bool(DANGER.search(_names(found))), **found)
        for found in parts
        if found
    ]


def _kind(one: Field) -> str | None:
    """Tell what part of a prediction a field is, or None."""
    if one.type in ("double", "percent", "int") and SCORES.search(one.name):
        return "score"
    if one.type in ("picklist", "string") and BANDS.search(one.name):
        return "band"
    if one.type in ("string", "textarea") and REASONS.search(one.name):
        return "reasons"
    if one.type in ("datetime", "date") and TIMES.search(one.name.removesuffix("__c")):
        return "at"
    if one.type in ("string", "picklist") and OFFERS.search(one.name):
        return "offer"
    return None


def _shared(leader: Field | None, one: Field) -> int:
    return 0 if leader is None else len(_words(leader) & _words(one))


def _words(one: Field) -> set[str]:
    return set(one.name.removesuffix("__c").lower().split("_")) - GENERIC


def _names(found: dict[str, Field]) -> str:
    return " ".join(one.name for one in found.values())


def _title(found: dict[str, Field]) -> str:
    leader = found.get("offer") or found.get("score") or next(iter(found.values()))
    return leader.label


def predict(fields: PredictionFields, values: Mapping[str, object], now: datetime) -> Prediction:
    """Read a prediction off a record's values (as the store holds them)."""

    def value(part: Field | None) -> object:
        return None if part is None else values.get(part.name)

    raw, band, moment = value(fields.score), value(fields.band), value(fields.at)
    offer, text = value(fields.offer), value(fields.reasons)
    is_scored = any(one is not None for one in (raw, band, offer, text))
    score = float(raw) if isinstance(raw, int | float) else None
    top = _top(fields.score)
    return Prediction(
        title=fields.title,
        is_scored=is_scored,
        score=None if score is None else number(score),
        unit="%" if fields.score is not None and fields.score.type == "percent" else "",
        share=0.0 if score is None else max(0.0, min(100.0, score / top * 100)),
        band=None if band is None else str(band),
        tone=tone(band, is_danger=fields.is_danger),
        offer=None if offer is None else str(offer),
        reasons=reasons(text),
        ago=ago(moment, now) if isinstance(moment, datetime) else None,
        at=exact(moment) if isinstance(moment, datetime) else None,
        is_danger=fields.is_danger,
    )


def _top(score: Field | None) -> float:
    """Give the highest score: 1 for a number with one digit before its point, else 100."""
    if score is not None and score.type == "double" and score.precision - score.scale <= 1:
        return 1.0
    return 100.0


def tone(band: object, *, is_danger: bool) -> str:
    """Give the colour word of a band: what is high is good, unless it is a risk."""
    word = str(band).lower()
    return TONES.get(word) or (BAD if is_danger else GOOD).get(word, "plain")


def reasons(text: object) -> list[Reason]:
    """Split a text of reasons into its entries, without their numbers."""
    if not isinstance(text, str):
        return []
    found = []
    for part in SPLIT.split(text):
        plain = RANK.sub("", part).strip()
        sign = SIGN.search(plain)
        word = "" if sign is None else "up" if sign[1] == "+" else "down"
        if plain:
            found.append(Reason(SIGN.sub("", plain), word))
    return found
