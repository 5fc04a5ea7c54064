"""A payment as programs see it: the one shape of the REST API, of polling and of what followers are told."""

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from crm.db import db
from crm.errors import NotFound
from crm.i18n import gettext as _
from crm.ledger import refusals
from crm.live import News
from crm.models import Account, Operation, Payment, User
from crm.models.currency import SCALE
from crm.models.ledger import FINAL
from crm.money import to_text

_OF_THE_PAYER = ("held_amount", "held_at", "hold_expires_at")
Line = tuple[Operation, str]  # with the currency of its account


def as_json(payment: Payment, lines: Sequence[Line]) -> dict[str, Any]:
    """The payment with its operations: amounts as decimal strings, times by RFC 3339 in UTC, the UUID as a string.

    `failure_message` is in the reader's language; programs go by `failure_code`.
    """
    currency, failure = payment.currency, payment.failure_code
    return {
        "id": str(payment.id),
        "kind": payment.kind,
        "status": payment.status,
        "from_account": payment.from_account_id,
        "to_account": payment.to_account_id,
        "source": payment.source,
        "amount": to_text(payment.amount, currency),
        "currency": currency,
        "commission": to_text(payment.commission, currency),
        "to_amount": to_text(payment.to_amount or payment.amount - payment.commission, payment.to_currency or currency),
        "to_currency": payment.to_currency or currency,
        "rate": rate_text(payment.rate) if payment.rate else None,
        "description": payment.description,
        "failure_code": failure,
        "failure_message": refusals.sentence(failure) if failure else None,
        "created_at": moment(payment.created_at),
        "completed_at": payment.completed_at and moment(payment.completed_at),
        "held_amount": None if payment.held_amount is None else to_text(payment.held_amount, currency),
        "held_at": payment.held_at and moment(payment.held_at),
        "hold_expires_at": payment.hold_expires_at and moment(payment.hold_expires_at),
        "created_by": payment.created_by_id,
        "reversal_of": str(payment.reversal_of_id) if payment.reversal_of_id else None,
        "reversed_amount": to_text(payment.reversed_amount, currency),
        "metadata": json.loads(payment.details or "{}"),
        "operations": [_operation(*line) for line in lines],
    }


def moment(at: datetime) -> str:
    """RFC 3339 in UTC.

    >>> moment(datetime(2026, 11, 25, 12, 30, tzinfo=UTC))
    '2026-11-25T12:30:00Z'
    """
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def rate_text(rate: int) -> str:
    """A rate, which is kept scaled by 10^9, as a decimal without zeros at its end.

    >>> rate_text(92_500_000_000), rate_text(10_000_000_000), rate_text(1)
    ('92.5', '10', '0.000000001')
    """
    return f"{(Decimal(rate) / SCALE).normalize():f}"


def one(pk: uuid.UUID, owner: int | None = None) -> dict[str, Any]:
    """The payment under this id as JSON; raises `NotFound`, for one that the `owner` has no part in too."""
    found = kept_to(owner, many([pk]))
    if not found:
        raise NotFound(_("There is no such payment."))
    return found[0]


def is_there(pk: uuid.UUID, owner: int | None = None) -> bool:
    """Whether there is such a payment, with a part of the `owner` where one is given."""
    try:
        return bool(one(pk, owner))
    except NotFound:
        return False


def kept_to(owner: int | None, payments: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a customer may see: the payments of the own wallets, with the lines of these alone, metadata that the
    customer has sent, and what was held of an own wallet. All of it where `owner` is None.
    """
    if owner is None:
        return list(payments)
    own = set(db.session.scalars(select(Account.id).where(Account.customer_id == owner)))
    by_owner = set(db.session.scalars(select(User.id).where(User.customer_id == owner)))
    return [
        payment
        | {"operations": [line for line in payment["operations"] if line["account"] in own]}
        | ({} if payment["created_by"] in by_owner else {"metadata": {}})
        | ({} if payment["from_account"] in own else dict.fromkeys(_OF_THE_PAYER))
        for payment in payments
        if own & {payment["from_account"], payment["to_account"]}
    ]


def many(ids: Sequence[uuid.UUID]) -> list[dict[str, Any]]:
    """Those of the payments that there are, as JSON, in the order of their ids; two statements for all of them."""
    wanted = select(Payment).where(Payment.id.in_(ids)).order_by(Payment.id).execution_options(populate_existing=True)
    payments = db.session.scalars(wanted).all()
    lines: dict[uuid.UUID, list[Line]] = {payment.id: [] for payment in payments}
    done = [payment.id for payment in payments if payment.status == "COMPLETED"]
    if done:
        written = select(Operation, Account.currency).join(Account, Account.id == Operation.account_id)
        for operation, currency in db.session.execute(
            written.where(Operation.payment_id.in_(done)).order_by(Operation.id)
        ):
            lines[operation.payment_id].append((operation, currency))
    return [as_json(payment, lines[payment.id]) for payment in payments]


def news(ids: Sequence[str]) -> dict[str, News]:
    """How the payments under these ids stand, as followers are told: 32 hex digits → the payment's JSON."""
    return {
        uuid.UUID(payment["id"]).hex: News(payment["status"], json.dumps(payment), payment["status"] in FINAL)
        for payment in many([uuid.UUID(pk) for pk in ids])
    }


def _operation(operation: Operation, currency: str) -> dict[str, Any]:
    after = operation.balance_after
    return {
        "id": operation.id,
        "account": operation.account_id,
        "kind": operation.kind,
        "signed_amount": to_text(operation.signed_amount, currency),
        "currency": currency,
        "balance_after": None if after is None else to_text(after, currency),
        "sequence": operation.sequence,
        "created_at": moment(operation.created_at),
    }
