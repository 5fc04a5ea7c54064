"""Laws of money as people write it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.money import MAX_MINOR, AmountError, exponent, is_currency, parse, to_decimal


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("1250", "RUB", 125_000),
        ("1250.5", "RUB", 125_050),
        ("1 250,50", "RUB", 125_050),
        ("1\u00a0250\u202f000,5", "RUB", 125_000_050),
        ("0", "RUB", 0),
        ("-0.00", "RUB", 0),
        ("1250", "JPY", 1250),
        ("1250.00", "JPY", 1250),
        ("1.234", "KWD", 1234),
        ("1.2340000", "KWD", 1234),
        ("10000000000000", "RUB", 10**15),
    ],
)
def test_an_amount_is_read_in_minor_units(typed, currency, minor):
    assert parse(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency", "reason"),
    [
        ("", "RUB", "malformed"),
        ("1,250.00", "RUB", "malformed"),
        ("5,000", "RUB", "thousands"),  # five thousand, elsewhere
        ("1.250", "RUB", "thousands"),
        ("100,000", "JPY", "thousands"),
        ("1 25", "RUB", "malformed"),
        ("1  250", "RUB", "malformed"),
        ("12 34 567", "RUB", "malformed"),
        (".5", "RUB", "malformed"),
        ("5.", "RUB", "malformed"),
        ("1e3", "RUB", "malformed"),
        ("NaN", "RUB", "malformed"),
        ("Infinity", "RUB", "malformed"),
        ("٣", "RUB", "malformed"),
        ("+5", "RUB", "malformed"),
        ("--5", "RUB", "malformed"),
        ("5\n", "RUB", "malformed"),
        ("100 руб", "RUB", "malformed"),
        ("-5", "RUB", "negative"),
        ("1.001", "RUB", "thousands"),
        ("0.001", "RUB", "precision"),
        ("1000.001", "RUB", "precision"),
        ("1.5", "JPY", "precision"),
        ("10000000000000.01", "RUB", "too_large"),
        ("9" * 5000, "RUB", "too_large"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_reason(typed, currency, reason):
    with pytest.raises(AmountError) as refusal:
        parse(typed, currency)
    assert refusal.value.reason == reason


@given(st.integers(0, MAX_MINOR), st.sampled_from(["RUB", "JPY", "KWD"]))
def test_what_is_written_is_read_back(minor, currency):
    assert parse(str(to_decimal(minor, currency)), currency) == minor


@given(st.text())
def test_any_text_is_an_amount_or_refused(text):
    try:
        assert 0 <= parse(text, "RUB") <= MAX_MINOR
    except AmountError as refusal:
        assert refusal.reason in {"malformed", "negative", "precision", "too_large"}


def test_currencies_are_those_of_iso_4217_that_have_a_minor_unit():
    assert [exponent(code) for code in ("RUB", "JPY", "KWD")] == [2, 0, 3]
    assert is_currency("RUB") and not is_currency("XAU") and not is_currency("RUR") and not is_currency("")
    assert to_decimal(1, "KWD") == Decimal("0.001")
