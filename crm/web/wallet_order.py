"""What was typed into a form about money, made what a service takes: which wallet, how many minor units, whose key."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from crm.errors import Invalid
from crm.forms.payments import ReverseForm
from crm.forms.wallet import AdjustForm, MovementForm, OutgoingForm
from crm.i18n import gettext as _
from crm.ledger.days import moments
from crm.services import accounts, currencies
from crm.services.accounts import Wallet
from crm.services.amounts import typed_amount
from crm.services.movements import KEY_LIMIT
from crm.services.wallet import Receipt
from crm.web.guards import actor
from crm.web.money_text import MINUS, money
from crm.web.periods import today
from crm.web.routing import LARGEST

SIGNS = ("-", MINUS)


@dataclass(frozen=True)
class Order:
    """A movement as it was asked for; `amount` is what the customer's wallet gets, so it is negative where the wallet
    pays. Without a wallet one in the currency is to be opened.
    """

    amount: int
    currency: str
    wallet: Wallet | None


@dataclass(frozen=True)
class Moved:
    """A movement that was made, now or by an earlier request with the same key."""

    account_id: int
    receipt: Receipt


def offered(customer_id: int, form: MovementForm) -> MovementForm:
    """The form with the customer's wallets, and with a new key for what is sent next."""
    found = accounts.of_customer(customer_id)
    form.offer(found, [label(wallet) for wallet in found], currencies.codes())
    if not form.currency.raw_data:
        form.currency.data = current_app.config["CRM_DEFAULT_CURRENCY"]
    return form


def label(wallet: Wallet) -> str:
    """The wallet in one line: its name or currency, and what it holds."""
    holds = money(wallet.balance, wallet.currency)
    called = wallet.name or ("" if wallet.currency in holds else wallet.currency)
    return f"{called} · {holds}" if called else holds


def renew_key(form: MovementForm | ReverseForm) -> None:
    """Let the form's next sending be a movement of its own."""
    form.idempotency_key.data = str(uuid.uuid4())


def given_key(form: MovementForm | ReverseForm) -> str:
    """The form's key; money is moved by forms alone that have one, since what has none cannot be told to be sent
    twice.
    """
    key = form.idempotency_key.data or ""
    if not key.strip() or len(key) > KEY_LIMIT or not key.isprintable():
        raise Invalid({"": [_("This form is incomplete. Reload the page and try again.")]})
    return key


def order_of(form: MovementForm) -> Order:
    """What the form asks for; `Invalid` by field. A blank account stands for the first wallet in the currency."""
    chosen = _chosen(form)
    currency = chosen.currency if chosen else _currency(form)
    amount = _amount(form, currency)
    opens = form.opens and amount > 0
    wallet = chosen or _first(form, currency, or_frozen=not opens)
    if wallet is None and not opens:
        raise Invalid({"currency": [_("The customer has no wallet in %(currency)s.", currency=currency)]})
    return Order(amount, currency, wallet)


def reserved_until(form: MovementForm) -> datetime | None:
    """The end of the last day on which the money is reserved, None where it moves at once; `Invalid` (`reserve`).

    A whole day, so that a form that is sent twice asks for the same.
    """
    if not isinstance(form, OutgoingForm) or not form.reserve.data:
        return None
    if form.reserve.data not in [choice.value for choice in form.reserve.choices]:
        raise Invalid({"reserve": [_("Choose one of these.")]})
    last = today() + timedelta(days=int(form.reserve.data))
    return moments(last, last)[1]


def hold_of(form: MovementForm) -> tuple[bool, datetime | None]:
    """Whether the money is reserved first, and until when, as the service takes it."""
    until = reserved_until(form)
    return until is not None, until


def payer_of(form: MovementForm) -> Wallet | None:
    """The wallet that the form is about, None where that cannot be said."""
    try:
        return _chosen(form) or _first(form, _currency(form), or_frozen=True)
    except Invalid:
        return None


def carry_out(customer_id: int, order: Order, move: Callable[[int], Receipt]) -> Moved:
    """Call the movement with the id of the order's wallet; one is opened with it where there is none."""
    if order.wallet:
        return Moved(order.wallet.id, move(order.wallet.id))
    return Moved(*accounts.into_first(actor(), customer_id, order.currency, move))


def row_id(text: str) -> int | None:
    """The id of a row, None for what cannot be one."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST else None


def _chosen(form: MovementForm) -> Wallet | None:
    given = (form.account.data or "").strip()
    if not given:
        return None
    found = next((wallet for wallet in form.wallets if wallet.id == row_id(given)), None)
    if found is None:
        raise Invalid({"account": [_("There is no such wallet.")]})
    if _sent(form.currency) not in ("", found.currency):
        raise Invalid({"currency": [_("The wallet is in %(currency)s.", currency=found.currency)]})
    return found


def _currency(form: MovementForm) -> str:
    given = _sent(form.currency) or current_app.config["CRM_DEFAULT_CURRENCY"]
    if given not in [choice.value for choice in form.currency.choices]:
        raise Invalid({"currency": [_("%(currency)s is not in use here.", currency=given[:10] or "—")]})
    return str(given)


def _sent(field: Any) -> str:
    """What was sent, not what is shown where nothing was."""
    return str(next(iter(field.raw_data or []), "")).strip()


def _first(form: MovementForm, currency: str, or_frozen: bool) -> Wallet | None:
    """The first that is open. Where none can be opened, a frozen one is better than none: it tells what is wrong."""
    fitting = [wallet for wallet in form.wallets if wallet.currency == currency and wallet.status != "closed"]
    usable = [wallet for wallet in fitting if wallet.status == "open"]
    return next(iter(usable or (fitting if or_frozen else [])), None)


def _amount(form: MovementForm, currency: str) -> int:
    text, takes = (form.amount.data or "").strip(), form.action not in ("deposit", "adjust")
    if isinstance(form, AdjustForm):
        takes = _direction(form) == "take" or text.startswith(SIGNS)
        text = text[1:] if text.startswith((*SIGNS, "+")) else text
    try:
        amount = typed_amount(text, currency)
    except ValueError as error:
        raise Invalid({"amount": [str(error)]}) from error
    return -amount if takes else amount


def _direction(form: AdjustForm) -> str:
    if form.direction.data not in ("add", "take"):
        raise Invalid({"direction": [_("Choose whether money is added or taken.")]})
    return str(form.direction.data)
