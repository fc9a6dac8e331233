"""One fault as it is asked for: what it does, where it strikes, and how often.

Read from JSON. It knows no request: `matching` does.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from crm_sink.emulator.faults.kinds import (
    BAD_HEADER,
    GIVEN_UP,
    KINDS,
    NEEDED,
    PRESETS,
    options_of,
)

# A call that hangs for longer proves nothing more, and would keep the org from stopping.
LONGEST_DELAY = 60.0


class BadRule(ValueError):
    """A rule that cannot be; the message says what is wrong with which option."""


class Rule(BaseModel):
    """One fault. `service` tells what each option means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    name: str = ""
    # Where: a call.
    method: tuple[str, ...] = ()
    path: str = "/services/*"
    object: str | None = None
    operation: str | None = None
    # How often.
    after: Annotated[int, Field(ge=0)] = 0
    every: Annotated[int, Field(ge=1)] = 1
    count: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: int = 0
    # What, for a call.
    seconds: Annotated[float, Field(gt=0, le=LONGEST_DELAY)] | None = None
    keep: Annotated[float, Field(ge=0, lt=1)] = 0.5
    mend_length: bool = False
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    body: Literal["json", "html", "empty"] = "json"
    code: str | None = None
    message: str | None = None
    retry_after: int | str | None = None
    processed: bool = False
    content_type: str = "text/html;charset=UTF-8"
    revoke: bool = False
    how: Literal["missing", "doubled", "reordered"] | None = None
    rows: Annotated[int, Field(ge=1)] = 1
    add: dict[str, int] = {}
    set: dict[str, Any] = {}
    remove: tuple[str, ...] = ()
    # What, for a job.
    after_rows: Annotated[int, Field(ge=0)] | None = None
    # What, for a row.
    api: Literal["ingest", "rest"] | None = None
    preset: str | None = None
    fields: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    keys: dict[str, tuple[str, ...]] = {}
    attempts: Annotated[int, Field(ge=1)] | None = 1
    collateral: bool = False

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, given: Any) -> Any:
        """Take one method or one id where several may stand, and fill in a preset's words."""
        if not isinstance(given, dict):
            return given
        spread = dict(given)
        for key in ("method", "remove", "fields", "ids"):
            if isinstance(spread.get(key), str):
                spread[key] = [spread[key]]
        return spread

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind not in KINDS:
            raise ValueError(f"kind {self.kind!r} is none of {', '.join(KINDS)}")
        alien = self.model_fields_set - options_of(self.kind)
        if alien:
            raise ValueError(f"{self.kind} takes no {', '.join(sorted(alien))}")
        needed = NEEDED.get(self.kind)
        if needed and getattr(self, needed) is None:
            raise ValueError(f"{self.kind} needs {needed}")
        if self.preset is not None and self.preset not in PRESETS:
            raise ValueError(f"preset {self.preset!r} is none of {', '.join(PRESETS)}")
        if self.kind == "row-error" and self.preset is None and self.code is None:
            raise ValueError("row-error needs preset or code")
        return self

    @property
    def error_code(self) -> str:
        """The code that a refused row carries."""
        return self.code or (PRESETS[self.preset].code if self.preset else "")

    @property
    def error_message(self) -> str:
        """The message of a refused row, or of a failed job."""
        if self.message is not None:
            return self.message
        if self.kind == "failed-job":
            return BAD_HEADER if self.after_rows is None else GIVEN_UP
        return PRESETS[self.preset].message if self.preset else "injected by a fault rule"

    def told(self) -> dict[str, Any]:
        """Give the rule as JSON: its kind, name, and what was asked for."""
        asked = self.model_dump(mode="json", include=self.model_fields_set - {"kind", "name"})
        return {"kind": self.kind, "name": self.name, **asked}


def read_rules(body: Any) -> list[Rule]:
    """Read one rule, a list of rules, or `{"rules": [...]}`.

    Raises:
        BadRule: The text tells which rule and option, and why.
    """
    listed = body.get("rules", [body]) if isinstance(body, dict) else body
    if not isinstance(listed, list) or not listed:
        raise BadRule("send a rule, a list of rules, or an object with rules")
    found = []
    for place, one in enumerate(listed):
        try:
            found.append(Rule.model_validate(one))
        except ValidationError as error:
            raise BadRule(f"rule {place}: {_in_words(error)}") from None
    return found


def _in_words(error: ValidationError) -> str:
    return "; ".join(
        ".".join(map(str, one["loc"])) + (": " if one["loc"] else "") + one["msg"]
        for one in error.errors()
    )
