"""Giving back what a payment moved, as a payment of its own."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from crm.db import db
from crm.errors import Invalid, NotFound, PaymentRefused
from crm.i18n import gettext as _
from crm.ledger import reversals as reading
from crm.ledger.engine import Draft
from crm.ledger.orders import Line, Original, Reversal
from crm.ledger.posting import Balance, decide
from crm.ledger.pricing import share
from crm.ledger.refusals import refusal, sentence
from crm.models import Account, AccountBalance, Customer, Payment
from crm.models.ledger import SYSTEM, OperationKind, PaymentKind, PaymentStatus
from crm.services.audit import Actor
from crm.services.movements import clean_key, clean_text


def draft(actor: Actor, payment_id: str, amount: int | None, description: str = "", key: str = "") -> Draft:
    """The reversal to be stored: of `amount` minor units, or of all that is left. The original is locked.

    Raises `NotFound`, `Invalid` by field, `PaymentRefused` where the original cannot be reversed.
    """
    original = _locked(payment_id)
    known = _repeated(actor, original, key)
    part = _part(original, amount) if known is None or _is_beyond(original, amount) else amount or known
    return Draft(
        kind=PaymentKind.REVERSAL.value,
        from_account=original.to_account_id,
        to_account=original.from_account_id,
        amount=part,
        currency=original.currency,
        source=original.source,
        description=clean_text(description),
        key=clean_key(key),
        to_currency=original.to_currency,
        to_amount=max(1, share(original.to_amount, part, original.amount)) if original.to_amount else None,
        rate=original.rate,
        reversal_of_id=original.id.hex,
        takes_rest=amount is None,
        created_by_id=actor.user_id,
        origin=actor.origin,
    )


def check_open(reversal: Draft) -> None:
    """Raise `AccountUnavailable` where one of the wallets is frozen or closed."""
    sides = Account.id.in_((reversal.from_account, reversal.to_account))
    shut = db.session.scalar(select(Account.status).where(sides, Account.status != "open").limit(1))
    if shut:
        raise refusal(f"account_{shut}")


@dataclass(frozen=True)
class Change:
    """What a reversal does to an account, in minor units; `balance` is what is there afterwards, None on technical
    accounts.
    """

    code: str | None
    customer: str | None
    currency: str
    amount: int
    balance: int | None


@dataclass(frozen=True)
class Foreseen:
    """What a reversal will do, and the sentence that says why it cannot be done ('' where it can)."""

    amount: int
    commission: int  # that is given back
    changes: list[Change]
    problem: str = ""


def foresee(payment_id: str, amount: int | None) -> Foreseen:
    """What giving back `amount` (or all that is left) would do now, as the engine would decide it; nothing is locked or
    written. Raises what `draft` raises. Four statements.
    """
    payment = db.session.get(Payment, uuid.UUID(payment_id), populate_existing=True)
    if payment is None:
        raise NotFound(_("There is no such payment."))
    part = _part(payment, amount)
    original = Original(payment.id.hex, payment.amount, payment.reversed_amount, {}, {})
    reading.read_lines({original.payment_id: original})
    lines = original.give_back(part)
    sides = _sides(lines)
    before = {pk: balance for pk, (*_named, balance) in sides.items() if balance is not None}
    decisions = decide([Reversal("", original.payment_id, part)], before, {original.payment_id: original})
    refused = "".join(map(sentence, decisions.refused.values()))
    moved: dict[int, int] = {}
    for account_id, _kind, signed_amount in lines:
        moved[account_id] = moved.get(account_id, 0) + signed_amount
    changes = [_change(sides[pk], total) for pk, total in moved.items() if total]
    commission = sum(total for _pk, kind, total in lines if kind == OperationKind.COMMISSION and total > 0)
    return Foreseen(part, commission, changes, refused)


def _change(side: tuple[str | None, str | None, str, Balance | None], total: int) -> Change:
    code, customer, currency, balance = side
    return Change(code, customer, currency, total, None if balance is None else balance.balance)


def _sides(lines: Sequence[Line]) -> dict[int, tuple[str | None, str | None, str, Balance | None]]:
    """Code, owner, currency and balance of the accounts that have lines."""
    row = AccountBalance
    balance = row.account_id, row.status, row.overdraft_limit, row.balance, row.held, row.sequence
    wanted = (
        select(Account.id, Account.code, Customer.name, Account.currency, *balance)
        .outerjoin(Customer, Customer.id == Account.customer_id)
        .outerjoin(AccountBalance, AccountBalance.account_id == Account.id)
        .where(Account.id.in_({account_id for account_id, _kind, _amount in lines}))
    )
    return {
        pk: (code, name, currency, Balance(*values) if values[0] is not None else None)
        for pk, code, name, currency, *values in db.session.execute(wanted)
    }


def _locked(payment_id: str) -> Payment:
    try:
        wanted = select(Payment).where(Payment.id == uuid.UUID(payment_id)).with_for_update()
    except ValueError as error:
        raise NotFound(_("There is no such payment.")) from error
    original = db.session.execute(wanted.execution_options(populate_existing=True)).scalar_one_or_none()
    if original is None:
        raise NotFound(_("There is no such payment."))
    return original


def _repeated(actor: Actor, original: Payment, key: str) -> int | None:
    """The amount of the reversal that has this key already: the engine will say whether the same was asked for."""
    wanted = select(Payment.amount).where(Payment.caller == (actor.user_id or SYSTEM), Payment.idempotency_key == key)
    return db.session.scalar(wanted.where(Payment.reversal_of_id == original.id)) if key else None


def _is_beyond(original: Payment, amount: int | None) -> bool:
    """Whether the amount can be no part of the payment: it is refused, whatever the key."""
    return amount is not None and not 0 < amount <= original.amount


def _part(original: Payment, amount: int | None) -> int:
    if original.kind == PaymentKind.REVERSAL:
        raise PaymentRefused("not_reversible", "amount", _("A reversal cannot be reversed."))
    if original.status != PaymentStatus.COMPLETED:
        raise refusal("not_reversible")
    left = original.amount - original.reversed_amount
    if amount is not None and amount <= 0:
        raise Invalid({"amount": [_("The amount must be more than zero.")]})
    if not left or (amount or 0) > left:
        raise refusal("exceeds_reversible")
    return amount or left
