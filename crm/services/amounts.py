"""Amounts as people type them, or the sentence that says what is wrong with one."""

from crm import money
from crm.i18n import gettext as _
from crm.i18n import ngettext


def typed_amount(text: str, currency: str) -> int:
    """A positive amount in minor units of the currency; ValueError has the sentence for who typed it."""
    amount = typed_limit(text, currency)
    if amount == 0:
        raise ValueError(_("The amount must be more than zero."))
    return amount


def typed_limit(text: str, currency: str) -> int:
    """The same of an amount that may be zero."""
    if not text.strip():
        raise ValueError(_("Enter an amount."))
    try:
        return money.parse(text, currency)
    except money.AmountError as error:
        raise ValueError(sentence(error.reason, text, currency)) from error


def sentence(reason: str, text: str, currency: str) -> str:
    """What to say of text that `money.parse` refused for the reason."""
    if reason == "negative":
        return _("An amount cannot be negative.")
    if reason == "precision":
        return ngettext(
            "%(currency)s has no more than %(num)d decimal.",
            "%(currency)s has no more than %(num)d decimals.",
            money.exponent(currency),
            currency=currency,
        )
    if reason == "too_large":
        return _("This amount is too large.")
    return _("%(value)s is not an amount; write it like 1250.50.", value=text.strip()[:40])
