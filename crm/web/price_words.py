"""Commission rules and exchange rates in words: what is taken for which payments, and what that comes to."""

from decimal import Decimal

from flask import current_app
from flask_babel import format_decimal

from crm.forms.prices import PAYMENT_NAMES
from crm.forms.wallet import SOURCE_NAMES
from crm.i18n import gettext as _
from crm.ledger.pricing import Rule
from crm.money import SCALED_DECIMALS, exponent
from crm.web.money_text import money

_EXAMPLE = 1_000  # units of the currency


def scaled(value: int) -> str:
    """A percent or a rate as the reader writes it, with the decimals that it has."""
    return str(format_decimal(Decimal(value).scaleb(-SCALED_DECIMALS), format=f"#,##0.{'#' * SCALED_DECIMALS}"))


def percent(value: int) -> str:
    """The same as a percentage; the blank does not break."""
    return f"{scaled(value)}\u00a0%"


def rule_name(rule: Rule) -> str:
    """For which payments the rule is: `Transfers between customers in RUB`."""
    payments = str(PAYMENT_NAMES[rule.payment_kind])  # type: ignore[index]
    if rule.source:
        way = str(SOURCE_NAMES[rule.source])  # type: ignore[index]
        payments = _("%(payments)s (%(way)s)", payments=payments, way=way)
    if rule.currency:
        return _("%(payments)s in %(currency)s", payments=payments, currency=rule.currency)
    return _("%(payments)s in any currency", payments=payments)


def rule_terms(rule: Rule) -> str:
    """What the rule takes: `1.5 %, at least RUB 30.00`."""
    code = rule.currency or ""
    parts = [percent(rule.percent)] if rule.percent else []
    if rule.fixed:
        fixed = money(rule.fixed, code)
        parts = [f"{parts[0]} + {fixed}"] if parts else [fixed]
    if rule.minimum:
        parts.append(_("at least %(amount)s", amount=money(rule.minimum, code)))
    if rule.maximum is not None:
        parts.append(_("at most %(amount)s", amount=money(rule.maximum, code)))
    return ", ".join(parts) or _("nothing is taken")


def rule_example(rule: Rule) -> str:
    """What the rule takes of a thousand, by the code that charges payments."""
    currency = rule.currency or current_app.config["CRM_DEFAULT_CURRENCY"]
    amount = _EXAMPLE * 10 ** exponent(currency)
    commission = rule.commission(amount)
    if commission >= amount:
        return _(
            "A payment of %(amount)s would be refused: its commission would eat it up.", amount=money(amount, currency)
        )
    said = {"amount": money(amount, currency), "commission": money(commission, currency)}
    return _("Of %(amount)s, %(commission)s would be taken.", **said)


def rate_text(from_currency: str, to_currency: str, rate: int) -> str:
    """What one unit buys: `1 USD = 92.5 RUB`."""
    return f"1\u00a0{from_currency} = {scaled(rate)}\u00a0{to_currency}"


FILTERS = {
    "percent": percent,
    "rule_name": rule_name,
    "rule_terms": rule_terms,
    "rule_example": rule_example,
}
