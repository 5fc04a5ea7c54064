"""A state machine: Hypothesis asks the ledger and its model for the same, step after step, and all must be equal."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import text

from crm.db import at, atomic, db
from crm.ledger import pending, verify
from crm.models import CommissionRule
from crm.models.currency import SCALE
from crm.services import accounts, payments
from tests import databases, money
from tests.ledger import asking
from tests.ledger.asking import ACTOR, told
from tests.ledger.book import Book
from tests.ledger.model import Asked, Back

START = datetime(2031, 5, 1, tzinfo=UTC)
NAMES = ("anna", "spare", "dollars", "boris")
PAIRS = [("anna", "boris"), ("boris", "anna"), ("anna", "spare"), ("dollars", "anna"), ("spare", "dollars")]

names, large = st.sampled_from(NAMES), st.integers(500, 3_000)
amounts = st.one_of(st.integers(1, 60), st.integers(50, 1_500))
pairs = st.one_of(st.sampled_from(PAIRS), st.tuples(names, names))
payers, payees = st.tuples(names, st.just("")), st.tuples(st.just(""), names)


def a_payment(kind: str, sides: st.SearchStrategy[tuple[str, str]], *sources: str) -> st.SearchStrategy[Asked]:
    """Payments of the kind; the first value of each choice is the simplest."""
    return st.builds(
        lambda pair, amount, source: Asked(kind, *pair, amount, source),
        sides,
        amounts,
        st.sampled_from(sources or [""]),
    )


some = st.one_of(
    a_payment("deposit", payees, "cash", "card"),
    a_payment("withdrawal", payers, "cash", "card"),
    a_payment("spend", payers, "sales"),
    a_payment("transfer", pairs),
    a_payment("conversion", pairs),
    a_payment("adjustment", st.one_of(payees, payers), "adjustment"),
)
LONG_AGO = 7
ago = st.integers(0, LONG_AGO)  # which one, counted backwards from the newest
parts = st.one_of(st.none(), amounts)
statuses = st.sampled_from(["open", "open", "frozen", "closed"])
are_payments = precondition(lambda self: self.book.payments)


class Ledger(RuleBasedStateMachine):
    """A ledger with four empty wallets, and the book that says how it must be."""

    def __init__(self, app: Flask, run: Path) -> None:
        super().__init__()
        databases.empty(app, run)
        self.book, self.moment, self.is_sound = Book(), START, True
        asking.prices()
        self.wallets = asking.wallets(self.book)
        self.payment_ids: list[str] = []
        self.asked: list[tuple[Asked | Back, str]] = []  # with their keys

    @rule(name=names, amount=large)
    def earn(self, name: str, amount: int) -> None:
        self._ask(Asked("deposit", "", name, amount, "cash"), self._key(), later=False)

    @rule(asked=some)
    def move(self, asked: Asked) -> None:
        self._ask(asked, self._key(), later=False)

    @rule(asked=some)
    def accept(self, asked: Asked) -> None:
        self._ask(asked, self._key(), later=True)

    @rule(many=st.lists(some, min_size=1, max_size=4))
    def accept_batch(self, many: list[Asked]) -> None:
        keyed = [(asked, self._key(more)) for more, asked in enumerate(many)]
        movements = [asking.movement(asked, self.wallets, key) for asked, key in keyed]
        _numbers, batch = self._both(
            lambda: self.book.pay_all(keyed), lambda: payments.accept_batch(ACTOR, movements)
        )  # fmt: skip
        if batch:
            self.asked += keyed
            self.payment_ids += [payment.payment_id for payment in batch.payments]

    @rule(bite=st.integers(1, 5))
    def drain(self, bite: int) -> None:
        def post() -> None:
            while claimed := pending.claim(bite):
                pending.post(claimed)

        self._both(self.book.drain, post)

    @are_payments
    @rule(ago=ago, part=parts, later=st.booleans())
    def reverse(self, ago: int, part: int | None, later: bool) -> None:
        self._ask(Back(self._number(ago), part), self._key(), later)

    @precondition(lambda self: self.asked)
    @rule(ago=ago, more=st.sampled_from([0, 0, 1]), later=st.booleans())
    def repeat(self, ago: int, more: int, later: bool) -> None:
        asked, key = self.asked[-1 - ago % len(self.asked)]
        if more:  # another request under the same key
            is_asked = isinstance(asked, Asked)
            asked = asked._replace(amount=asked.amount + 1) if is_asked else asked._replace(part=(asked.part or 0) + 1)
        self._ask(asked, key, later)

    @rule(name=names, status=statuses)
    def set_status(self, name: str, status: str) -> None:
        pk = self.wallets[name]
        self._both(
            lambda: self.book.set_status(name, status), lambda: accounts.set_status(ACTOR, pk, status)
        )  # fmt: skip

    @rule(name=names, limit=st.one_of(st.just(0), amounts))
    def set_overdraft(self, name: str, limit: int) -> None:
        pk = self.wallets[name]
        self._both(
            lambda: self.book.set_overdraft(name, limit), lambda: accounts.set_overdraft(ACTOR, pk, limit)
        )  # fmt: skip

    @rule(percent=st.integers(0, 60))
    def charge(self, percent: int) -> None:
        self.book.percent = Fraction(percent, 100)
        with atomic() as session:
            new = CommissionRule(payment_kind="transfer", percent=percent * SCALE, valid_from=self.moment)
            session.add(new)

    @invariant()
    def same(self) -> None:
        """All there is to see is as the book says."""
        book = self.book
        assert asking.purses(self.wallets) == {
            name: (purse.status, purse.overdraft, purse.balance, purse.held, purse.available)
            for name, purse in book.purses.items()
        }
        found = asking.payments_by_id()
        assert [found.pop(pk) for pk in self.payment_ids] == [
            (one.status, one.code, one.amount, one.commission, one.given_back) for one in book.payments
        ]
        assert not found, "there are payments that nobody asked for"
        assert asking.technical() == {place: total for place, total in book.technical.items() if total}
        assert db.session.scalar(text("SELECT count(*) FROM operations")) == book.operations
        db.session.rollback()
        self.is_sound = True

    def teardown(self) -> None:
        """Whatever was asked for, every law holds in the end."""
        if self.is_sound:  # else something is told already
            self.drain(5)
            self.same()
            money.check_ledger()
            with at(self.moment):
                assert [law for law in verify.verify() if law.differences] == []
        db.session.remove()

    def _ask(self, asked: Asked | Back, key: str, later: bool) -> None:
        if isinstance(asked, Asked):
            answers = self._both(
                lambda: self.book.pay(asked, key, later), lambda: asking.pay(asked, self.wallets, key, later)
            )
        else:
            payment_id = self.payment_ids[asked.number]
            answers = self._both(
                lambda: self.book.reverse(asked, key, later), lambda: asking.reverse(asked, payment_id, key, later)
            )
        expected, found = answers
        self.asked.append((asked, key))
        if expected:
            number, replayed = expected
            if not replayed:
                self.payment_ids.append(found.payment_id)
            assert (found.payment_id, found.replayed) == (self.payment_ids[number], replayed)

    def _both(self, of_book: Callable[[], Any], of_ledger: Callable[[], Any]) -> tuple[Any, Any]:
        """Ask both at the next moment; what each gave, nothing where both refuse."""
        self.is_sound = False
        self.moment += timedelta(seconds=1)
        expected, refusal = told(of_book)
        with at(self.moment):
            found, code = told(of_ledger)
        assert code in refusal.split("|"), f"the ledger says {code or 'yes'!r}, the book {refusal or 'yes'!r}"
        return expected, found

    def _key(self, more: int = 0) -> str:
        return f"{len(self.asked) + more:04}"

    def _number(self, ago: int, status: str = "COMPLETED") -> int:
        """Which payment it is, counted backwards: of those that stand so, but for a few times of all."""
        alike = [number for number, one in enumerate(self.book.payments) if one.status == status]
        if not alike or ago == LONG_AGO:
            return len(self.book.payments) - 1 - ago % len(self.book.payments)
        return alike[-1 - ago % len(alike)]
