"""What a payment would cost, told before it is made, by the code that stores it; and what one has cost."""

import uuid
from dataclasses import dataclass

from crm.db import db
from crm.errors import NotFound
from crm.i18n import gettext as _
from crm.ledger.accounts import parties
from crm.ledger.rows import Prices
from crm.models import Payment
from crm.models.ledger import PaymentKind
from crm.services.audit import Actor
from crm.services.movements import Movement, check_open, commission_of, draft, scene

_NOBODY = Actor(None, "quote")


@dataclass(frozen=True)
class Quote:
    """What is paid, what of it is commission, and what arrives; amounts in minor units, `rate` scaled by 10^9 (None
    where nothing is converted).
    """

    kind: str
    amount: int
    currency: str
    commission: int
    arrives: int
    to_currency: str
    rate: int | None = None


def quote(movement: Movement) -> Quote:
    """What the movement would do now. Raises what making it would raise, but for a lack of money. One statement."""
    known = scene([movement])
    made = draft(_NOBODY, movement, known)
    check_open(movement, known)
    arrives = made.exchange.amount if made.exchange else made.amount - made.commission
    to_currency = made.to_currency or made.currency
    return Quote(made.kind, made.amount, made.currency, made.commission, arrives, to_currency, made.rate)


def quote_first(amount: int, currency: str, source: str) -> Quote:
    """The same of a deposit that opens the wallet it goes to."""
    kind = PaymentKind.DEPOSIT.value
    rules = parties([0], prices=Prices([kind])).rules
    commission, _rule = commission_of(rules, kind, currency, source, amount)
    return Quote(kind, amount, currency, commission, amount - commission, currency)


def quote_transfer(amount: int, currency: str) -> Quote:
    """The same of a transfer to somebody else, whoever that will be."""
    kind = PaymentKind.TRANSFER.value
    rules = parties([0], prices=Prices([kind])).rules
    commission, _rule = commission_of(rules, kind, currency, None, amount)
    return Quote(kind, amount, currency, commission, amount - commission, currency)


def of_payment(payment_id: str) -> Quote:
    """What the stored payment has cost; `NotFound`."""
    made = db.session.get(Payment, uuid.UUID(payment_id))
    if made is None:
        raise NotFound(_("There is no such payment."))
    arrives = made.to_amount or made.amount - made.commission
    to_currency = made.to_currency or made.currency
    return Quote(made.kind, made.amount, made.currency, made.commission, arrives, to_currency, made.rate)
