"""All operations of the ledger, of wallets and of technical accounts: filtered, in order, a page at a time, summed."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, func, literal_column, select, tuple_

from crm.db import db
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.ledger.days import moments
from crm.models import Account, Customer, Operation, Payment, User

SUMMED = 10_000  # operations that are summed while somebody waits
CHUNK = 1_000
SORTS = {"time": Operation.created_at, "amount": Operation.signed_amount}


@dataclass(frozen=True)
class Criteria:
    """What is looked for; blank means any. `sort` is a key of `SORTS`, with a leading `-` for descending.

    Time is an index. Amounts have none: all that meets the criteria is read to find the largest, and they compare
    within one currency only, so whoever sorts by them names that and a period, an account or a customer.
    """

    account: int | None = None
    code: str = ""  # of technical accounts
    customer: int | None = None  # whose wallets
    kind: str = ""  # of the payment
    part: str = ""  # of the payment: transfer or commission
    currency: str = ""
    direction: str = ""  # in: what the account got; out: what it gave
    first: date | None = None
    last: date | None = None
    sort: str = "-time"


@dataclass(frozen=True)
class Line:
    """One operation with its account and the payment behind it; amounts in minor units of the account's currency."""

    id: int
    at: datetime
    part: str  # of the payment: transfer or commission
    signed_amount: int
    balance_after: int | None  # of wallets
    sequence: int | None
    account_id: int
    code: str | None  # of technical accounts
    account_name: str
    currency: str
    customer_id: int | None
    customer_name: str | None
    payment_id: uuid.UUID
    kind: str  # of the payment
    source: str | None
    description: str
    who: str


@dataclass(frozen=True)
class Page:
    """Some operations in order; `next_after` continues, None on the last page."""

    items: list[Line]
    next_after: int | None


@dataclass(frozen=True)
class Total:
    """What the operations in a currency sum to, in minor units: what accounts got, and what they gave."""

    currency: str
    count: int
    incoming: int
    outgoing: int


def find(criteria: Criteria, after: int | None = None, limit: int = 50, few: bool = False) -> Page:
    """The operations that meet the criteria, in order, from the one after the operation `after` on. `few` says that
    there are no more than `SUMMED`: those are gathered and then sorted, where the order of all would be walked else.
    """
    check(criteria)
    found = list(db.session.scalars(_in_order(criteria, after, few).limit(limit + 1)))
    return Page(_lines(found[:limit]), found[limit - 1] if len(found) > limit else None)


def every(criteria: Criteria) -> Iterator[Line]:
    """All of them in order, read a piece at a time."""
    few = totals(criteria) is not None
    after: int | None = None
    while True:
        found = list(db.session.scalars(_in_order(criteria, after, few).limit(CHUNK)))
        yield from _lines(found)
        if len(found) < CHUNK:
            return
        after = found[-1]


def totals(criteria: Criteria) -> list[Total] | None:
    """What they sum to, by currency; None where there are more than `SUMMED` of them."""
    check(criteria)
    some = _matching(criteria).add_columns(Operation.account_id, Operation.signed_amount).limit(SUMMED + 1).subquery()
    amount = some.c.signed_amount
    summed = (
        select(
            Account.currency,
            func.count(),
            func.sum(case((amount > 0, amount), else_=0)),
            func.sum(case((amount < 0, -amount), else_=0)),
        )
        .join(Account, Account.id == some.c.account_id)
        .group_by(Account.currency)
        .order_by(Account.currency)
    )
    found = [Total(currency, *map(int, sums)) for currency, *sums in db.session.execute(summed)]
    return None if sum(one.count for one in found) > SUMMED else found


def count(criteria: Criteria, cap: int | None = None) -> int:
    """How many operations meet the criteria, counted no further than `cap`. Raises `Invalid`."""
    check(criteria)
    some = _matching(criteria) if cap is None else _matching(criteria).limit(literal_column(str(cap)))
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def check(criteria: Criteria) -> None:
    """Raise `Invalid` (`last`) where the period ends before it begins."""
    if criteria.first and criteria.last and criteria.last < criteria.first:
        raise Invalid({"last": [_("The period ends before it begins.")]})


def _in_order(criteria: Criteria, after: int | None, few: bool) -> Any:
    descending, column = criteria.sort.startswith("-"), SORTS[criteria.sort.lstrip("-")]
    wanted, key, pk = _matching(criteria), column, Operation.id
    if few:  # the limit keeps planners from walking the order in search of what is rare
        some = wanted.add_columns(column.label("key")).limit(SUMMED + 1).subquery()
        wanted, key, pk = select(some.c.id), some.c.key, some.c.id
    if after is not None:
        known = db.session.execute(select(column, Operation.id).where(Operation.id == after)).one_or_none()
        if known is not None:
            place = tuple_(key, pk)
            wanted = wanted.where(place < tuple(known) if descending else place > tuple(known))
    return wanted.order_by(*((key.desc(), pk.desc()) if descending else (key, pk)))


def _matching(criteria: Criteria) -> Any:
    """Ids alone: what is shown of an operation is read once they are few."""
    wanted: Any = select(Operation.id)
    if criteria.code or criteria.currency:
        wanted = wanted.join(Account, Account.id == Operation.account_id)
    if criteria.kind:
        wanted = wanted.join(Payment, Payment.id == Operation.payment_id)
    return wanted.where(*_conditions(criteria))


def _conditions(criteria: Criteria) -> Iterator[Any]:
    if criteria.account is not None:
        yield Operation.account_id == criteria.account
    if criteria.customer is not None:
        owned = select(Account.id).where(Account.customer_id == criteria.customer)
        yield Operation.account_id.in_(list(db.session.scalars(owned)))
    for column, value in (
        (Account.code, criteria.code),
        (Account.currency, criteria.currency),
        (Payment.kind, criteria.kind),
        (Operation.kind, criteria.part),
    ):
        if value:
            yield column == value
    if criteria.direction:
        yield Operation.signed_amount > 0 if criteria.direction == "in" else Operation.signed_amount < 0
    if criteria.first:
        yield Operation.created_at >= moments(criteria.first, criteria.first)[0]
    if criteria.last:
        yield Operation.created_at < moments(criteria.last, criteria.last)[1]


def _lines(ids: Sequence[int]) -> list[Line]:
    wanted: Any = (
        select(
            Operation.id, Operation.created_at, Operation.kind, Operation.signed_amount, Operation.balance_after,
            Operation.sequence, Operation.account_id, Account.code, Account.name, Account.currency, Customer.id,
            Customer.name, Payment.id, Payment.kind, Payment.source, Payment.description,
            func.coalesce(func.nullif(User.name, ""), User.email, ""),
        )
        .join(Account, Account.id == Operation.account_id)
        .join(Payment, Payment.id == Operation.payment_id)
        .outerjoin(Customer, Customer.id == Account.customer_id)
        .outerjoin(User, User.id == Payment.created_by_id)
        .where(Operation.id.in_(ids))
    )  # fmt: skip
    by_id = {line.id: line for line in (Line(*row) for row in db.session.execute(wanted))} if ids else {}
    return [by_id[pk] for pk in ids]
