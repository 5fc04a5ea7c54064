"""Amounts, percents and rates as people type them, or the sentence that says what is wrong with one."""

from collections.abc import Iterator
from contextlib import contextmanager

from crm import money
from crm.i18n import gettext as _
from crm.i18n import ngettext
from crm.models.currency import MAX_PERCENT


@contextmanager
def noted(wrong: dict[str, list[str]], field: str) -> Iterator[None]:
    """Keep the sentence of a ValueError at the field, and go on: everything that is wrong is told at once."""
    try:
        yield
    except ValueError as error:
        wrong.setdefault(field, []).append(str(error))


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


def typed_balance(text: str, currency: str) -> int:
    """The same of one that may be below zero."""
    try:
        return money.parse_signed(text, currency)
    except money.AmountError as error:
        raise ValueError(sentence(error.reason, text, currency)) from error


def typed_scaled(text: str) -> int:
    """A percent or a rate, zero or more, scaled by 10^9; ValueError has the sentence for who typed it."""
    try:
        return money.parse_scaled(text)
    except money.AmountError as error:
        raise ValueError(_scaled_sentence(error.reason, text)) from error


def typed_percent(text: str) -> int:
    """The same of a percent, which is no more than 100."""
    percent = typed_scaled(text)
    if percent > MAX_PERCENT:
        raise ValueError(_("A percentage cannot be more than 100."))
    return percent


def _scaled_sentence(reason: str, text: str) -> str:
    if reason == "negative":
        return _("This cannot be negative.")
    if reason == "precision":
        return _("Write no more than %(count)d decimals.", count=money.SCALED_DECIMALS)
    if reason == "too_large":
        return _("This number is too large.")
    return _("%(value)s is not a number; write it like 1.5.", value=text.strip()[:40] or "—")


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
    if reason == "thousands":
        return _("%(value)s may mean thousands; write it like 5000 or 5.00.", value=text.strip()[:40])
    if reason == "too_large":
        return _("This amount is too large.")
    return _("%(value)s is not an amount; write it like 1250.50.", value=text.strip()[:40])
