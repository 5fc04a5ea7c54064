"""Laws of conversion: by the rate in force, its spread a commission, each currency summing to zero."""

from datetime import timedelta

import pytest

from crm.db import atomic, utcnow
from crm.errors import Invalid, PaymentRefused
from crm.models import ExchangeRate
from crm.models.currency import SCALE
from tests import money, people
from tests.money import SERVICE

pytestmark = pytest.mark.usefixtures("sound_ledger")


def rate(value: str, spread: int = 0, pair: tuple[str, str] = ("USD", "RUB"), since=money.EARLY) -> None:
    scaled = int(float(value) * SCALE)
    with atomic() as session:
        session.add(
            ExchangeRate(
                from_currency=pair[0], to_currency=pair[1], rate=scaled, spread=spread * SCALE, valid_from=since
            )
        )


@pytest.fixture
def wallets(app) -> tuple[int, int]:
    """Dollars and roubles of one customer."""
    customer = people.add("Анна").id
    return money.wallet_of(customer, "USD", 10_000), money.wallet_of(customer, "RUB")


def test_money_is_converted_at_the_rate(wallets):
    dollars, roubles = wallets
    rate("92.5")
    SERVICE.convert(dollars, roubles, 10_000)
    assert (SERVICE.balance(dollars), SERVICE.balance(roubles)) == (0, 925_000)
    assert money.total(money.technical("conversion", "USD")) == 10_000
    assert money.total(money.technical("conversion", "RUB")) == -925_000


def test_the_spread_is_taken_in_the_currency_that_is_paid(wallets):
    dollars, roubles = wallets
    rate("92.5", spread=1)
    SERVICE.convert(dollars, roubles, 10_000)
    assert SERVICE.balance(roubles) == 9_900 * 925 // 10
    assert money.total(money.technical("commission", "USD")) == 100


def test_the_newest_rate_in_force_counts(wallets):
    dollars, roubles = wallets
    rate("90")
    rate("91", since=utcnow() - timedelta(hours=1))
    rate("99", since=utcnow() + timedelta(hours=1))
    SERVICE.convert(dollars, roubles, 100)
    assert SERVICE.balance(roubles) == 9_100


def test_without_a_rate_it_is_refused(wallets):
    rate("0.01", pair=("RUB", "USD"))  # the other way is another rate
    before = money.everything()
    with pytest.raises(PaymentRefused) as refused:
        SERVICE.convert(*wallets, 100)
    assert refused.value.code == "no_rate" and money.everything() == before


def test_what_cannot_be_converted_is_refused(wallets):
    dollars, roubles = wallets
    rate("92.5")
    rate("0.0001", pair=("RUB", "USD"))
    SERVICE.deposit(roubles, 100)
    more, elses = money.wallet_of(people.add("Борис").id, "RUB"), money.wallet("RUB")
    before = money.everything()
    for refused in [(dollars, elses), (dollars, more), (roubles, more), (dollars, dollars), (dollars, 10**9)]:
        with pytest.raises(Invalid):
            SERVICE.convert(*refused, 10)
    with pytest.raises(PaymentRefused) as nothing:
        SERVICE.convert(roubles, dollars, 1)
    assert nothing.value.code == "amount_out_of_range"
    with pytest.raises(PaymentRefused):
        SERVICE.convert(dollars, roubles, 10_001)
    assert money.everything() == before


def test_a_conversion_can_be_reversed_at_the_rate_it_had(wallets):
    dollars, roubles = wallets
    rate("92.5", spread=1)
    payment = SERVICE.convert(dollars, roubles, 10_000).payment_id
    rate("50", since=utcnow())
    SERVICE.reverse(payment, 5_000)
    assert (SERVICE.balance(dollars), SERVICE.balance(roubles)) == (5_000, 9_900 * 925 // 20)
    SERVICE.reverse(payment)
    assert (SERVICE.balance(dollars), SERVICE.balance(roubles)) == (10_000, 0)
