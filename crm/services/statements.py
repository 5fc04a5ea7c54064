"""What a wallet holds and held, and what happened in it: read from the operations, whose chain is the truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from crm.db import db, utcnow
from crm.errors import Invalid, NotFound
from crm.i18n import gettext as _
from crm.ledger.days import moments
from crm.models import Account, AccountBalance, Customer, Operation, Payment, User
from crm.models.ledger import OperationKind

_CHUNK = 1_000
_ORIGINAL = aliased(Payment)  # of a reversal
_LAST = aliased(Operation)  # of the payment in the same account
_SIDE, _OTHER = aliased(Account), aliased(Customer)  # the payment's other side, and whose it is
_OTHER_SIDE = case(
    (Payment.from_account_id == Operation.account_id, Payment.to_account_id), else_=Payment.from_account_id
)
_BALANCE_AFTER = Operation.balance_after
_AFTER_PAYMENT = (
    select(_LAST.balance_after)
    .where(_LAST.payment_id == Operation.payment_id, _LAST.account_id == Operation.account_id)
    .order_by(_LAST.sequence.desc())
    .limit(1)
    .correlate(Operation)
    .scalar_subquery()
)
_PLACE = tuple_(Operation.created_at, Operation.id)  # in time, as in the chain


@dataclass(frozen=True)
class Line:
    """One operation of a wallet with the payment behind it; amounts in minor units."""

    id: int
    sequence: int
    at: datetime
    kind: str  # of the payment
    part: str  # of the payment: transfer or commission
    description: str
    signed_amount: int
    balance_after: int
    payment_id: Any
    source: str | None
    amount: int  # of the payment, in its currency
    currency: str
    to_amount: int | None  # what arrived where it was converted
    to_currency: str | None
    rate: int | None  # scaled by 10^9
    of_kind: str | None  # of the payment that is reversed
    other_id: int | None  # the customer on the other side, where that is somebody else
    other: str | None
    who: str


@dataclass(frozen=True)
class Statement:
    """A wallet over some days, both included: closing = opening + incoming − outgoing, and `held` of it is reserved."""

    account: Account
    first: date
    last: date
    opening: int
    incoming: int
    outgoing: int
    closing: int
    held: int
    count: int

    def lines(self) -> Iterator[Line]:
        """The operations in their order, read a piece at a time."""
        start, end = moments(self.first, self.last)
        after = start, 0
        while True:
            wanted = _lines(self.account.id).where(after < _PLACE, Operation.created_at < end)
            found = [
                _line(row)
                for row in db.session.execute(wanted.order_by(Operation.created_at, Operation.id).limit(_CHUNK))
            ]
            yield from found
            if len(found) < _CHUNK:
                return
            after = found[-1].at, found[-1].id


@dataclass(frozen=True)
class HistoryPage:
    """Some operations, newest first; `next_before` continues, None on the last page."""

    items: list[Line]
    next_before: int | None


def balance(account_id: int, at: datetime | None = None) -> int:
    """The balance in minor units, now or at a moment: one look-up. Raises `NotFound`."""
    now = db.session.scalar(select(AccountBalance.balance).where(AccountBalance.account_id == account_id))
    if now is None:
        raise NotFound(_("There is no such wallet."))
    return now if at is None else _balance_at(account_id, Operation.created_at <= at)


def statement(account_id: int, first: date, last: date) -> Statement:
    """The wallet over the days; raises `NotFound`, and `Invalid` where the period ends before it begins."""
    account = db.session.get(Account, account_id)
    if account is None or account.customer_id is None:
        raise NotFound(_("There is no such wallet."))
    if last < first:
        raise Invalid({"last": [_("The period ends before it begins.")]})
    start, end = moments(first, last)
    opening = _balance_at(account_id, Operation.created_at < start)
    amount = Operation.signed_amount
    sums = db.session.execute(
        select(
            func.coalesce(func.sum(case((amount > 0, amount), else_=0)), 0),
            func.coalesce(func.sum(case((amount < 0, -amount), else_=0)), 0),
            func.count(),
        ).where(Operation.account_id == account_id, Operation.created_at >= start, Operation.created_at < end)
    ).one()
    incoming, outgoing, count = map(int, sums)
    closing = opening + incoming - outgoing
    return Statement(account, first, last, opening, incoming, outgoing, closing, _held_at(account_id, end), count)


def _held_at(account_id: int, moment: datetime) -> int:
    """What was reserved at the moment; now, where that is to come: one look-up."""
    if moment > utcnow():
        return db.session.scalar(select(AccountBalance.held).where(AccountBalance.account_id == account_id)) or 0
    ended = or_(Payment.completed_at.is_(None), Payment.completed_at >= moment)
    wanted = select(func.coalesce(func.sum(Payment.held_amount), 0)).where(Payment.from_account_id == account_id)
    return int(db.session.scalar(wanted.where(Payment.held_at < moment, ended)) or 0)


def history(
    account_id: int,
    kind: str = "",
    first: date | None = None,
    last: date | None = None,
    before: int | None = None,
    limit: int = 50,
    commission: bool = True,
) -> HistoryPage:
    """The wallet's operations, newest first, of payments of one kind and some days where wanted, from the operation
    before the sequence `before` on. Without `commission` its lines are left out, and the balance after a line is that
    after the last one of its payment.
    """
    wanted = _lines(account_id, _BALANCE_AFTER if commission else _AFTER_PAYMENT)
    if not commission:
        wanted = wanted.where(Operation.kind != OperationKind.COMMISSION)
    if kind:
        wanted = wanted.where(Payment.kind == kind)
    if first:
        wanted = wanted.where(Operation.created_at >= moments(first, first)[0])
    if last:
        wanted = wanted.where(Operation.created_at < moments(last, last)[1])
    if before is not None:
        known = select(Operation.created_at, Operation.id).where(
            Operation.account_id == account_id, Operation.sequence == before
        )
        place = db.session.execute(known).one_or_none()
        if place is None:
            return HistoryPage([], None)
        wanted = wanted.where(tuple(place) > _PLACE)
    newest = wanted.order_by(Operation.created_at.desc(), Operation.id.desc()).limit(limit + 1)
    found = [_line(row) for row in db.session.execute(newest)]
    return HistoryPage(found[:limit], found[limit - 1].sequence if len(found) > limit else None)


def _balance_at(account_id: int, when: Any) -> int:
    last = (
        select(Operation.balance_after)
        .where(Operation.account_id == account_id, when)
        .order_by(Operation.created_at.desc(), Operation.id.desc())
        .limit(1)
    )
    return db.session.scalar(last) or 0


def _line(row: Any) -> Line:
    values: list[Any] = list(row)
    return Line(*(*values[:-2], values[-2] or values[-1] or ""))


def _lines(account_id: int, balance: Any = _BALANCE_AFTER) -> Any:
    owner = select(Account.customer_id).where(Account.id == account_id).scalar_subquery()
    return (
        select(
            Operation.id,
            Operation.sequence,
            Operation.created_at,
            Payment.kind,
            Operation.kind,
            Payment.description,
            Operation.signed_amount,
            balance,
            Operation.payment_id,
            Payment.source,
            Payment.amount,
            Payment.currency,
            Payment.to_amount,
            Payment.to_currency,
            Payment.rate,
            _ORIGINAL.kind,
            _OTHER.id,
            _OTHER.name,
            User.name,
            User.email,
        )
        .join(Payment, Payment.id == Operation.payment_id)
        .outerjoin(_ORIGINAL, _ORIGINAL.id == Payment.reversal_of_id)
        .outerjoin(User, User.id == Payment.created_by_id)
        .outerjoin(_SIDE, _SIDE.id == _OTHER_SIDE)
        .outerjoin(_OTHER, and_(_OTHER.id == _SIDE.customer_id, _OTHER.id != owner))
        .where(Operation.account_id == account_id)
    )
