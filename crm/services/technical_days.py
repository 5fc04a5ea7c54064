"""What went through technical accounts from day to day: the figures of a chart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Date, case, column, func, select, values

from crm.db import UtcDateTime, db, utcnow
from crm.ledger import days
from crm.models import AccountDay, Operation

LONGEST = 400  # days that are told one by one; of more, months are
_AT_ONCE = 300  # days in a statement, each three of its parameters
Sums = dict[tuple[Any, ...], tuple[int, int]]  # by day, or by day and account


@dataclass(frozen=True)
class Point:
    """What went into the accounts (out of wallets) and out of them (into wallets) in a day or a month, in minor units;
    `start` is its first day.
    """

    start: date
    incoming: int
    outgoing: int

    @property
    def net(self) -> int:
        """What came in less what went out."""
        return self.incoming - self.outgoing


@dataclass(frozen=True)
class Series:
    """Points without a gap, the oldest first; none where nothing happened. `unit` is `day` or `month`."""

    unit: str
    points: list[Point]


def series(account_ids: Sequence[int], first: date, last: date) -> Series:
    """What went through the accounts (of one currency) together over the days, both included.

    Days that are written come from `account_days`, the others from the operations. No day is in the future.
    """
    last = min(last, days.day_of(utcnow()))
    found = _written(account_ids, first, last) | _live(account_ids, first, last)
    if not found:
        return Series("day", [])
    if last - first >= timedelta(days=LONGEST):
        return Series("month", _monthly(found))
    return Series("day", [Point(day, *found.get((day,), (0, 0))) for day in _each_day(first, last)])


def daily(account_ids: Sequence[int], first: date, last: date) -> dict[int, list[Point]]:
    """The same of each account by itself, day by day, for a few days; no account where nothing happened at all."""
    found = _written(account_ids, first, last, True) | _live(account_ids, first, last, True)
    if not found:
        return {}
    each_day = list(_each_day(first, last))
    return {pk: [Point(day, *found.get((day, pk), (0, 0))) for day in each_day] for pk in account_ids}


def _written(account_ids: Sequence[int], first: date, last: date, each: bool = False) -> Sums:
    by = (AccountDay.day, AccountDay.account_id) if each else (AccountDay.day,)
    wanted = (
        select(*by, func.sum(AccountDay.incoming), func.sum(AccountDay.outgoing))
        .where(AccountDay.account_id.in_(account_ids), AccountDay.day >= first, AccountDay.day <= last)
        .group_by(*by)
    )
    return _sums(wanted)


def _live(account_ids: Sequence[int], first: date, last: date, each: bool = False) -> Sums:
    """Of the days that are not written; they are few, since the days that are over are written every hour."""
    closed, found = days.last_closed(), Sums()
    if closed is None:
        oldest = select(func.min(Operation.created_at)).where(Operation.account_id.in_(account_ids))
        begun = db.session.scalar(oldest)
        closed = days.day_of(begun) - timedelta(days=1) if begun else last
    wanted = list(_each_day(max(first, closed + timedelta(days=1)), last))
    for number in range(0, len(wanted), _AT_ONCE):
        found |= _sums(_by_day(account_ids, wanted[number : number + _AT_ONCE], each))
    return found


def _by_day(account_ids: Sequence[int], wanted: Sequence[date], each: bool) -> Any:
    """Days begin and end as the product's time zone has them, which SQLite knows nothing of: they are told to it."""
    named = values(column("day", Date), column("start", UtcDateTime), column("end", UtcDateTime), name="days")
    day = named.data([(one, *days.moments(one, one)) for one in wanted]).cte("days")
    amount = Operation.signed_amount
    by = (day.c.day, Operation.account_id) if each else (day.c.day,)
    return (
        select(
            *by,
            func.sum(case((amount > 0, amount), else_=0)),
            func.sum(case((amount < 0, -amount), else_=0)),
        )
        .join(Operation, (Operation.created_at >= day.c.start) & (Operation.created_at < day.c.end))
        .where(Operation.account_id.in_(account_ids))
        .group_by(*by)
    )


def _sums(wanted: Any) -> Sums:
    return {tuple(key): (int(incoming), int(outgoing)) for *key, incoming, outgoing in db.session.execute(wanted)}


def _monthly(found: Sums) -> list[Point]:
    months: dict[date, tuple[int, int]] = {}
    for month in _each_month(min(found)[0], max(found)[0]):
        months[month] = 0, 0
    for (day, *_rest), (incoming, outgoing) in found.items():
        before = months[day.replace(day=1)]
        months[day.replace(day=1)] = before[0] + incoming, before[1] + outgoing
    return [Point(month, *sums) for month, sums in months.items()]


def _each_day(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _each_month(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)
