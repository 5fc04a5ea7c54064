"""The examples in WalletService's docstrings are true, on both engines."""

import doctest

from crm.services import wallet
from tests import money, people


def example_wallet() -> tuple[int, int]:
    customer = people.add("Example", allow_duplicate=True)
    return customer.id, money.wallet_of(customer.id)


def test_the_examples_are_true(app):
    result = doctest.testmod(wallet, extraglobs={"example_wallet": example_wallet})
    assert result.attempted > 20 and result.failed == 0
