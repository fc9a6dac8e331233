"""`/sobjects/X/updated` and `/deleted`: what was written, or deleted, in a span of time.

    GET  /sobjects/X/updated?start=&end=  200 {"ids", "latestDateCovered"}
    GET  /sobjects/X/deleted?start=&end=  200 {"deletedRecords", "earliestDateAvailable", …}

Both ends are cut to the minute; the span is at most 30 days back (REST guide, Get Updated). Of
records that are gone for good the write log still knows when.

Not imitated: the 15 days after which deletions are forgotten, `latestDateCovered` before a write
that is under way, objects that cannot be replicated. Likely but not on record: the words of
INVALID_REPLICATION_DATE.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from starlette.routing import Route

from crm_sink.emulator.clock import stamp
from crm_sink.emulator.errors import ApiError
from crm_sink.emulator.history.kinds import PARENTS
from crm_sink.emulator.sql import literal, name
from crm_sink.emulator.targets import target_of
from crm_sink.emulator.wire import reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from crm_sink.emulator.org import Org
    from crm_sink.emulator.schema import ObjectType

MINUTE, LONGEST = timedelta(minutes=1), timedelta(days=30)
# A row of history is never changed.
MOVED = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
MOST = 600_000  # "There is a limit of 600,000 IDs returned from this resource."


def updated(request: Request) -> Response:
    """Answer `GET /sobjects/X/updated`: made or changed since start, in the order of changes."""
    org: Org = request.app.state.org
    target = target_of(request)
    start, end = _span(request, org)
    changed = next((one for one in MOVED if target.find(one)), None)
    ids: list[str] = []
    if changed is not None:
        live = "and not IsDeleted" if target.find("IsDeleted") else ""
        query = (
            f"select Id from {name(target.name)} where {changed} >= ? and {changed} < ? {live} "
            f"order by {changed}, Id limit {MOST + 1}"
        )
        with org.store.cursor() as cursor:
            ids = [one for (one,) in cursor.execute(query, [start, end]).fetchall()]
    if len(ids) > MOST:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"The limit of {MOST} ids was exceeded")
    return reply({"ids": ids, "latestDateCovered": stamp(_covered(org, end))})


def deleted(request: Request) -> Response:
    """Answer `GET /sobjects/X/deleted`."""
    org: Org = request.app.state.org
    target = target_of(request)
    start, end = _span(request, org)
    with org.store.cursor() as cursor:
        found = cursor.execute(_deletions(target), {"start": start, "end": end}).fetchall()
    if len(found) > MOST:
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"The limit of {MOST} ids was exceeded")
    earliest = org.now().replace(tzinfo=None) - LONGEST
    return reply(
        {
            "deletedRecords": [{"deletedDate": stamp(at), "id": one} for one, at in found],
            "earliestDateAvailable": stamp(max(earliest, org.created)),
            "latestDateCovered": stamp(_covered(org, end)),
        }
    )


def _deletions(target: ObjectType) -> str:
    """Give the SQL of ids and moments, of records in the recycle bin and of those that are gone."""
    parts = [
        "select r.id, w.moment from _log_rows r join _log_writes w using (number) "
        f"where w.object = {literal(target.name)} and w.operation in ('delete', 'hardDelete') "
        f"and r.id not in (select Id from {name(target.name)})"
    ]
    parent = PARENTS.get(target.name)
    if parent is not None:
        # History goes with its record.
        parts.append(
            f"select h.Id, p.SystemModstamp from {name(target.name)} h "
            f"join {name(parent)} p on p.Id = h.{name(f'{parent}Id')} where h.IsDeleted"
        )
    elif target.find("IsDeleted") is not None:
        parts.append(f"select Id, SystemModstamp from {name(target.name)} where IsDeleted")
    return (
        f"select id, min(moment) as gone from ({' union all '.join(parts)}) d(id, moment) "
        f"group by id having gone >= $start and gone < $end order by gone, id limit {MOST + 1}"
    )


def _span(request: Request, org: Org) -> tuple[datetime, datetime]:
    """Read start and end in UTC, to the minute.

    Raises:
        ApiError: One is missing or none, they are the wrong way round, or start is too long ago.
    """
    start, end = _moment(request, "start"), _moment(request, "end")
    if end - start < MINUTE:
        raise _refused("endDate must be at least one minute greater than startDate")
    if start < org.now().replace(tzinfo=None) - LONGEST:
        raise _refused("startDate cannot be more than 30 days ago")
    return start, end


def _moment(request: Request, key: str) -> datetime:
    # A plus sign that nobody encoded arrives as a blank.
    text = request.query_params.get(key, "").strip().replace(" ", "+")
    if not text:
        raise ApiError(400, "MISSING_ARGUMENT", f"Missing required parameter: {key}")
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0)
    except (ValueError, OverflowError):  # none, or beyond the calendar in UTC
        raise _refused(f"{key} is not a valid date and time: {text}") from None


def _covered(org: Org, end: datetime) -> datetime:
    """Give up to when the answer is complete: the end asked for, or the current minute."""
    return min(end, org.now().replace(tzinfo=None, second=0, microsecond=0))


def _refused(message: str) -> ApiError:
    return ApiError(400, "INVALID_REPLICATION_DATE", message)


ROOT = "/services/data/v{version}/sobjects/{object}"
routes = [
    Route(ROOT + "/updated", updated, methods=["GET"]),
    Route(ROOT + "/deleted", deleted, methods=["GET"]),
]
