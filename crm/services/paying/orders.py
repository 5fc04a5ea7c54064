"""Payments as programs order them, made into movements: which fields a kind has, which accounts are meant, how much."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from crm.bulk import among, packed
from crm.db import db
from crm.errors import Forbidden, Invalid, NotFound
from crm.i18n import gettext as _
from crm.models import Account, Payment
from crm.models.ledger import SOURCES, PaymentKind, TechnicalCode
from crm.services.amounts import typed_amount
from crm.services.movements import Movement

METADATA_LIMIT = 4_000  # characters of JSON
OWN_KINDS = (PaymentKind.SPEND, PaymentKind.TRANSFER, PaymentKind.CONVERSION)  # that customers may order themselves
_OUTSIDE = {  # kind: the outside account's field, the codes that it may have, the usual one
    PaymentKind.DEPOSIT: ("from_account", tuple(SOURCES), TechnicalCode.BANK_TRANSFER),
    PaymentKind.WITHDRAWAL: ("to_account", tuple(SOURCES), TechnicalCode.BANK_TRANSFER),
    PaymentKind.SPEND: ("to_account", (TechnicalCode.SALES,), TechnicalCode.SALES),
}
_KINDS = {kind.value: kind for kind in PaymentKind}  # ten times as fast as the class itself
_OTHER = {"from_account": "to_account", "to_account": "from_account"}


class Ordered(NamedTuple):
    """A payment as a program orders it: `amount` as text with a dot, `currency` None for that of the wallet that pays
    (is paid, for a deposit); `source` a technical code in place of the outside account; a `hold` is reserved first.
    """

    kind: str
    amount: str
    from_account: int | None = None
    to_account: int | None = None
    currency: str | None = None
    source: str | None = None
    description: str = ""
    metadata: Mapping[str, object] | None = None
    key: str = ""
    hold: bool = False
    expires_at: datetime | None = None


class Side(NamedTuple):
    """What is to be known of an account that an order names."""

    id: int
    customer_id: int | None
    code: str | None
    currency: str


def movements(orders: Sequence[Ordered], owner: int | None = None, many: bool = False) -> list[Movement]:
    """What the orders come to; one statement, however many they are.

    An `owner` orders payments out of the own wallets alone, of `OWN_KINDS`, and holds nothing. Raises `Forbidden`, and
    `Invalid` by field: `amount`, or `payments.17.amount` where they are of a batch of `many`.
    """
    if owner is not None and any(order.kind not in OWN_KINDS for order in orders):
        raise Forbidden(_("Only the business itself can order this kind of payment."))
    if owner is not None and any(order.hold for order in orders):
        raise Forbidden(_("Only the business itself can hold money."))
    sides = _sides(orders)
    made: list[Movement] = []
    wrong: dict[str, list[str]] = {}
    for place, order in enumerate(orders):
        try:
            made.append(_movement(order, sides, owner))
        except Invalid as error:
            before = f"payments.{place}." if many else ""
            wrong.update({f"{before}{field}": messages for field, messages in error.fields.items()})
    if wrong:
        raise Invalid(wrong)
    return made


def part_of(pk: uuid.UUID, text: str | None) -> int | None:
    """How much of the payment is meant, to be reversed or captured, in minor units; None, for all that is left, where
    nothing is said. Raises `NotFound`, and `Invalid` (`amount`).
    """
    currency = db.session.scalar(select(Payment.currency).where(Payment.id == pk))
    if currency is None:
        raise NotFound(_("There is no such payment."))
    return None if text is None else _amount(text, currency)


def _amount(text: str, currency: str) -> int:
    try:
        return typed_amount(text, currency)
    except ValueError as error:
        raise Invalid({"amount": [str(error)]}) from error


def _sides(orders: Sequence[Ordered]) -> dict[int, Side]:
    wanted = {pk for order in orders for pk in (order.from_account, order.to_account) if pk is not None}
    columns = Account.id, Account.customer_id, Account.code, Account.currency
    found = db.session.execute(select(*columns).where(among(Account.id)), packed(sorted(wanted)))
    return {row.id: Side(*row) for row in found}


def _movement(order: Ordered, sides: Mapping[int, Side], owner: int | None) -> Movement:
    kind = _KINDS[order.kind]
    fields = {"from_account": order.from_account, "to_account": order.to_account}
    source = _outside(kind, order, fields, sides) if kind in _OUTSIDE else _inside(kind, order, fields)
    first, *_other = [_wallet(name, pk, sides) for name, pk in fields.items() if pk is not None]
    if owner is not None and first.customer_id != owner:
        raise Invalid({"from_account": [_("There is no such wallet.")]})
    if order.currency is not None and order.currency != first.currency:
        raise Invalid({"currency": [_("The wallet is in %(currency)s.", currency=first.currency)]})
    return Movement(
        kind, _amount(order.amount, first.currency), fields["from_account"], fields["to_account"], source,
        order.description, order.key, _metadata(order.metadata), order.hold, order.expires_at,
    )  # fmt: skip


def _outside(kind: PaymentKind, order: Ordered, fields: dict[str, int | None], sides: Mapping[int, Side]) -> str:
    """The code of the outside account, which is taken out of the fields."""
    name, codes, usual = _OUTSIDE[kind]
    if fields[_OTHER[name]] is None:
        raise Invalid({_OTHER[name]: [_("Say which wallet.")]})
    named = fields[name]
    fields[name] = None
    if named is None:
        source = order.source or usual
        if source not in codes or (order.source and kind == PaymentKind.SPEND):
            raise Invalid({"source": [_not_of(kind)]})
        return source
    if order.source is not None:
        raise Invalid({"source": [_("Name the outside account or the source, not both.")]})
    outside, wallet = sides.get(named), sides.get(fields[_OTHER[name]] or 0)
    if outside is None or outside.code not in codes or (wallet and wallet.currency != outside.currency):
        raise Invalid({name: [_("This is no outside account for such a payment.")]})
    return str(outside.code)


def _inside(kind: PaymentKind, order: Ordered, fields: Mapping[str, int | None]) -> str | None:
    if order.source is not None:
        raise Invalid({"source": [_not_of(kind)]})
    if kind == PaymentKind.ADJUSTMENT:
        if all(fields.values()):
            raise Invalid({"from_account": [_("Name the wallet to add to, or the one to take from.")]})
        if not any(fields.values()):
            raise Invalid({"to_account": [_("Say which wallet.")]})
        return TechnicalCode.ADJUSTMENT.value
    missing = {name: [_("Say which wallet.")] for name, pk in fields.items() if pk is None}
    if missing:
        raise Invalid(missing)
    return None


def _wallet(name: str, pk: int, sides: Mapping[int, Side]) -> Side:
    side = sides.get(pk)
    if side is None or side.customer_id is None:
        raise Invalid({name: [_("There is no such wallet.")]})
    return side


def _metadata(given: Mapping[str, object] | None) -> str | None:
    if not given:
        return None
    text = json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if len(text) > METADATA_LIMIT:
        raise Invalid({"metadata": [_("This is longer than %(count)d characters.", count=METADATA_LIMIT)]})
    return text


def _not_of(kind: PaymentKind) -> str:
    return _("A payment of the kind %(kind)s does not have this.", kind=kind.value)
