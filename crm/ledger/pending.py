"""Payments that were accepted and wait: claimed by whoever posts them, posted in batches, or put off."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Select, delete, select, text, update
from sqlalchemy.orm import InstrumentedAttribute

from crm import bulk, live
from crm.db import atomic, db, is_postgresql, on_commit, retrying, utcnow
from crm.ledger import engine
from crm.ledger.orders import Exchange, Order, Reversal
from crm.models import Account, Payment, PendingPayment
from crm.models.ledger import PaymentStatus, TechnicalCode

_BATCH, _BATCH_OF_ONE_WRITER = 2000, 1000  # payments in a transaction; SQLite's keeps all other writers out
# Seconds until the next attempt, after none, one, two …: whoever follows a worker that has died goes on at once with
# what that one had in hand, before anything that was accepted later.
WAITS = (0, 30, 60, 120, 300, 900)
LONGEST_WAIT = 3600
T = TypeVar("T")
_ADD = text(r"""
    INSERT INTO pending_payments (payment_id, attempts, next_attempt_at)
    SELECT CAST(given AS uuid), 0, CAST(:due AS timestamptz) FROM unnest(string_to_array(:values, E'\x1f')) AS given""")


class Posted(NamedTuple):
    """How many payments a batch has completed (of holds: held), and how many it has found impossible."""

    completed: int
    failed: int


def add(payment_ids: Iterable[str]) -> None:
    """Have the payments, stored in the present transaction, posted in the background."""
    due = bulk.stamp(utcnow())
    if is_postgresql():  # to write a COPY would take longer here than to read it there
        db.session.execute(_ADD, {"due": due, **bulk.packed(payment_ids)})
        return
    rows = [(payment_id, 0, due) for payment_id in payment_ids]
    bulk.insert("pending_payments", ("payment_id", "attempts", "next_attempt_at"), rows)


def are_due() -> bool:
    """Whether there is a payment that could be posted now."""
    return db.session.scalar(_due(PendingPayment.attempts, utcnow()).limit(1)) is not None


@retrying
def claim(limit: int = 0, in_hand: Sequence[str] = ()) -> list[str]:
    """Ids of payments that are due, in the order they were accepted; with some in hand, the next ones that nobody has
    tried yet, [] where others come first.

    The attempt is counted and committed, so that a payment which kills whoever posts it comes again less and less
    often, and with fewer and fewer others: those that were tried as often, a tenth of them each time, in the end alone.
    """
    now, limit = utcnow(), limit or (_BATCH if is_postgresql() else _BATCH_OF_ONE_WRITER)
    with atomic() as session:
        beside = [~bulk.among(PendingPayment.payment_id)] if in_hand else []
        bound = bulk.packed(in_hand) if in_hand else {}
        attempts = session.scalar(_due(PendingPayment.attempts, now).where(*beside).limit(1), bound)
        if attempts is None or (attempts and in_hand):
            return []
        # What is in hand was tried: it is not among these. To leave it out by its ids took a second, where PostgreSQL
        # had not counted yet how much waits.
        chosen = _due(PendingPayment.payment_id, now).where(PendingPayment.attempts == attempts)
        chosen = chosen.limit(max(1, limit // 10 ** max(0, attempts - 1))).with_for_update(skip_locked=True)
        wait = WAITS[attempts] if attempts < len(WAITS) else LONGEST_WAIT
        claimed = session.scalars(
            update(PendingPayment)
            .where(PendingPayment.payment_id.in_(select(chosen.cte("chosen").c.payment_id)))
            .values(attempts=attempts + 1, next_attempt_at=now + timedelta(seconds=wait))
            .returning(PendingPayment.payment_id),
            execution_options={"synchronize_session": False},
        ).all()
    return sorted(pk.hex for pk in claimed)


def _due(attribute: InstrumentedAttribute[T], now: datetime) -> Select[T]:
    return select(attribute).where(PendingPayment.next_attempt_at <= now).order_by(PendingPayment.payment_id)


@retrying
def post(payment_ids: Sequence[str]) -> Posted:
    """Post the payments with these ids, in the order they were accepted, in one transaction of few statements. What is
    final already is left out, and waits no longer.
    """
    with atomic():
        orders = _orders(payment_ids)
        decisions = engine.post(orders)
        gone = delete(PendingPayment).where(bulk.among(PendingPayment.payment_id))
        db.session.execute(gone, bulk.packed(payment_ids), execution_options={"synchronize_session": False})
        on_commit(lambda: live.announce([order.payment_id for order in orders]))
    return Posted(len(decisions.completed) + len(decisions.held), len(decisions.refused))


_COLUMNS: tuple[Any, ...] = (
    Payment.id, Payment.from_account_id, Payment.to_account_id, Payment.amount, Payment.commission, Payment.currency,
    Payment.to_amount, Payment.to_currency, Payment.reversal_of_id, Payment.held_amount,
)  # fmt: skip


def _orders(payment_ids: Sequence[str]) -> list[Order | Reversal]:
    """What is to be posted of these, locked. They were numbered as they were accepted: the ids are in that order."""
    wanted = select(*_COLUMNS).where(bulk.among(Payment.id), Payment.status == PaymentStatus.INITIATED)
    locked = wanted.order_by(Payment.id).with_for_update()
    found = db.session.connection().execute(locked, bulk.packed(payment_ids)).all()
    technical = _technical() if any(row.commission or row.to_amount for row in found) else {}
    return [_order(row, technical) for row in found]


def _order(row: Any, technical: dict[tuple[str, str], int]) -> Order | Reversal:
    if row.reversal_of_id:
        return Reversal(row.id.hex, row.reversal_of_id.hex, row.amount)
    order = Order(row.id.hex, row.from_account_id, row.to_account_id, row.amount, row.commission)
    order.hold = row.held_amount is not None
    if row.commission:
        order.commission_account = technical[TechnicalCode.COMMISSION, row.currency]
    if row.to_amount:
        taker, giver = (technical[TechnicalCode.CONVERSION, code] for code in (row.currency, row.to_currency))
        order.exchange = Exchange(taker, giver, row.to_amount)
    return order


def _technical() -> dict[tuple[str, str], int]:
    """The accounts that take commission and convert, by code and currency."""
    codes = TechnicalCode.COMMISSION, TechnicalCode.CONVERSION
    found = db.session.execute(select(Account.code, Account.currency, Account.id).where(Account.code.in_(codes)))
    return {(str(code), currency): pk for code, currency, pk in found}


def oldest() -> datetime | None:
    """When the payment that waits longest was accepted, None where none waits."""
    waiting = select(Payment.created_at).join(PendingPayment, PendingPayment.payment_id == Payment.id)
    return db.session.scalar(waiting.order_by(PendingPayment.payment_id).limit(1))
