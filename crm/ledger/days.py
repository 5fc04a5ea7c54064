"""What went through technical accounts by day: written once for days that are over, so that reports read few rows."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import case, delete, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from crm.db import atomic, db, is_postgresql, utcnow
from crm.models import Account, AccountDay, Operation

SETTLED = timedelta(hours=1)  # no transaction lives that long: nothing is written into a day that ended before
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
    rows = db.session.execute(select(AccountDay).order_by(AccountDay.day)).scalars().all()
    kept: dict[date, dict[tuple[int, str], tuple[int, int, int]]] = {}
    for row in rows:
        kept.setdefault(row.day, {})[row.account_id, row.kind] = (row.count, row.incoming, row.outgoing)
    wrong = []
    day, last = (rows[0].day, rows[-1].day) if rows else (date.max, date.min)
    while day <= last:
        found = _found(day)
        for key in sorted(kept.get(day, {}).keys() | found.keys()):
            if kept.get(day, {}).get(key) != found.get(key):
                wrong.append({"account": key[0], "day": day, "kind": key[1]})
        day += timedelta(days=1)
    return len(rows), wrong


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


def _found(day: date) -> dict[tuple[int, str], tuple[int, int, int]]:
    found = db.session.execute(sums(day, day)).mappings()
    return {
        (row["account_id"], row["kind"]): (row["count"], int(row["incoming"]), int(row["outgoing"])) for row in found
    }


def _close(day: date) -> None:
    insert = (postgresql.insert if is_postgresql() else sqlite.insert)(AccountDay)
    with atomic() as session:
        session.execute(insert.from_select(_COLUMNS, sums(day, day)).on_conflict_do_nothing())
