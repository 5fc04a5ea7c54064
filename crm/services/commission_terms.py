"""A commission rule as it is typed, and what it comes to: or what is wrong with it, by field."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm import money
from crm.db import utcnow
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.ledger.pricing import Rule
from crm.models.currency import CHARGED_KINDS
from crm.models.ledger import SOURCES
from crm.services import currencies
from crm.services.amounts import noted, typed_limit, typed_percent
from crm.services.moments import typed_moment

SOURCED_KINDS = ("deposit", "withdrawal")
_JUST_NOW = timedelta(minutes=1)  # a form knows the time to the minute


@dataclass(frozen=True)
class RuleData:
    """A rule as it is typed: text, '' where nothing is; `currency` and `source` are blank where it holds for all."""

    payment_kind: str = ""
    currency: str = ""
    source: str = ""
    percent: str = ""
    fixed: str = ""
    min: str = ""
    max: str = ""
    valid_from: str = ""


def checked(data: RuleData) -> tuple[Rule, datetime]:
    """The rule that is asked for (its id is 0) and when it begins; `Invalid` with every message by field.

    Percent is 0 to 100 with at most 9 decimals. Amounts need a currency. A rule that takes nothing exempts from a
    less specific one.
    """
    wrong: dict[str, list[str]] = {}
    kind, currency, source = _payments(data, wrong)
    percent = begins = None
    with noted(wrong, "percent"):
        percent = typed_percent(data.percent) if data.percent.strip() else 0
    amounts = [_amount(data, name, currency, wrong) for name in ("fixed", "min", "max")]
    with noted(wrong, "valid_from"):
        begins = _begins(data.valid_from)
    fixed, minimum, maximum = amounts
    if maximum is not None and (minimum or 0) > maximum:
        wrong["max"] = [_("The most that is taken is less than the least.")]
    if wrong or percent is None or begins is None:
        raise Invalid(wrong)
    return Rule(0, kind, currency, source, percent, fixed or 0, minimum or 0, maximum), begins


def described(rule: Rule, begins: datetime) -> dict[str, tuple[object, object]]:
    """The rule as the audit trail keeps it."""
    told = {"payment_kind": rule.payment_kind, "currency": rule.currency, "source": rule.source}
    told |= {"percent": money.scaled_text(rule.percent), "valid_from": begins.isoformat(timespec="seconds")}
    for name, minor in (("fixed", rule.fixed or None), ("min", rule.minimum or None), ("max", rule.maximum)):
        told[name] = money.to_text(minor, rule.currency) if rule.currency and minor is not None else None
    return {name: (None, value) for name, value in told.items() if value is not None}


def _payments(data: RuleData, wrong: dict[str, list[str]]) -> tuple[str, str | None, str | None]:
    """Which payments the rule is for."""
    kind, currency, source = data.payment_kind.strip(), data.currency.strip(), data.source.strip()
    if kind not in CHARGED_KINDS:
        wrong["payment_kind"] = [_("Choose for which payments the rule is.")]
    if currency and currency not in currencies.codes():
        wrong["currency"] = [_("%(currency)s is not in use here.", currency=currency[:10])]
    if source and source not in list(SOURCES):
        wrong["source"] = [_("Choose how the money comes or goes.")]
    elif source and kind not in SOURCED_KINDS:
        wrong["source"] = [_("Only deposits and withdrawals come or go by a way.")]
    return kind, currency or None, source or None


def _amount(data: RuleData, name: str, currency: str | None, wrong: dict[str, list[str]]) -> int | None:
    text = str(getattr(data, name))
    if not text.strip():
        return None
    with noted(wrong, name):
        if currency is None:
            raise ValueError(_("An amount needs a currency: choose one, or leave the amount blank."))
        if money.is_currency(currency):  # else it is the currency that is wrong
            return typed_limit(text, currency)
    return None


def _begins(text: str) -> datetime:
    now = utcnow()
    moment = typed_moment(text) or now
    if moment < now - _JUST_NOW:
        raise ValueError(_("A rule cannot begin in the past."))
    return max(moment, now)
