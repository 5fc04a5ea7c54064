"""Money and moments in the reader's words are what CLDR says, though Babel is not asked for each of them."""

import random
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency
from iso4217 import Currency

from crm.config import LOCALES
from crm.money import is_currency, to_decimal
from crm.web.dates import day_in, moment_in
from crm.web.money_text import money_in

CODES = [currency.code for currency in Currency if is_currency(currency.code)]
SAMPLES = [0, 1, 9, 10, 99, 100, 999, 1000, 99_999, 100_000, 1_234_567, 999_999_999, 10**15]


@pytest.mark.parametrize("language", LOCALES)
def test_money_is_written_as_cldr_says(language):
    standard = Locale.parse(language).currency_formats["standard"].pattern
    for code in CODES:
        decimals = -int(to_decimal(1, code).as_tuple().exponent)
        pattern = re.sub(r"0\.0+", f"0.{'0' * decimals}" if decimals else "0", standard)
        for minor in SAMPLES:
            said = format_currency(to_decimal(minor, code), code, pattern, language, currency_digits=False)
            assert money_in(minor, code, language).replace("\u00a0", "") == said.replace("\u00a0", "")
            assert money_in(-minor - 1, code, language) == "−" + money_in(minor + 1, code, language)


@pytest.mark.parametrize("language", LOCALES)
def test_moments_are_written_as_cldr_says(language):
    pick = random.Random(7)
    for zone in map(ZoneInfo, ("UTC", "Europe/Moscow", "America/New_York", "Asia/Kathmandu")):
        for _time in range(200):
            value = datetime.fromtimestamp(pick.randrange(4 * 10**9), UTC)
            said = format_datetime(value, "short", tzinfo=zone, locale=language)
            assert moment_in(value, zone, language) == f'<time datetime="{value.isoformat()}">{said}</time>'
            assert day_in(value, zone, language) == format_date(value.astimezone(zone), "medium", locale=language)
