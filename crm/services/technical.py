"""Technical accounts: what went through them in a period, and the operations behind each figure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select, tuple_

from crm.db import db, utcnow
from crm.errors import Invalid, NotFound
from crm.i18n import gettext as _
from crm.ledger import days
from crm.models import Account, AccountDay, Customer, Operation, Payment, User

_BEGINNING = date(1900, 1, 1)


@dataclass(frozen=True)
class Turnover:
    """What went through a technical account, in minor units: into it (out of wallets), out of it (into wallets)."""

    account_id: int
    code: str
    currency: str
    count: int = 0
    incoming: int = 0
    outgoing: int = 0

    @property
    def net(self) -> int:
        """What came in less what went out."""
        return self.incoming - self.outgoing


@dataclass(frozen=True)
class Line:
    """One operation of a technical account, with the payment and the customer behind it; amounts in minor units."""

    id: int
    at: datetime
    kind: str  # of the payment
    part: str  # of the payment: transfer or commission
    description: str
    signed_amount: int
    payment_id: Any
    customer_id: int | None
    customer_name: str | None
    who: str


@dataclass(frozen=True)
class LinesPage:
    """Some operations, newest first; `next_before` continues, None on the last page."""

    items: list[Line]
    next_before: int | None


def turnovers(first: date, last: date) -> list[Turnover]:
    """All technical accounts over the days (both included, of the product's time zone), by currency and code.

    Days that are written come from `account_days`, the others from the operations. Raises `Invalid` (`last`) where
    the period ends before it begins.
    """
    if last < first:
        raise Invalid({"last": [_("The period ends before it begins.")]})
    closed = days.last_closed() or first - timedelta(days=1)
    found: dict[int, list[int]] = {}
    parts = [_written(first, min(last, closed))]
    if last > closed:
        parts.append(days.sums(max(first, closed + timedelta(days=1)), last))
    for part in parts:
        for row in db.session.execute(part).mappings():
            total = found.setdefault(row["account_id"], [0, 0, 0])
            for index, name in enumerate(("count", "incoming", "outgoing")):
                total[index] += int(row[name])
    accounts = select(Account.id, Account.code, Account.currency).where(Account.code.is_not(None))
    ordered = db.session.execute(accounts.order_by(Account.currency, Account.id))
    return [Turnover(pk, code or "", currency, *found.get(pk, ())) for pk, code, currency in ordered]


def balances() -> dict[int, int]:
    """What has gone into each technical account less what has gone out, in minor units, up to now."""
    today = days.day_of(utcnow())
    return {one.account_id: one.net for one in turnovers(_BEGINNING, today)}


def turnover(account_id: int, first: date, last: date) -> Turnover:
    """One technical account over the days; raises `NotFound` for any other account, and `Invalid`."""
    for one in turnovers(first, last):
        if one.account_id == account_id:
            return one
    raise NotFound(_("There is no such account."))


def lines(account_id: int, first: date, last: date, before: int | None = None, limit: int = 50) -> LinesPage:
    """The account's operations of the days, newest first, from the one before the operation `before` on."""
    start, end = days.moments(first, last)
    wanted = _lines(account_id).where(Operation.created_at >= start, Operation.created_at < end)
    if before is not None:
        known = select(Operation.created_at, Operation.id).where(Operation.id == before)
        place = db.session.execute(known).one_or_none()
        if place is not None:
            wanted = wanted.where(tuple_(Operation.created_at, Operation.id) < tuple(place))
    newest = wanted.order_by(Operation.created_at.desc(), Operation.id.desc()).limit(limit + 1)
    found = [Line(*row) for row in db.session.execute(newest)]
    return LinesPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def _written(first: date, last: date) -> Any:
    return (
        select(
            AccountDay.account_id,
            func.sum(AccountDay.count).label("count"),
            func.sum(AccountDay.incoming).label("incoming"),
            func.sum(AccountDay.outgoing).label("outgoing"),
        )
        .where(AccountDay.day >= first, AccountDay.day <= last)
        .group_by(AccountDay.account_id)
    )


def _lines(account_id: int) -> Any:
    other = case((Payment.from_account_id == account_id, Payment.to_account_id), else_=Payment.from_account_id)
    return (
        select(
            Operation.id,
            Operation.created_at,
            Payment.kind,
            Operation.kind,
            Payment.description,
            Operation.signed_amount,
            Operation.payment_id,
            Customer.id,
            Customer.name,
            func.coalesce(func.nullif(User.name, ""), User.email, ""),
        )
        .join(Payment, Payment.id == Operation.payment_id)
        .join(Account, Account.id == other)
        .outerjoin(Customer, Customer.id == Account.customer_id)
        .outerjoin(User, User.id == Payment.created_by_id)
        .where(Operation.account_id == account_id)
    )
