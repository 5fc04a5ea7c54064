"""Laws of many holding, capturing and spending at the same moment: nothing is promised twice, nothing taken twice."""

from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from crm.db import at, db, utcnow
from crm.errors import HoldOver, InsufficientFunds
from crm.services import accounts, holds
from crm.services.audit import Actor
from crm.services.wallet import Receipt
from tests import money
from tests.money import SERVICE
from tests.parallel import at_once

pytestmark = pytest.mark.usefixtures("sound_ledger")
TEST, WRITERS = Actor(None, "test"), 16


def wallet_as_it_is(pk: int) -> accounts.Wallet:
    db.session.rollback()
    owner = db.session.scalar(text("SELECT customer_id FROM accounts WHERE id = :id"), {"id": pk})
    (found,) = [one for one in accounts.of_customer(owner) if one.id == pk]
    db.session.rollback()
    return found


def run(app: Flask, functions: list[object]) -> tuple[Counter[str], list[object]]:
    """What the functions gave, all at once: how many of each type, and all of it flat."""
    results = at_once(app, functions)
    flat = [one for result in results for one in (result if isinstance(result, list) else [result])]
    return Counter(type(one).__name__ for one in flat), flat


def tried(*steps) -> object:
    """One step after another, each given what the one before gave; a refusal ends it."""

    def go() -> list[object]:
        given: list[object] = []
        for step in steps:
            try:
                given.append(step(given[-1] if given else None))
            except (InsufficientFunds, HoldOver) as refusal:
                given.append(refusal)
                break
        return given

    return go


def test_holds_captures_and_spends_of_one_wallet_never_exceed_what_is_there(app):
    wallet = money.wallet(balance=1_000, overdraft=200)
    earlier = [SERVICE.spend(wallet, 50, hold=True).payment_id for _number in range(4)]

    def hold(_before: object) -> Receipt:
        return SERVICE.spend(wallet, 100, hold=True)

    def take(receipt: Receipt) -> str:
        return holds.capture(TEST, receipt.payment_id, 70).status

    writers = [tried(hold, take, hold)] * 6 + [tried(lambda _before: SERVICE.spend(wallet, 90))] * 4
    writers += [tried(lambda _before: SERVICE.withdraw(wallet, 80, "cash"))] * 2
    writers += [tried(lambda _before, pk=pk: holds.capture(TEST, pk).status) for pk in earlier]
    kinds, results = run(app, writers)
    assert set(kinds) <= {"Receipt", "str", "InsufficientFunds"}, results
    assert len(writers) == WRITERS and results.count("COMPLETED") >= len(earlier)
    left = wallet_as_it_is(wallet)
    assert left.available >= 0 and left.held % 100 == 0
    assert kinds["InsufficientFunds"]  # together they want more than there is
    taken = "SELECT coalesce(sum(amount), 0) FROM payments WHERE status = 'COMPLETED' AND from_account_id = :id"
    assert 1_000 - db.session.scalar(text(taken), {"id": wallet}) == left.balance


def test_each_of_many_holds_ends_once_whoever_captures_it_and_lets_go(app):
    wallet = money.wallet(balance=1_000)
    held = [SERVICE.spend(wallet, 100, hold=True).payment_id for _number in range(8)]
    ends = [(lambda pk: holds.capture(TEST, pk, 40).status), (lambda pk: holds.void(TEST, pk).status)]

    def end_all(number: int) -> object:
        order = held[number % 8 :] + held[: number % 8]
        steps = [tried(lambda _before, pk=pk: ends[number % 2](pk)) for pk in order]
        return lambda: [result for step in steps for result in step()]

    kinds, results = run(app, [end_all(number) for number in range(WRITERS)])
    assert kinds == {"str": len(held), "HoldOver": len(held) * (WRITERS - 1)}, results
    left = wallet_as_it_is(wallet)
    assert (left.held, left.balance) == (0, 1_000 - 40 * results.count("COMPLETED"))


def test_what_is_over_is_let_go_once_and_captured_no_more_by_whoever_comes_meanwhile(app):
    wallet = money.wallet(balance=1_000)
    soon = utcnow() + timedelta(days=1)
    held = [SERVICE.spend(wallet, 100, hold=True, expires_at=soon).payment_id for _number in range(7)]
    later = SERVICE.spend(wallet, 200, hold=True).payment_id
    with at(soon):
        captures = [tried(lambda _before, pk=pk: holds.capture(TEST, pk).status) for pk in held]
        expiries = [lambda: holds.expire_due(3)] * 8
        kinds, results = run(app, [*captures, *expiries, lambda: holds.void(TEST, later).status])
        last = holds.expire_due()  # what was being looked at by others was left to the next time
    assert kinds == {"HoldOver": 7, "int": 8, "str": 1}, results
    assert last + sum(one for one in results if isinstance(one, int)) == 7
    assert (wallet_as_it_is(wallet).held, wallet_as_it_is(wallet).available) == (0, 1_000)
