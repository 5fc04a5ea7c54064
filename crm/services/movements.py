"""Payments as they are asked for, checked and priced: what `ledger.engine` stores. Nothing is written here."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flask import current_app
from uuid_utils import uuid7

from crm.config import MOST_HOLD_DAYS
from crm.db import utcnow
from crm.errors import AccountUnavailable, Invalid, PaymentRefused
from crm.i18n import gettext as _
from crm.ledger.accounts import parties
from crm.ledger.engine import Draft
from crm.ledger.orders import Exchange
from crm.ledger.pricing import Rule, most_specific
from crm.ledger.refusals import refusal
from crm.ledger.rows import Parties, Prices, Side
from crm.models.currency import CHARGED_KINDS
from crm.models.ledger import HOLDABLE, SOURCES, PaymentKind, TechnicalCode
from crm.money import MAX_MINOR
from crm.services.audit import Actor
from crm.text import has_control, squeeze

DESCRIPTION_LIMIT, KEY_LIMIT, REASON_LENGTH = 500, 200, 3
INSIDE = (PaymentKind.TRANSFER, PaymentKind.CONVERSION)  # between two wallets


class Movement(NamedTuple):
    """A payment as it is asked for: `amount` in minor units of the currency of the wallet that pays (of the one that is
    paid, where money comes in). One of the accounts is None where the other side is technical, by `source`: a
    code. `metadata` is JSON. A `hold` reserves the amount, and moves it when it is captured, until `expires_at` (some
    days from now, where nothing is said).
    """

    kind: PaymentKind
    amount: int
    from_account: int | None = None
    to_account: int | None = None
    source: str | None = None
    description: str = ""
    key: str = ""
    metadata: str | None = None
    hold: bool = False
    expires_at: datetime | None = None

    @property
    def wallets(self) -> list[tuple[str, int]]:
        """The field and the id of each customer's account."""
        both = (("from_account", self.from_account), ("to_account", self.to_account))
        return [(field, pk) for field, pk in both if pk is not None]


class Scene:
    """What is known of the accounts and prices that some movements need."""

    def __init__(self, found: Parties) -> None:
        self.by_id = {side.id: side for side in found.sides if side.customer_id is not None}
        self.technical = {(side.code, side.currency): side.id for side in found.sides if side.code}
        self.rules, self.rates = found.rules, {(rate.from_currency, rate.to_currency): rate for rate in found.rates}


def scene(movements: Sequence[Movement]) -> Scene:
    """Read what the movements need, as it is now: one statement, however many they are."""
    accounts = sorted({pk for movement in movements for _field, pk in movement.wallets})
    codes = {movement.source for movement in movements if movement.source}
    kinds = {movement.kind for movement in movements}
    if kinds.intersection(CHARGED_KINDS):
        codes.add(TechnicalCode.COMMISSION)
    if PaymentKind.CONVERSION in kinds:
        codes |= {TechnicalCode.COMMISSION, TechnicalCode.CONVERSION}
    prices = Prices(sorted(kinds.intersection(CHARGED_KINDS)), PaymentKind.CONVERSION in kinds)
    return Scene(parties(accounts, sorted(codes), prices))


def draft(actor: Actor, movement: Movement, known: Scene) -> Draft:
    """The payment to be stored, with its commission and rate. Raises `Invalid` by field (`amount`, `from_account`,
    `to_account`, `source`, `description`, `idempotency_key`, `hold`, `expires_at`), `PaymentRefused` for what the
    accounts do not allow.
    """
    _check_shape(movement)
    first, last = _sides(movement, known)
    made = Draft(
        kind=str(movement.kind),
        from_account=_side(movement.from_account, movement, known, first),
        to_account=_side(movement.to_account, movement, known, first),
        amount=movement.amount,
        currency=first.currency,
        source=str(movement.source) if movement.source else None,
        description=clean_text(movement.description),
        key=clean_key(movement.key),
        metadata=movement.metadata,
        hold_expires_at=_expiry(movement),
        expiry_asked=movement.expires_at is not None,
        created_by_id=actor.user_id,
        origin=actor.origin,
    )
    if movement.kind == PaymentKind.CONVERSION:
        _convert(made, first, last, known)
    elif movement.kind in CHARGED_KINDS and not (movement.kind == PaymentKind.TRANSFER and _same_owner(first, last)):
        _charge(made, known)
    return made


def check_open(movement: Movement, known: Scene) -> None:
    """Raise `AccountUnavailable` where a wallet is frozen or closed, and `Invalid` where a hold would end at once or
    last for too long: what can be found out too late, since a payment that is stored already is told all the same.
    """
    if movement.expires_at:
        _check_expiry(movement.expires_at)
    for field, pk in movement.wallets:
        status = known.by_id[pk].status
        if status != "open":
            problem = refusal(f"account_{status}")
            raise AccountUnavailable(problem.code, field, problem.message)


def commission_problem() -> PaymentRefused:
    """Why a payment that its commission would eat up is refused."""
    message = _("The amount must be more than its commission.")
    return PaymentRefused("amount_not_above_commission", "amount", message)


def _check_shape(movement: Movement) -> None:
    amount = movement.amount
    if not 0 < amount <= MAX_MINOR:
        too_large = _("This amount is too large.")
        raise Invalid({"amount": [_("The amount must be more than zero.") if amount <= 0 else too_large]})
    if movement.kind in (PaymentKind.DEPOSIT, PaymentKind.WITHDRAWAL) and movement.source not in SOURCES:
        raise Invalid({"source": [_("Choose how the money comes or goes.")]})
    if movement.from_account == movement.to_account:
        raise Invalid({"to_account": [_("Choose another wallet than the one that pays.")]})
    if movement.hold and (movement.kind not in HOLDABLE or movement.from_account is None):
        raise refusal("hold_not_possible")
    if movement.expires_at and not movement.hold:
        raise Invalid({"expires_at": [_("Only what is held expires.")]})
    if movement.kind == PaymentKind.ADJUSTMENT and len(squeeze(movement.description).replace(" ", "")) < REASON_LENGTH:
        raise Invalid({"description": [_("Say why, in three characters or more.")]})


def _expiry(movement: Movement) -> datetime | None:
    if not movement.hold:
        return None
    if movement.expires_at is None:
        return utcnow() + timedelta(days=current_app.config["CRM_HOLD_DAYS"])
    try:
        return movement.expires_at.astimezone(UTC)  # the same moment is the same request, whatever zone it is told in
    except OverflowError:  # the ends of the calendar are over, or too far off
        _check_expiry(movement.expires_at)
        raise


def _check_expiry(expires_at: datetime) -> None:
    now = utcnow()
    if expires_at <= now:
        raise Invalid({"expires_at": [_("This moment is over already.")]})
    if expires_at > now + timedelta(days=MOST_HOLD_DAYS):
        raise Invalid({"expires_at": [_("Money is held for %(count)d days at most.", count=MOST_HOLD_DAYS)]})


def _sides(movement: Movement, known: Scene) -> tuple[Side, Side]:
    """The wallet that pays and the one that is paid, the same one twice where the other side is technical."""
    wallets = movement.wallets
    for field, pk in wallets:
        if pk not in known.by_id:
            raise Invalid({field: [_("There is no such wallet.")]})
    first, last = known.by_id[wallets[0][1]], known.by_id[wallets[-1][1]]
    if movement.kind == PaymentKind.CONVERSION:
        if first.currency == last.currency:
            message = _("Both wallets are in %(currency)s: there is nothing to convert.", currency=first.currency)
            raise PaymentRefused("same_currency", "to_account", message)
        if not _same_owner(first, last):
            raise PaymentRefused("owners_differ", "to_account", _("Money is converted between wallets of one owner."))
    elif first.currency != last.currency:
        message = _(
            "The wallets have different currencies: %(one)s and %(two)s.", one=first.currency, two=last.currency
        )
        raise PaymentRefused("currencies_differ", "to_account", message)
    return first, last


def _side(account_id: int | None, movement: Movement, known: Scene, first: Side) -> int:
    return known.technical[movement.source or "", first.currency] if account_id is None else account_id


def _same_owner(first: Side, last: Side) -> bool:
    return first.customer_id == last.customer_id and first.id != last.id


def commission_of(
    rules: Sequence[Rule], kind: str, currency: str, source: str | None, amount: int
) -> tuple[int, Rule | None]:
    """What the rules take of the amount, and by which of them; refused where nothing would be left."""
    rule = most_specific(rules, kind, currency, source)
    commission = rule.commission(amount) if rule else 0
    if commission >= amount:
        raise commission_problem()
    return commission, rule


def _charge(made: Draft, known: Scene) -> None:
    if not known.rules:
        return
    commission, rule = commission_of(known.rules, made.kind, made.currency, made.source, made.amount)
    if rule:
        made.commission, made.terms = commission, rule.terms()
        made.commission_account = known.technical[TechnicalCode.COMMISSION, made.currency]


def _convert(made: Draft, first: Side, last: Side, known: Scene) -> None:
    rate = known.rates.get((first.currency, last.currency))
    if rate is None:
        message = _("There is no rate from %(one)s to %(two)s.", one=first.currency, two=last.currency)
        raise PaymentRefused("no_rate", "to_account", message)
    made.commission, made.terms = rate.commission(made.amount), rate.terms()
    made.commission_account = known.technical[TechnicalCode.COMMISSION, made.currency]
    if made.commission >= made.amount:
        raise commission_problem()
    arrives = rate.convert(made.amount - made.commission)
    if not 0 < arrives <= MAX_MINOR:
        message = _("Nothing would arrive.") if not arrives else _("This amount is too large.")
        raise PaymentRefused("amount_out_of_range", "amount", message)
    made.to_currency, made.rate = last.currency, rate.rate
    made.exchange = Exchange(
        known.technical[TechnicalCode.CONVERSION, first.currency],
        known.technical[TechnicalCode.CONVERSION, last.currency],
        arrives,
    )


def clean_text(description: str) -> str:
    """The description with single blanks; `Invalid` where it cannot be shown or is too long."""
    text = squeeze(description)
    if has_control(text):
        raise Invalid({"description": [_("This has characters that cannot be shown.")]})
    if len(text) > DESCRIPTION_LIMIT:
        raise Invalid({"description": [_("This is longer than %(count)d characters.", count=DESCRIPTION_LIMIT)]})
    return text


def clean_key(key: str) -> str:
    """The idempotency key, a new one where there is none."""
    if len(key) > KEY_LIMIT or not key.isprintable():
        raise Invalid({"idempotency_key": [_("This form is incomplete. Reload the page and try again.")]})
    return key or uuid7().hex
