"""Money as people write it, in integers of the currency's minor unit (ISO 4217). Pure: no float anywhere."""

import re
from decimal import Decimal

from iso4217 import Currency

MAX_MINOR = 10**15
SCALED_DECIMALS = 9  # of percents and rates, which are kept as integers scaled by 10^9
_SPACE = "[ \u00a0\u202f]"
_SPACES = re.compile(_SPACE)
_TYPED = re.compile(rf"(?P<sign>-?)(?P<whole>\d{{1,3}}(?:{_SPACE}\d{{3}})+|\d+)(?:[.,](?P<part>\d+))?\Z", re.ASCII)
_GROUP = re.compile(r"[1-9]\d{0,2}\Z")  # what stands before the first thousands' separator
_EXPONENTS = {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}


class AmountError(ValueError):
    """Text that is no amount; `reason` is one of `malformed`, `negative`, `precision`, `thousands`,
    `too_large`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_currency(code: str) -> bool:
    """True for an ISO 4217 code of money that has a minor unit (not gold, not the testing code)."""
    return code in _EXPONENTS


def exponent(code: str) -> int:
    """How many decimals the currency has (RUB 2, JPY 0, KWD 3); KeyError for what is no currency."""
    return _EXPONENTS[code]


def codes_with(decimals: int) -> list[str]:
    """The codes of all currencies that have so many decimals.

    >>> "JPY" in codes_with(0), "KWD" in codes_with(3)
    (True, True)
    """
    return [code for code, one in _EXPONENTS.items() if one == decimals]


def parse(text: str, currency: str) -> int:
    """Read an amount of zero or more as a person types it and return minor units; raise `AmountError`.

    Blanks (U+00A0 and U+202F too) may group thousands, and a comma or a dot is the decimal sign. Zeros beyond the
    currency's decimals do no harm, but for what others write for thousands: "5,000".

    >>> parse("1 250,50", "RUB"), parse("1250", "JPY")
    (125050, 1250)
    >>> parse("1,250.00", "RUB")
    Traceback (most recent call last):
    crm.money.AmountError: malformed
    """
    match = _TYPED.match(text.strip(" \u00a0\u202f"))
    if not match:
        raise AmountError("malformed")
    sign, whole, part = match.groups("")
    whole, decimals = whole if whole.isdecimal() else _SPACES.sub("", whole), exponent(currency)
    if decimals < len(part) == 3 and _GROUP.match(whole):
        raise AmountError("thousands")
    if len(part.rstrip("0")) > decimals:
        raise AmountError("precision")
    if len(whole) > 16:
        raise AmountError("too_large")
    minor = int(whole + part[:decimals].ljust(decimals, "0"))
    if sign and minor:
        raise AmountError("negative")
    if minor > MAX_MINOR:
        raise AmountError("too_large")
    return minor


def parse_signed(text: str, currency: str) -> int:
    """The same of an amount that may be below zero: what a wallet owes.

    >>> parse_signed("-5", "RUB"), parse_signed("−1 250,50", "RUB"), parse_signed("5", "RUB")
    (-500, -125050, 500)
    """
    text = text.strip(" \u00a0\u202f")
    if text[:1] in ("-", "−"):
        return -parse(text[1:], currency)
    return parse(text, currency)


def parse_scaled(text: str) -> int:
    """Read a percent or a rate as a person types it and return it scaled by 10^9; raise `AmountError`.

    >>> parse_scaled("92.5"), parse_scaled("0,000000001"), parse_scaled("0")
    (92500000000, 1, 0)
    >>> parse_scaled("1e3")
    Traceback (most recent call last):
    crm.money.AmountError: malformed
    """
    match = _TYPED.match(text.strip(" \u00a0\u202f"))
    if not match:
        raise AmountError("malformed")
    whole, part = _SPACES.sub("", match["whole"]), (match["part"] or "").rstrip("0")
    if len(part) > SCALED_DECIMALS:
        raise AmountError("precision")
    if len(whole.lstrip("0")) > 18 - SCALED_DECIMALS:  # what a BIGINT holds
        raise AmountError("too_large")
    scaled = int(whole + part.ljust(SCALED_DECIMALS, "0"))
    if match["sign"] and scaled:
        raise AmountError("negative")
    return scaled


def scaled_text(scaled: int) -> str:
    """The percent or rate as programs write it: a dot, and no zeros at its end.

    >>> scaled_text(92_500_000_000), scaled_text(2 * 10**9), scaled_text(1)
    ('92.5', '2', '0.000000001')
    """
    whole, part = divmod(scaled, 10**SCALED_DECIMALS)
    return f"{whole}.{part:0{SCALED_DECIMALS}}".rstrip("0").rstrip(".")


def to_decimal(minor: int, currency: str) -> Decimal:
    """The amount of so many minor units.

    >>> to_decimal(125050, "RUB")
    Decimal('1250.50')
    """
    return Decimal(minor).scaleb(-exponent(currency))


def to_text(minor: int, currency: str) -> str:
    """The amount as programs write it: a dot, and all decimals of the currency.

    >>> to_text(125050, "RUB"), to_text(-5, "RUB"), to_text(7, "JPY")
    ('1250.50', '-0.05', '7')
    """
    return f"{to_decimal(minor, currency):f}"
