"""A ledger with something of everything in it, and attacks on it in plain SQL."""

import re
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from crm.db import atomic, is_postgresql
from crm.services import accounts
from crm.services.audit import Actor
from tests import money, people
from tests.money import SERVICE, draft

TEST = Actor(None, "test")
ONLY_SQLITE = pytest.mark.parametrize("app", ["sqlite"], indirect=True)
ONLY_POSTGRESQL = pytest.mark.parametrize("app", ["postgresql"], indirect=True)

Line = tuple[str, str, int, int | None, int | None]  # account, kind, signed amount, balance after, sequence
LATER, EARLIER = "2200-01-01 00:00:00.000000+00:00", "2020-01-01 00:00:00.000000+00:00"


class Scene:
    """Wallets and payments, made in the present transaction, by the names that attacks have for them (`:anna`).

    Anna has 1000 after three operations, Boris 100 after one; Dora owes 300 of 500; what is frozen has 50, Edda is
    empty and has euros. The payment `done` is completed, `failed` has failed, `waiting` brings Anna 100 in cash,
    `leaving` takes 1001 from her, `moving` takes 10 from the frozen wallet.
    """

    def __init__(self) -> None:
        cash = money.technical("cash")
        customer = people.add("Анна Иванова").id
        anna, dora, edda = money.wallet_of(customer), money.wallet_of(customer, overdraft=500), money.wallet("EUR")
        boris, frozen = money.wallet_of(customer), money.wallet_of(customer, balance=50)
        SERVICE.deposit(anna, 700, "cash")
        done = SERVICE.deposit(anna, 400, "cash", key="done").payment_id
        SERVICE.transfer(anna, boris, 100)
        money.post([draft(dora, money.technical("sales"), 300, commission=1, kind="spend")])
        failed = draft(boris, cash, 101, kind="withdrawal", key="failed")
        money.post([failed])
        waiting = draft(cash, anna, 100, kind="deposit", key="waiting")
        leaving = draft(anna, cash, 1001, kind="withdrawal", key="leaving")
        moving = draft(frozen, cash, 10, kind="withdrawal", key="moving")
        money.wait([waiting, leaving, moving])
        accounts.set_status(TEST, frozen, "frozen")
        self.names: dict[str, Any] = {
            "anna": anna, "boris": boris, "dora": dora, "frozen": frozen, "edda": edda,
            "cash": cash, "sales": money.technical("sales"), "commission": money.technical("commission"),
            "euro_cash": money.technical("cash", "EUR"),
            "done": done, "failed": failed.id, "waiting": waiting.id, "leaving": leaving.id, "moving": moving.id,
            "new": "0" * 31 + "1", "print": b"\0" * 32, "later": moment(LATER), "earlier": moment(EARLIER),
        }  # fmt: skip

    def run(self, *statements: str) -> None:
        """Run the statements in one transaction."""
        with atomic() as session:
            for statement in statements:
                session.execute(text(statement), self.names)

    def refuses(self, because: str, *statements: str) -> None:
        """Assert that the last of the statements is refused, with a reason like this, and that nothing is changed."""
        before = money.everything()
        with pytest.raises(IntegrityError, match=re.compile(because, re.IGNORECASE)), atomic() as session:
            for number, statement in enumerate(statements, start=1):
                try:
                    session.execute(text(statement), self.names)
                except IntegrityError as error:
                    assert number == len(statements), f"{statement} was refused too early: {error}"
                    raise
        assert money.everything() == before


def moment(value: str) -> str:
    """As the engine keeps it."""
    return value if is_postgresql() else value.removesuffix("+00:00")


def operations(payment: str, *lines: Line, at: str = "later") -> str:
    """One statement that writes the lines; accounts are named as in the scene."""
    values = ", ".join(
        f"(:{payment}, :{account}, '{kind}', {amount}, {balance or 'NULL' if balance != 0 else 0},"
        f" {'NULL' if sequence is None else sequence}, :{at})"
        for account, kind, amount, balance, sequence in lines
    )
    columns = "payment_id, account_id, kind, signed_amount, balance_after, sequence, created_at"
    return f"INSERT INTO operations ({columns}) VALUES {values}"


def balance(account: str, amount: int, sequence: int) -> str:
    """The statement that moves a balance row on."""
    changes = f"balance = {amount}, sequence = {sequence}, last_at = :later"
    return f"UPDATE account_balances SET {changes} WHERE account_id = :{account}"


def ended(payment: str, status: str = "COMPLETED", code: str = "NULL") -> str:
    """The statement that ends a payment."""
    changes = f"status = '{status}', failure_code = {code}, completed_at = :later"
    return f"UPDATE payments SET {changes} WHERE id = :{payment}"


def payment(**values: str) -> str:
    """The statement that stores a new payment; each value is SQL."""
    fields = {
        "id": ":new", "kind": "'deposit'", "status": "'INITIATED'", "from_account_id": ":cash",
        "to_account_id": ":anna", "amount": "100", "currency": "'RUB'", "commission": "0", "description": "''",
        "caller": "0", "origin": "'sql'", "idempotency_key": "'new'", "fingerprint": ":print", "created_at": ":later",
    } | values  # fmt: skip
    return f"INSERT INTO payments ({', '.join(fields)}) VALUES ({', '.join(fields.values())})"
