"""Payments of every kind as programs send them, and prices for them."""

from dataclasses import dataclass

from crm.db import atomic
from crm.models import CommissionRule, ExchangeRate
from crm.models.currency import SCALE
from crm.models.ledger import PaymentKind
from crm.services import payments
from crm.services.audit import Actor
from crm.services.movements import Movement
from tests import money, people
from tests.money import SERVICE

ACTOR = Actor(None, "test")


def deposit(wallet: int, amount: int, key: str = "") -> Movement:
    """Money that comes in cash."""
    return Movement(PaymentKind.DEPOSIT, amount, to_account=wallet, source="cash", key=key)


def spend(wallet: int, amount: int) -> Movement:
    """Money that is paid for something."""
    return Movement(PaymentKind.SPEND, amount, from_account=wallet, source="sales")


def transfer(payer: int, payee: int, amount: int) -> Movement:
    """Money from one wallet to another."""
    return Movement(PaymentKind.TRANSFER, amount, payer, payee)


def conversion(payer: int, payee: int, amount: int) -> Movement:
    """Money from one currency to another."""
    return Movement(PaymentKind.CONVERSION, amount, payer, payee)


def set_prices(percent: int = 2, spread: int = 1, dollar: int = 90) -> None:
    """A commission on transfers, and what a dollar costs in roubles."""
    rate = ExchangeRate(
        from_currency="USD", to_currency="RUB", rate=dollar * SCALE, spread=spread * SCALE, valid_from=money.EARLY
    )
    with atomic() as session:
        session.add(CommissionRule(payment_kind="transfer", percent=percent * SCALE, valid_from=money.EARLY))
        session.add(rate)


@dataclass
class Street:
    """Anna with roubles and dollars, Boris with roubles, and what she has paid him already."""

    anna: int
    dollars: int
    boris: int
    paid: str

    @classmethod
    def opened(cls) -> "Street":
        """With prices, and money enough for a while."""
        set_prices()
        customer = people.add("Анна").id
        anna, dollars = money.wallet_of(customer, balance=100_000), money.wallet_of(customer, "USD", 10_000)
        boris = money.wallet(name="Борис", balance=1_000)
        return cls(anna, dollars, boris, SERVICE.transfer(anna, boris, 10_000).payment_id)

    def accept(self) -> list[str]:
        """The ids of one payment of each kind, accepted now; one of them will fail."""
        accepted = payments.accept_batch(
            ACTOR,
            [
                deposit(self.anna, 500),
                transfer(self.anna, self.boris, 1_000),
                conversion(self.dollars, self.anna, 100),
                spend(self.boris, 10**12),
                spend(self.anna, 7),
            ],
        )
        reversal = payments.accept_reversal(ACTOR, self.paid, 100, "", "")
        return [*(one.payment_id for one in accepted.payments), reversal.payment_id]

    def balances(self) -> list[int]:
        """Of all three wallets."""
        return [SERVICE.balance(wallet) for wallet in (self.anna, self.dollars, self.boris)]
