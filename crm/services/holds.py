"""What is held of wallets: captured, let go by a person, or by itself when its time is over.

A hold is made as any other payment, by `WalletService` or `payments.accept`, with `hold`.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from crm import live
from crm.alone import by_turns
from crm.db import atomic, db, on_commit, retrying, utcnow
from crm.errors import Busy, HoldOver, Invalid, NotFound, PaymentRefused
from crm.i18n import gettext as _
from crm.ledger import engine
from crm.ledger.orders import Capture, Order, Release
from crm.ledger.pricing import kept_commission
from crm.ledger.refusals import refusal
from crm.models import Account, Hold, Payment
from crm.models.ledger import PaymentStatus, TechnicalCode
from crm.money import to_text
from crm.services import audit
from crm.services.audit import Actor
from crm.services.movements import clean_text

log = logging.getLogger(__name__)
_BATCH = 100  # holds that end in a transaction: SQLite's keeps all other writers out


@retrying
def capture(actor: Actor, payment_id: str, amount: int | None = None) -> Payment:
    """Move what is held, or `amount` minor units of it: the rest is available again. The commission is that of the
    amount, by the rule that held when the payment was made.

    For who may spend: who calls sees to that. Raises `NotFound`; `HoldOver` by code (`already_captured`, `hold_voided`,
    `hold_expired`, `not_held`); `Invalid` and `PaymentRefused` (`exceeds_hold`, `amount_too_small`) at `amount`, and
    where the payee can take nothing; never for a lack of money.
    """
    with atomic():
        payment = _locked(payment_id)
        order = _order(payment, amount)
        decisions = engine.post([Capture(order, payment.held_amount or 0)])
        if decisions.refused:
            raise refusal(decisions.refused[order.payment_id])
        _note(actor, "payment.captured", payment, captured=_told(order.amount, payment))
    return _as_it_is(payment)


@retrying
def void(actor: Actor, payment_id: str, reason: str = "") -> Payment:
    """Let go of what is held: nothing moves, and all of it is available again.

    For who may spend: who calls sees to that. Raises `NotFound`, `HoldOver` as `capture` does, `Invalid` at
    `description` for a reason that cannot be shown.
    """
    with atomic():
        payment = _locked(payment_id)
        about = {"reason": clean_text(reason)} if reason else {}
        engine.post([_release(payment, PaymentStatus.VOIDED)])
        _note(actor, "payment.voided", payment, **about)
    return _as_it_is(payment)


@dataclass(frozen=True)
class Foreseen:
    """What a capture will do, in minor units: what is moved, what of it is commission, and what is let go."""

    amount: int
    commission: int
    released: int


def foresee(payment_id: str, amount: int | None = None) -> Foreseen:
    """What capturing `amount` (or all of it) would do now; nothing is locked or written. Raises what `capture` raises,
    but for what the payee's wallet cannot take.
    """
    payment = db.session.get(Payment, uuid.UUID(payment_id), populate_existing=True)
    if payment is None:
        raise NotFound(_("There is no such payment."))
    _check(payment)
    taken, commission = _part(payment, amount)
    return Foreseen(taken, commission, (payment.held_amount or 0) - taken)


def expire_due(limit: int = _BATCH) -> int:
    """Let go of all that has been held for too long, `limit` payments in each transaction; how many. What the database
    refuses to let go stays as it is: a row that somebody has tampered with keeps nothing else from being done.
    """
    total = 0
    while ended := expire_some(limit):  # those that are left are being captured or let go this moment
        total += ended
    return total


def expire_some(limit: int = _BATCH) -> int:
    """The same for the first of them, in one transaction."""
    due = _due(limit)  # asked before: nobody else has to wait where there is nothing to do
    if not due:
        return 0
    with by_turns():
        return _expire_each(due)


def _due(limit: int) -> list[uuid.UUID]:
    due = select(Hold.payment_id).where(Hold.expires_at <= utcnow()).order_by(Hold.expires_at).limit(limit)
    found = list(db.session.scalars(due))
    db.session.rollback()
    return found


def _expire_each(due: Sequence[uuid.UUID]) -> int:
    """All of them together; one by one where the database refuses that."""
    try:
        return _expire(due)
    except (OperationalError, Busy):
        raise
    except Exception:
        if len(due) == 1:
            log.exception("What is held by payment %s cannot be let go; it is tried again later.", due[0])
            return 0
    return sum(_expire_each([one]) for one in due)


@retrying
def _expire(due: Sequence[uuid.UUID]) -> int:
    with atomic():
        wanted = select(Payment).where(Payment.id.in_(due))
        locked = wanted.order_by(Payment.id).with_for_update(skip_locked=True).execution_options(populate_existing=True)
        held = [one for one in db.session.scalars(locked) if one.status == PaymentStatus.HELD]
        engine.post([_release(payment, PaymentStatus.EXPIRED) for payment in held])
        ids = [payment.id.hex for payment in held]
        on_commit(lambda: live.announce(ids))
    return len(ids)


def _locked(payment_id: str) -> Payment:
    """The payment under this id, locked, that is held and may be so still."""
    try:
        wanted = select(Payment).where(Payment.id == uuid.UUID(payment_id)).with_for_update()
    except ValueError as error:
        raise NotFound(_("There is no such payment.")) from error
    payment = db.session.scalar(wanted.execution_options(populate_existing=True))
    if payment is None:
        raise NotFound(_("There is no such payment."))
    _check(payment)
    return payment


def _check(payment: Payment) -> None:
    problem = _problem(payment)
    if problem:
        raise HoldOver(problem, "payment", sentence(problem))


def _problem(payment: Payment) -> str:
    """The code of why nothing can be done with the hold, '' where it can."""
    is_over = payment.hold_expires_at is not None and payment.hold_expires_at <= utcnow()
    match payment.status:
        case PaymentStatus.HELD:
            return "hold_expired" if is_over else ""
        case PaymentStatus.COMPLETED if payment.held_amount is not None:
            return "already_captured"
        case PaymentStatus.VOIDED:
            return "hold_voided"
        case PaymentStatus.EXPIRED:
            return "hold_expired"
    return "not_held"


def sentence(code: str) -> str:
    """Why a hold can be neither captured nor let go, in the reader's language."""
    return {
        "already_captured": _("This was captured already."),
        "hold_voided": _("This was let go already: nothing is held any more."),
        "hold_expired": _("The time of this hold is over: nothing is held any more."),
        "not_held": _("Nothing is held for this payment."),
    }[code]


def _order(payment: Payment, amount: int | None) -> Order:
    """What moves."""
    taken, commission = _part(payment, amount)
    taker = _commission_account(payment.currency) if commission else 0
    return Order(payment.id.hex, payment.from_account_id, payment.to_account_id, taken, commission, taker)


def _part(payment: Payment, amount: int | None) -> tuple[int, int]:
    """How much is captured, and its commission, which is the payment's own where all of it is."""
    held = payment.held_amount or 0
    taken = held if amount is None else amount
    if taken <= 0:
        raise Invalid({"amount": [_("The amount must be more than zero.")]})
    if taken > held:
        raise PaymentRefused("exceeds_hold", "amount", _("This is more than what is held."))
    commission = payment.commission if taken == held else kept_commission(payment.terms, taken)
    if commission >= taken:
        raise PaymentRefused("amount_too_small", "amount", _("The amount must be more than its commission."))
    return taken, commission


def _commission_account(currency: str) -> int:
    wanted = select(Account.id).where(Account.code == TechnicalCode.COMMISSION, Account.currency == currency)
    return db.session.execute(wanted).scalar_one()


def _release(payment: Payment, status: PaymentStatus) -> Release:
    return Release(payment.id.hex, payment.from_account_id, payment.held_amount or 0, status.value)


def _note(actor: Actor, action: str, payment: Payment, **about: str) -> None:
    changes: dict[str, tuple[str | None, str | None]] = {"held": (_told(payment.held_amount or 0, payment), None)}
    changes |= {name: (None, value) for name, value in about.items()}
    audit.record(actor, action, "payment", payment.id.hex, changes)
    on_commit(lambda: live.announce([payment.id.hex]))


def _told(amount: int, payment: Payment) -> str:
    return f"{to_text(amount, payment.currency)} {payment.currency}"


def _as_it_is(payment: Payment) -> Payment:
    return db.session.get_one(Payment, payment.id, populate_existing=True)
