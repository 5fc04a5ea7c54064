"""What went through technical accounts by day: written once for days that are over, so that reports read few rows."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ARRAY, Integer, case, cast, column, delete, func, join, literal, select, values
from sqlalchemy.dialects import postgresql, sqlite

from crm.db import UtcDateTime, atomic, db, is_postgresql, utcnow
from crm.models import Account, AccountDay, Operation

SETTLED = timedelta(hours=1)  # no transaction lives that long: nothing is written into a day that ended before
_AT_ONCE = timedelta(days=400)  # days that are compared by one statement
_KEPT = select(
    AccountDay.day, AccountDay.account_id, AccountDay.kind, AccountDay.count, AccountDay.incoming, AccountDay.outgoing
)
_COLUMNS = ("account_id", "day", "kind", "count", "incoming", "outgoing")


def moments(first: date, last: date) -> tuple[datetime, datetime]:
    """The moments from which and before which the days last, both included, in the product's time zone."""
    zone = ZoneInfo(current_app.config["CRM_TIMEZONE"])
    # The first and the last day of the calendar may begin and end beyond it in UTC; nothing happened on them.
    first, last = max(first, date.min + timedelta(days=1)), min(last, date.max - timedelta(days=1))
    start = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The day that the moment is in, in the product's time zone."""
    return moment.astimezone(ZoneInfo(current_app.config["CRM_TIMEZONE"])).date()


def last_closed() -> date | None:
    """The last day that is written; every day before it is too."""
    return db.session.scalar(select(func.max(AccountDay.day)))


def close() -> int:
    """Write the days that ended over an hour ago and are not written yet, each in a transaction; how many days."""
    until, written = day_of(utcnow() - SETTLED) - timedelta(days=1), 0
    day = _next_day(last_closed())
    while day is not None and day <= until:
        _close(day)
        written += 1
        day = _next_day(day)
    return written


def _next_day(closed: date | None) -> date | None:
    """The first day after the closed one on which there was an operation."""
    earliest = select(func.min(Operation.created_at)).join(Account, Account.id == Operation.account_id)
    earliest = earliest.where(Account.code.is_not(None))
    if closed is not None:
        earliest = earliest.where(Operation.created_at >= moments(closed, closed)[1])
    found = db.session.scalar(earliest)
    return None if found is None else day_of(found)


def reset() -> None:
    """Throw all of it away, within the present transaction; `close` makes it anew."""
    db.session.execute(delete(AccountDay))


def differences() -> tuple[int, list[dict[str, Any]]]:
    """How many rows were compared with the operations, and which of them differ: account, day and kind."""
    kept = {(row.day, *row[1:3]): tuple(row[3:]) for row in db.session.execute(_KEPT)}
    days = sorted({key[0] for key in kept})
    first, last = (days[0], days[-1]) if days else (date.max, date.min)
    wrong = []
    while first <= last:
        until = min(first + _AT_ONCE, last)
        found = _found(first, until)
        of_these = {key: sums for key, sums in kept.items() if first <= key[0] <= until}
        wrong += sorted(key for key in of_these.keys() | found.keys() if of_these.get(key) != found.get(key))
        first = until + timedelta(days=1)
    return len(kept), [dict(zip(("day", "account", "kind"), key, strict=True)) for key in wrong]


def sums(first: date, last: date) -> Any:
    """What went through each technical account on the days together, by kind, from the operations themselves."""
    start, end = moments(first, last)
    amount = Operation.signed_amount
    return (
        select(
            Operation.account_id,
            literal(first, AccountDay.day.type).label("day"),
            Operation.kind,
            func.count().label("count"),
            func.sum(case((amount > 0, amount), else_=0)).label("incoming"),
            func.sum(case((amount < 0, -amount), else_=0)).label("outgoing"),
        )
        .join(Account, Account.id == Operation.account_id)
        .where(Account.code.is_not(None), Operation.created_at >= start, Operation.created_at < end)
        .group_by(Operation.account_id, Operation.kind)
    )


def _found(first: date, last: date) -> dict[tuple[date, int, str], tuple[int, int, int]]:
    """The sums of each of the days by account and kind, from the operations: one statement for all these days."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    place, operations = _placed([moments(day, day) for day in days])
    amount = Operation.signed_amount
    found = (
        select(
            place,
            Operation.account_id,
            Operation.kind,
            func.count(),
            func.sum(case((amount > 0, amount), else_=0)),
            func.sum(case((amount < 0, -amount), else_=0)),
        )
        .select_from(operations)
        .where(Operation.account_id.in_(select(Account.id).where(Account.code.is_not(None))))
        .where(*_bounds(first, last))
        .group_by(place, Operation.account_id, Operation.kind)
    )
    return {(days[row[0] - 1], *row[1:3]): (row[3], int(row[4]), int(row[5])) for row in db.session.execute(found)}


def _bounds(first: date, last: date) -> list[Any]:
    """What PostgreSQL is to go through once. SQLite would do so for each of the spans, which say it themselves."""
    if not is_postgresql():
        return []
    begin, until = moments(first, last)
    return [Operation.created_at >= begin, Operation.created_at < until]


def _placed(spans: list[tuple[datetime, datetime]]) -> tuple[Any, Any]:
    """The number of the span, from 1 on, that an operation is in; and the operations with it. PostgreSQL finds the span
    of each while it goes through them once, SQLite the operations of each span by their index.
    """
    if is_postgresql():
        begins = cast([begin for begin, _until in spans], ARRAY(UtcDateTime))
        return func.width_bucket(Operation.created_at, begins), Operation
    each = values(column("place", Integer), column("begin", UtcDateTime), column("until", UtcDateTime), name="spans")
    span = each.data([(place, *moments) for place, moments in enumerate(spans, start=1)]).cte("spans")
    within = (Operation.created_at >= span.c.begin) & (Operation.created_at < span.c.until)
    return span.c.place, join(span, Operation, within)


def _close(day: date) -> None:
    insert = (postgresql.insert if is_postgresql() else sqlite.insert)(AccountDay)
    with atomic() as session:
        session.execute(insert.from_select(_COLUMNS, sums(day, day)).on_conflict_do_nothing())
