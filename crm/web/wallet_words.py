"""What is said of money that moves: in the dialog while it is typed, in the toast when it is done, in the history."""

from datetime import datetime, timedelta
from functools import lru_cache

from babel import Locale
from flask_babel import get_locale

from crm.forms.wallet import SOURCE_NAMES, MovementForm
from crm.i18n import gettext as _
from crm.i18n import pgettext
from crm.models.ledger import OperationKind, PaymentKind
from crm.services.quotes import Quote
from crm.services.statements import Line
from crm.web.dates import day
from crm.web.money_text import money, signed_money
from crm.web.price_words import scaled
from crm.web.wallet_order import Order


def sentence(form: MovementForm, customer: str, order: Order, other: str = "") -> str:
    """The movement in the words of the business: `+1 250,00 ₽ to Anna Ivanova`."""
    said = {"amount": signed_money(order.amount, order.currency), "name": customer, "other": other}
    if form.action == "transfer" and other:
        return _("%(amount)s from %(name)s to %(other)s", **said)
    if form.action == "spend":
        return _("%(amount)s from %(name)s for a purchase", **said)
    if form.action == "adjust":
        return _("%(amount)s to %(name)s as a correction", **said) if order.amount > 0 else _taken(said)
    return _("%(amount)s to %(name)s", **said) if order.amount > 0 else _("%(amount)s from %(name)s", **said)


def reserved(until: datetime, said: str) -> str:
    """The same of a movement that waits until it is captured; `until` is the end of a day."""
    return _("Reserved until %(day)s: %(what)s", day=day(until - timedelta(microseconds=1)), what=said)


def available_after(minor: int, currency: str) -> str:
    """What may be taken yet."""
    return _("available after: %(amount)s", amount=money(minor, currency))


def _taken(said: dict[str, str]) -> str:
    return _("%(amount)s from %(name)s as a correction", **said)


def balance_after(minor: int, currency: str) -> str:
    """The balance that the movement leaves."""
    return _("balance after: %(amount)s", amount=money(minor, currency))


def cost(quote: Quote) -> str:
    """What of the movement is commission and what arrives, '' where all that is paid arrives."""
    parts = []
    if quote.rate:
        arrives = signed_money(quote.arrives, quote.to_currency)
        parts.append(_("%(amount)s at the rate %(rate)s", amount=arrives, rate=scaled(quote.rate)))
    if quote.commission:
        parts.append(_("commission %(amount)s", amount=money(quote.commission, quote.currency)))
        if not quote.rate and quote.kind != PaymentKind.SPEND:
            parts.append(_("%(amount)s arrives", amount=money(quote.arrives, quote.to_currency)))
    return " · ".join(parts)


def missing(order: Order) -> str:
    """What stands in the movement's way, '' for nothing that is known before."""
    if order.wallet is None:
        return ""
    lacking = -order.amount - order.wallet.available
    if order.wallet.status == "frozen":
        return _("The wallet is frozen.")
    if order.wallet.status == "closed":
        return _("The wallet is closed.")
    if order.amount < 0 < lacking:
        return _("%(amount)s more than there is", amount=money(lacking, order.currency))
    return ""


def kind_names() -> dict[str, str]:
    """What payments of each kind are called."""
    return _kind_names(get_locale())


@lru_cache(maxsize=8)
def _kind_names(_locale: Locale) -> dict[str, str]:
    return {
        PaymentKind.DEPOSIT: pgettext("operation", "Deposit"),
        PaymentKind.WITHDRAWAL: _("Withdrawal"),
        PaymentKind.SPEND: _("Purchase"),
        PaymentKind.TRANSFER: pgettext("operation", "Transfer"),
        PaymentKind.ADJUSTMENT: _("Adjustment"),
        PaymentKind.CONVERSION: _("Conversion"),
        PaymentKind.REVERSAL: _("Reversal"),
        PaymentKind.OPENING: _("Opening balance"),
    }


def line_name(line: Line) -> str:
    """What an operation of a wallet is: its payment's kind, or the commission on it, and by what way."""
    name = kind_names()[line.kind]
    if line.part == OperationKind.COMMISSION:
        return _("Commission: %(kind)s", kind=name)
    way = SOURCE_NAMES.get(line.source) if line.source else None  # type: ignore[call-overload]
    return f"{name} · {way}" if way else name


def wallet_line_name(line: Line) -> str:
    """The same, with what was converted into what, and with what was given back."""
    if line.of_kind:
        what = kind_names()[line.of_kind]
        back = _("Commission given back: %(kind)s", kind=what)
        return back if line.part == OperationKind.COMMISSION else _("Reversal: %(kind)s", kind=what)
    name = line_name(line)
    if line.rate is None or line.part == OperationKind.COMMISSION:
        return name
    paid, got = money(line.amount, line.currency), money(line.to_amount or 0, line.to_currency or "")
    said = {"conversion": name, "paid": paid, "got": got, "rate": scaled(line.rate)}
    return _("%(conversion)s: %(paid)s → %(got)s at %(rate)s", **said)
