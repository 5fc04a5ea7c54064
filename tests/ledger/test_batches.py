"""Law of accepted payments: posted in batches of any size they end as one by one, and as plain arithmetic says."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import cycle
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from crm.db import atomic, db
from crm.errors import PaymentRefused
from crm.ledger import accounts, pending
from crm.services import payments, posting
from crm.services.movements import Movement
from tests import gateway, money, people
from tests.gateway import ACTOR
from tests.money import SERVICE

OPENING = {"anna": 3_000, "dollars": 700, "boris": 500}
DOLLAR, SPREAD, COMMISSION = 90, Fraction(1, 100), Fraction(2, 100)
Line = tuple[str, str]  # wallet (or "" for anything technical), kind

amounts = st.integers(50, 1_500)
roubles = st.sampled_from(["anna", "boris"])
asked = st.one_of(
    st.tuples(st.just("deposit"), roubles, amounts),
    st.tuples(st.just("spend"), st.sampled_from([*OPENING]), amounts),
    st.tuples(st.just("transfer"), roubles, amounts),
    st.tuples(st.just("conversion"), st.just("dollars"), amounts),
)
parts = st.one_of(st.none(), st.integers(1, 20), st.integers(21, 700))
reversals = st.lists(st.tuples(st.integers(0, 2), parts), max_size=4)  # which earlier one, counted backwards, how much
first = st.tuples(st.lists(asked, min_size=3, max_size=5), st.just([]))
rounds = st.tuples(
    first, st.tuples(st.lists(asked, min_size=1, max_size=3), reversals), st.tuples(st.just([]), reversals)
)


class World:
    """Three wallets, into which the same is asked for, to be posted in bites of these sizes."""

    def __init__(self, customers: list[int], bites: list[int]) -> None:
        wanted = [(customers[0], "RUB", ""), (customers[0], "USD", ""), (customers[1], "RUB", "")]
        with atomic():
            self.wallets = dict(zip(OPENING, accounts.open_wallets(wanted), strict=True))
        for name, amount in OPENING.items():
            SERVICE.deposit(self.wallets[name], amount)
        self.bites, self.accepted = bites, list[str]()

    def movement(self, kind: str, name: str, amount: int) -> Movement:
        wallet, other = self.wallets[name], self.wallets["boris" if name == "anna" else "anna"]
        makes: dict[str, Any] = {"deposit": gateway.deposit, "spend": gateway.spend}
        if kind in makes:
            return makes[kind](wallet, amount)
        return {"transfer": gateway.transfer, "conversion": gateway.conversion}[kind](wallet, other, amount)

    def turn(self, movements: list[Any], reversals: list[Any], monkeypatch: pytest.MonkeyPatch) -> list[bool]:
        """Accept all of it, and post it; which of the reversals were accepted."""
        before = self.accepted[::-1]
        if movements:
            batch = payments.accept_batch(ACTOR, [self.movement(*each) for each in movements])
            self.accepted += [payment.payment_id for payment in batch.payments]
        taken = [self.give_back(before[place], amount) for place, amount in reversals]
        bites = cycle(self.bites)
        with monkeypatch.context() as patched:
            patched.setattr(pending, "claim", lambda in_hand=(), claim=pending.claim: claim(next(bites), in_hand))
            posting.drain()
        return taken

    def give_back(self, payment_id: str, amount: int | None) -> bool:
        try:
            reversal = payments.accept_reversal(ACTOR, payment_id, amount, "", "")
        except PaymentRefused:
            return False
        self.accepted.append(reversal.payment_id)
        return True

    def outcome(self) -> tuple[list[int], list[tuple[str, str | None]]]:
        """The balances, and how each payment has ended."""
        ended = {
            str(pk).replace("-", ""): (status, code)
            for pk, status, code in db.session.execute(text("SELECT id, status, failure_code FROM payments"))
        }
        return [SERVICE.balance(pk) for pk in self.wallets.values()], [ended[pk] for pk in self.accepted]


class Model:
    """The same with dictionaries."""

    def __init__(self) -> None:
        self.balances = dict(OPENING)
        self.ended: list[tuple[str, str | None]] = []
        self.moved: dict[int, dict[Line, int]] = {}  # what completed payments have moved, reversals left out
        self.left: dict[int, dict[Line, int]] = {}
        self.amounts: dict[int, int] = {}
        self.open: dict[int, int] = {}  # how much of it may be reversed

    def turn(self, movements: list[Any], reversals: list[Any]) -> list[bool]:
        earlier, wanted = len(self.ended), []
        for back, part in reversals:
            place = earlier - 1 - back
            able = (part or 1) <= self.open.get(place, 0)
            wanted.append((place, part or self.open[place]) if able else None)
        for each in movements:
            self.move(*each)
        for reversal in wanted:
            if reversal:
                self.give_back(*reversal)
        return [reversal is not None for reversal in wanted]

    def move(self, kind: str, name: str, amount: int) -> None:
        other = "boris" if name == "anna" else "anna"
        if kind == "deposit":
            lines = {("", "transfer"): -amount, (name, "transfer"): amount}
        elif kind == "spend":
            lines = {(name, "transfer"): -amount, ("", "transfer"): amount}
        else:
            taken = round(amount * (COMMISSION if kind == "transfer" else SPREAD))
            arrives = (amount - taken) * (1 if kind == "transfer" else DOLLAR)
            lines = {(name, "transfer"): taken - amount, (other, "transfer"): arrives}
            if taken:
                lines |= {(name, "commission"): -taken, ("", "commission"): taken}
        place = len(self.ended)
        if self.post(lines):
            self.moved[place], self.left[place] = lines, dict(lines)
            self.amounts[place] = self.open[place] = amount

    def give_back(self, place: int, part: int) -> None:
        if part > self.open[place]:
            self.ended.append(("FAILED", "exceeds_reversible"))
            return
        whole = self.moved[place]
        mirrored = {line: -round(Fraction(amount * part, self.amounts[place])) for line, amount in whole.items()}
        for line, rest in self.left[place].items():
            if part == self.open[place] or abs(mirrored[line]) > abs(rest):
                mirrored[line] = -rest
        if any(not mirrored[line] for line in whole if line[1] == "transfer"):
            self.ended.append(("FAILED", "amount_too_small"))
        elif self.post(mirrored):
            self.open[place] -= part
            self.left[place] = {line: rest + mirrored[line] for line, rest in self.left[place].items()}

    def post(self, lines: dict[Line, int]) -> bool:
        after = dict(self.balances)
        for (name, _kind), amount in lines.items():
            if name:
                after[name] += amount
        if any(after[name] < 0 and after[name] < self.balances[name] for name in after):
            self.ended.append(("FAILED", "insufficient_funds"))
            return False
        self.balances = after
        self.ended.append(("COMPLETED", None))
        return True


@pytest.fixture
def customers(app: Flask) -> Iterator[list[int]]:
    gateway.set_prices(dollar=DOLLAR)
    yield [people.add(name).id for name in ("Анна", "Борис")]
    money.check_ledger()


def test_batches_of_any_size_end_as_one_by_one_and_as_arithmetic_says(customers, monkeypatch):
    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(rounds, st.lists(st.integers(1, 12), min_size=1, max_size=4))
    def law(turns, bites):
        together, singly, model = World(customers, bites), World(customers, [1]), Model()
        for movements, reversals in turns:
            accepted = model.turn(movements, reversals)
            assert together.turn(movements, reversals, monkeypatch) == accepted
            assert singly.turn(movements, reversals, monkeypatch) == accepted
        assert together.outcome() == singly.outcome() == (list(model.balances.values()), model.ended)

    law()
