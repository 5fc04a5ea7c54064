"""What is said of a payment: in a sentence, how it stands, and by what terms it was priced."""

import json
from functools import lru_cache
from typing import Any

from babel import Locale
from flask_babel import get_locale

from crm.i18n import gettext as _
from crm.i18n import pgettext
from crm.ledger.pricing import Rule
from crm.models.ledger import PaymentKind, PaymentStatus
from crm.services.paying.lists import Row
from crm.web.account_names import CODE_NAMES
from crm.web.money_text import money
from crm.web.price_words import percent, rate_text, rule_terms


def status_names() -> dict[str, str]:
    """How payments may stand."""
    return _status_names(get_locale())


@lru_cache(maxsize=8)
def _status_names(_locale: Locale) -> dict[str, str]:
    return {
        PaymentStatus.INITIATED: pgettext("payment", "Waiting"),
        PaymentStatus.HELD: pgettext("payment", "Reserved"),
        PaymentStatus.COMPLETED: pgettext("payment", "Completed"),
        PaymentStatus.FAILED: pgettext("payment", "Failed"),
        PaymentStatus.VOIDED: pgettext("payment", "Released"),
        PaymentStatus.EXPIRED: pgettext("payment", "Expired"),
    }


def side_name(code: str | None, customer: str | None) -> str:
    """What one side of a payment is called."""
    return str(CODE_NAMES[code]) if code else customer or ""


def payment_title(row: Row) -> str:
    """The payment in a sentence that is true however it stands: `Deposit of 1 250,00 ₽ to Anna Ivanova · Cash`."""
    giver, taker = side_name(row.from_code, row.from_name), side_name(row.to_code, row.to_name)
    said = {"amount": money(row.amount, row.currency), "from": giver, "to": taker}
    match row.kind:
        case PaymentKind.DEPOSIT:
            return _("Deposit of %(amount)s to %(to)s · %(from)s", **said)
        case PaymentKind.WITHDRAWAL:
            return _("Withdrawal of %(amount)s from %(from)s · %(to)s", **said)
        case PaymentKind.SPEND:
            return _("Purchase for %(amount)s by %(from)s", **said)
        case PaymentKind.TRANSFER:
            return _("Transfer of %(amount)s from %(from)s to %(to)s", **said)
        case PaymentKind.ADJUSTMENT if row.from_code:
            return _("Correction of %(amount)s in favour of %(to)s", **said)
        case PaymentKind.ADJUSTMENT:
            return _("Correction of %(amount)s at the expense of %(from)s", **said)
        case PaymentKind.CONVERSION:
            arrives = money(row.to_amount or 0, row.to_currency or row.currency)
            return _("Conversion of %(amount)s into %(arrives)s for %(to)s", **said, arrives=arrives)
        case PaymentKind.OPENING:
            return _("Opening balance of %(amount)s for %(to)s", **said)
    return _("Reversal of %(amount)s: back from %(from)s to %(to)s", **said)


def terms_text(terms: str | None, row: Row) -> str:
    """The rule or the rate that the commission was worked out by, as it was then; '' where there was none."""
    known: dict[str, Any] = json.loads(terms) if terms else {}
    if "exchange_rate" in known:
        said = rate_text(row.currency, row.to_currency or "", known["rate"])
        spread = _("spread %(percent)s", percent=percent(known["spread"])) if known["spread"] else ""
        return " · ".join(filter(None, (said, spread)))
    if "rule" not in known:
        return ""
    amounts = known["fixed"], known["minimum"], known["maximum"]
    rule = Rule(known["rule"], row.kind, row.currency, None, known["percent"], *amounts)
    return _("Rule No. %(number)s: %(terms)s", number=rule.id, terms=rule_terms(rule))
