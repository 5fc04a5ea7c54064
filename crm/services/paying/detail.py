"""One payment with all that belongs to it: its operations, what it gave back or was given back by, its batch."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from crm.db import db
from crm.models import Account, Customer, Operation, Payment, PaymentBatch, PendingPayment
from crm.models.ledger import PaymentKind, PaymentStatus
from crm.services.paying import lists
from crm.services.paying.lists import Row


@dataclass(frozen=True)
class Line:
    """An operation as a line of the double-entry table, in minor units; `balance_after` is None on technical ones."""

    id: int
    account_id: int
    code: str | None
    customer_id: int | None
    customer: str | None
    currency: str
    part: str  # transfer or commission
    signed_amount: int
    balance_after: int | None


@dataclass(frozen=True)
class Related:
    """A reversal of the payment, or the payment that it reverses."""

    id: uuid.UUID
    status: str
    amount: int
    currency: str
    created_at: datetime


@dataclass(frozen=True)
class Detail:
    """The payment, its lines in the order they were written, its reversals from the first on, and its original."""

    row: Row
    terms: str | None  # JSON
    rate: int | None  # scaled by 10^9
    metadata: str | None  # JSON
    origin: str
    batch: str | None  # the name of the file
    batch_row: int | None
    held_amount: int | None  # of a hold, and what belongs to it
    held_at: datetime | None
    hold_expires_at: datetime | None
    attempts: int  # to post it, while it waits
    next_attempt_at: datetime | None
    lines: list[Line]
    reversals: list[Related]
    original: Related | None

    @property
    def left(self) -> int:
        """How much of it can be given back, in minor units of its currency."""
        done = self.row.status == PaymentStatus.COMPLETED and self.row.kind != PaymentKind.REVERSAL
        return self.row.amount - self.row.reversed_amount if done else 0

    @property
    def arrives(self) -> tuple[int, str]:
        """What the payee gets, in minor units, and in which currency."""
        if self.row.to_amount is not None and self.row.to_currency:
            return self.row.to_amount, self.row.to_currency
        return self.row.amount - self.row.commission, self.row.currency

    @property
    def totals(self) -> list[tuple[str, int, int]]:
        """By currency, what accounts gave and what they got; the ledger's law is that both are the same."""
        found: dict[str, list[int]] = {}
        for line in self.lines:
            gave, got = max(-line.signed_amount, 0), max(line.signed_amount, 0)
            total = found.setdefault(line.currency, [0, 0])
            total[0], total[1] = total[0] + gave, total[1] + got
        return [(currency, gave, got) for currency, (gave, got) in sorted(found.items())]


def detail(pk: uuid.UUID) -> Detail:
    """The payment with this id; raises `NotFound`. Four statements."""
    row = lists.one(pk)
    known: Any = db.session.execute(
        select(
            Payment.terms, Payment.rate, Payment.details, Payment.origin, PaymentBatch.name, Payment.batch_row,
            Payment.held_amount, Payment.held_at, Payment.hold_expires_at,
            PendingPayment.attempts, PendingPayment.next_attempt_at,
        )
        .outerjoin(PaymentBatch, PaymentBatch.id == Payment.batch_id)
        .outerjoin(PendingPayment, PendingPayment.payment_id == Payment.id)
        .where(Payment.id == pk)
    ).one()  # fmt: skip
    written: list[Any] = list(known[:-2])
    attempts, next_attempt_at = known[-2:]
    related = _related(row)
    original = next((one for one in related if one.id == row.reversal_of_id), None)
    reversals = [one for one in related if one is not original]
    rest: list[Any] = [attempts or 0, next_attempt_at, lines(pk), reversals, original]
    return Detail(row, *written, *rest)


def lines(pk: uuid.UUID) -> list[Line]:
    """The operations of a payment, in the order they were written."""
    wanted = (
        select(
            Operation.id, Operation.account_id, Account.code, Customer.id, Customer.name, Account.currency,
            Operation.kind, Operation.signed_amount, Operation.balance_after,
        )
        .join(Account, Account.id == Operation.account_id)
        .outerjoin(Customer, Customer.id == Account.customer_id)
        .where(Operation.payment_id == pk)
        .order_by(Operation.id)
    )  # fmt: skip
    return [Line(*row) for row in db.session.execute(wanted)]


def _related(row: Row) -> list[Related]:
    columns = Payment.id, Payment.status, Payment.amount, Payment.currency, Payment.created_at
    wanted = select(*columns).where(or_(Payment.reversal_of_id == row.id, Payment.id == row.reversal_of_id))
    return [Related(*found) for found in db.session.execute(wanted.order_by(Payment.id))]
