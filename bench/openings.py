"""Wallets with one opening each, as rows of the ledger's tables: what an import writes, worked out beforehand."""

from collections.abc import Sequence
from typing import Any

from uuid_utils.compat import uuid7

CURRENCIES = ("EUR", "RUB", "USD")
Table = tuple[str, Sequence[str], list[tuple[Any, ...]]]  # its name, columns and rows
_ACCOUNT = ("id", "customer_id", "currency", "name", "status", "overdraft_limit", "created_at")
_BALANCE = (
    "account_id", "customer_id", "currency", "status", "overdraft_limit", "balance", "held", "sequence", "last_at",
)  # fmt: skip
_PAYMENT = (
    "id", "kind", "from_account_id", "to_account_id", "source", "amount", "currency", "commission", "description",
    "created_by_id", "caller", "origin", "idempotency_key", "fingerprint", "created_at", "status", "completed_at",
)  # fmt: skip
_OPERATION = ("payment_id", "account_id", "kind", "signed_amount", "balance_after", "sequence", "created_at")
FIRST, _TECHNICAL = 31, 10  # the first free account id; technical accounts of a currency, the opening one last


def tables(openings: list[tuple[int, str, int]], stamp: str, first: int = FIRST) -> list[Table]:
    """The rows for (customer id, currency, minor units), with everything of `stamp`."""
    accounts, balances, payments, operations = [], [], [], []
    for account, (customer, currency, amount) in enumerate(openings, first):
        outside, payment = (CURRENCIES.index(currency) + 1) * _TECHNICAL, uuid7().hex
        accounts.append((account, customer, currency, "", "open", 0, stamp))
        balances.append((account, customer, currency, "open", 0, amount, 0, 1, stamp))
        payments.append(
            (payment, "opening", outside, account, "opening", amount, currency, 0, "", None, 0, "import 1", payment,
             b"\0" * 32, stamp, "COMPLETED", stamp)
        )  # fmt: skip
        operations.append((payment, outside, "transfer", -amount, None, None, stamp))
        operations.append((payment, account, "transfer", amount, amount, 1, stamp))
    return [
        ("accounts", _ACCOUNT, accounts),
        ("account_balances", _BALANCE, balances),
        ("payments", _PAYMENT, payments),
        ("operations", _OPERATION, operations),
    ]
