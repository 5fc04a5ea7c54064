"""Giving back what a payment moved, as a payment of its own."""

import uuid

from sqlalchemy import select

from crm.db import db
from crm.errors import Invalid, NotFound, PaymentRefused
from crm.i18n import gettext as _
from crm.ledger.engine import Draft
from crm.ledger.pricing import share
from crm.ledger.refusals import refusal
from crm.models import Account, Payment
from crm.models.ledger import SYSTEM, PaymentKind, PaymentStatus
from crm.services.audit import Actor
from crm.services.movements import clean_key, clean_text


def draft(actor: Actor, payment_id: str, amount: int | None, description: str = "", key: str = "") -> Draft:
    """The reversal to be stored: of `amount` minor units, or of all that is left. The original is locked.

    Raises `NotFound`, `Invalid` by field, `PaymentRefused` where the original cannot be reversed.
    """
    original = _locked(payment_id)
    part = _repeated(actor, original, key) or _part(original, amount)
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
