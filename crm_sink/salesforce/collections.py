"""Sends a chunk of at most 200 records as one sObject Collections call, and keeps its answer.

The answer is an array in the order of the request; it is stored as table `outcomes` beside the
chunk's changes as soon as it arrives, and `collect` hands it over. When the answer is lost, the
records are read back (`readback`): those that hold the new values are done, the rest is sent again.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_sink import tables
from crm_sink.crm.call import Call, Repeat
from crm_sink.crm.policy import poll_waits
from crm_sink.engine import literal
from crm_sink.errors import AnswerLost, CrmError, Fate
from crm_sink.salesforce import answers, failures, pages, payload, readback
from crm_sink.salesforce.job import ALLOW_DUPLICATES
from crm_sink.salesforce.readback import Sent
from crm_sink.tickets import Action, Api, Ticket

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from crm_sink.clock import Clock
    from crm_sink.crm.call import Send
    from crm_sink.crm.contract import Chunk, Remember
    from crm_sink.engine import Engine, Relation

MOST = 200  # records of a call (REST API guide, "sObject Collections")
PATH = "/composite/sobjects"
# How often a lost answer is settled before a person must look.
TRIES = 4
# The ticket's details: when the call was sent first, and when last, ISO 8601.
SENDING, SENT_LAST = "sending", "sent_last"
LONGEST_WAIT = 180.0  # seconds that `Retry-After` is obeyed for
READ_BACK = "what was written is read back from the records"
_JSON = {"Content-Type": "application/json; charset=UTF-8"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the org did with one record."""

    id: str | None
    ok: bool
    created: bool | None = False  # None when that cannot be told
    code: str | None = None
    message: str | None = None
    fields: str | None = None


def submit(
    send: Send, root: str, clock: Clock, chunk: Chunk, *, engine: Engine, remember: Remember
) -> Ticket:
    """Send a chunk and keep its outcomes; a chunk that was sent before is settled first.

    Raises:
        CrmError: The call was refused as a whole, or its answer was lost again and again.
    """
    if chunk.ticket is not None and chunk.ticket.closed:
        return chunk.ticket
    records = payload.records(chunk, engine)
    _check_size(chunk, len(records))
    data = payload.body(records)
    fingerprint = hashlib.sha256(data).hexdigest()
    ticket = Ticket(Api.COLLECTIONS, None, fingerprint=fingerprint, sent_bytes=len(data))
    known: dict[int, Outcome] = {}
    sent_at = _sent_at(chunk.ticket)
    if chunk.ticket is not None:
        # It was about to be sent, or was sent, when the process ended.
        known = _read_back(send, root, chunk, engine, sent_at)
    for wait in _waits():
        pending = [index for index in range(len(records)) if index not in known]
        if not pending:
            break
        now = clock.now()
        sent_at = Sent(sent_at.first if sent_at else now, now)
        ticket = replace(ticket, details=_told(sent_at))
        remember(ticket)
        try:
            sent = _send(send, root, chunk, [records[index] for index in pending])
        except AnswerLost as lost:
            last = lost
            # The org may still be at work on it: a call may take ten minutes.
            clock.sleep(max(wait, min(lost.after or 0.0, LONGEST_WAIT)))
            known |= _read_back(send, root, chunk, engine, sent_at)
        else:
            known |= dict(zip(pending, sent, strict=True))
    else:
        raise failures.given_up(last, f"chunk {chunk.number}", TRIES, chunk.run)
    kept = chunk.file(f"answer-{chunk.number}.outcomes")
    _keep(chunk, [known[index] for index in range(len(records))], engine, kept)
    ticket = replace(ticket, uploaded=True, closed=True, details={"outcomes": kept.name})
    remember(ticket)
    return ticket


def collect(chunk: Chunk, ticket: Ticket, engine: Engine, into: Path) -> Relation:
    """Hand over the outcomes that were kept when the call was answered.

    Raises:
        CrmError: They are not there: the chunk was never sent, or its run folder was emptied.
    """
    kept = chunk.file(ticket.details.get("outcomes", "none"))
    if not kept.is_file():
        raise CrmError(
            f"the outcomes of chunk {chunk.number} are not in the run folder",
            code="NOT_SENT",
            fate=Fate.STOP,
            where=str(kept),
            hint="sync the mapping again: what was written is read from the records",
        )
    return engine.save(f"select * from read_parquet({literal(str(kept))})", into)


def _waits() -> list[float]:
    return [wait for _, wait in zip(range(TRIES), poll_waits(first=2.0, growth=2.0), strict=False)]


def _send(send: Send, root: str, chunk: Chunk, records: Sequence[dict[str, Any]]) -> list[Outcome]:
    """Make the call, and read its answer by position: a failed row has no id in it."""
    answer = send(_call(root, chunk, records))
    rows = answers.items(answer.document, None, PATH)
    if len(rows) != len(records):
        raise CrmError(
            f"{len(records)} records were sent and {len(rows)} answered: which is which cannot "
            "be told",
            code="RESULTS_DISAGREE",
            fate=Fate.STOP,
            where=PATH,
            hint=READ_BACK,
        )
    outcomes = [_outcome(chunk, row) for row in rows]
    if chunk.action in (Action.UPDATE, Action.DELETE):
        _check_ids(records, outcomes)
    return outcomes


def _check_ids(records: Sequence[dict[str, Any]], outcomes: Sequence[Outcome]) -> None:
    """Make sure that what was accepted are the records that were sent, each in its place."""
    for record, outcome in zip(records, outcomes, strict=True):
        if outcome.id is not None and outcome.id[:15] != record["id"][:15]:
            raise CrmError(
                "the answer names other records than were sent, or another order",
                code="RESULTS_DISAGREE",
                fate=Fate.STOP,
                where=PATH,
                hint=READ_BACK,
            )


def _call(root: str, chunk: Chunk, records: Sequence[dict[str, Any]]) -> Call:
    path = f"{root}{PATH}"
    if chunk.action is Action.DELETE:
        ids = ",".join(record["id"] for record in records)
        query = {"ids": ids, "allOrNone": "false"}
        return Call("DELETE", path, PATH, query=query, repeat=Repeat.SETTLE)
    if chunk.action is Action.UPSERT:
        path = f"{path}/{chunk.object}/{chunk.key.name}"
    method = "POST" if chunk.action is Action.CREATE else "PATCH"
    data = payload.body(records)
    headers = _JSON | (ALLOW_DUPLICATES if chunk.allow_duplicates else {})
    return Call(method, path, PATH, headers=headers, body=data, repeat=Repeat.SETTLE)


def _outcome(chunk: Chunk, row: Any) -> Outcome:
    if answers.claim(row, "success", PATH):
        made = chunk.action is Action.CREATE or answers.flag(row, "created")
        return Outcome(answers.text(row, "id", PATH), ok=True, created=made)
    errors = answers.items(row, "errors", PATH)
    if not errors:
        return Outcome(None, ok=False, code="UNKNOWN_EXCEPTION", message="no reason given")
    named = {field: None for error in errors for field in _fields(error)}
    return Outcome(
        id=None,
        ok=False,
        code=answers.text(errors[0], "statusCode", PATH),
        message="; ".join(_said(error) for error in errors),
        fields=",".join(named) or None,
    )


def _fields(error: Any) -> list[str]:
    found = error.get("fields") if isinstance(error, dict) else None
    return [str(field) for field in found] if isinstance(found, list) else []


def _said(error: Any) -> str:
    """Give an error's words; of a duplicate also the records that it is like."""
    if not isinstance(error, dict):
        return "no reason given"
    words = str(error.get("message"))
    # Salesforce spells the key without its second l, and may mend that one day.
    found = error.get("duplicateResut") or error.get("duplicateResult")
    if not isinstance(found, dict):
        return words
    ids = [
        str(record.get("record", {}).get("Id"))
        for match in answers.items(found, "matchResults", PATH)
        for record in answers.items(match, "matchRecords", PATH)
    ]
    return f"{words} It is like {', '.join(ids)}" if ids else words


def _read_back(
    send: Send, root: str, chunk: Chunk, engine: Engine, sent: Sent | None
) -> dict[int, Outcome]:
    done = readback.done(send, root, chunk, engine, sent)
    return {found.index: Outcome(found.id, ok=True, created=found.created) for found in done}


def _told(sent: Sent) -> dict[str, str]:
    return {SENDING: sent.first.isoformat(), SENT_LAST: sent.last.isoformat()}


def _sent_at(ticket: Ticket | None) -> Sent | None:
    """Give when a chunk was sent, by its ticket."""
    if ticket is None or SENDING not in ticket.details:
        return None
    first = ticket.details[SENDING]
    last = ticket.details.get(SENT_LAST, first)
    return Sent(datetime.fromisoformat(first), datetime.fromisoformat(last))


def _keep(chunk: Chunk, outcomes: Sequence[Outcome], engine: Engine, kept: Path) -> None:
    """Store outcomes beside the changes, whose order they have, as table `outcomes`."""
    page = kept.with_suffix(".csv")
    columns = ["index", *(field.name for field in fields(Outcome))]
    with page.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([index, *astuple(outcome)] for index, outcome in enumerate(outcomes))
    o = {kind: f"cast(o.{kind} as {tables.OUTCOMES[kind]}) as {kind}" for kind in columns[1:]}
    engine.save(
        f"""
        select c.chunk, c.row, c.key, coalesce(c.id, o.id) as id, {o["ok"]}, {o["created"]},
            {o["code"]}, {o["message"]}, {o["fields"]}
        from ({payload.numbered(chunk)}) as c
        join {pages.scan([page], columns)} as o on c.index = cast(o.index as bigint)
        """,
        kept,
    )
    page.unlink()


def _check_size(chunk: Chunk, count: int) -> None:
    if count > MOST:
        raise CrmError(
            f"chunk {chunk.number} has {count} records; a Collections call takes {MOST}",
            code="CHUNK_TOO_LARGE",
            fate=Fate.STOP,
            where=f"chunk {chunk.number} of {chunk.object}",
            hint="this is a fault of crm-sink: please report it",
        )
