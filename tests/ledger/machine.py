"""A state machine: Hypothesis asks the ledger and its model for the same, step after step, and all must be equal."""

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import text

from crm.db import at, atomic, db
from crm.ledger import chain, pending, verify
from crm.ledger.laws.law import Span
from crm.models import CommissionRule
from crm.models.currency import SCALE
from crm.services import accounts, holds, payments
from tests import databases, money
from tests.ledger import asking
from tests.ledger.asking import ACTOR, told
from tests.ledger.book import Book
from tests.ledger.chances import LONG_AGO, ago, amounts, holdable, hours, large, names, parts, some, statuses
from tests.ledger.model import USUAL, Asked, Back

are_payments = precondition(lambda self: self.book.payments)
is_held = precondition(lambda self: any(one.status == "HELD" for one in self.book.payments))


class Ledger(RuleBasedStateMachine):
    """A ledger with four wallets, one of them empty, and the book that says how it must be."""

    def __init__(self, app: Flask, run: Path) -> None:
        super().__init__()
        databases.empty(app, run)
        self.book, self.is_sound = Book(), True
        self.moment = asking.moment(self.book.hour)
        asking.prices()
        self.wallets = asking.wallets(self.book)
        self.payment_ids: list[str] = []
        self.asked: list[tuple[Asked | Back, str]] = []  # with their keys
        self.proved = 0
        for name in ("anna", "dollars", "boris"):
            self.earn(name, 1_000)

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
    @rule(ago=ago, more=st.sampled_from([0, 0, 0, 1]), later=st.booleans())
    def repeat(self, ago: int, more: int, later: bool) -> None:
        asked, key = self.asked[-1 - ago % len(self.asked)]
        if more:  # another request under the same key
            is_asked = isinstance(asked, Asked)
            asked = asked._replace(amount=asked.amount + 1) if is_asked else asked._replace(part=(asked.part or 0) + 1)
        self._ask(asked, key, later)

    @rule(name=names, status=statuses, limit=st.one_of(st.just(0), amounts))
    def set_terms(self, name: str, status: str, limit: int) -> None:
        pk = self.wallets[name]
        self._both(lambda: self.book.set_status(name, status), lambda: accounts.set_status(ACTOR, pk, status))
        self._both(lambda: self.book.set_overdraft(name, limit), lambda: accounts.set_overdraft(ACTOR, pk, limit))

    @rule(asked=holdable, hours=hours, later=st.booleans())
    def hold(self, asked: Asked, hours: int, later: bool) -> None:
        until = USUAL if hours == USUAL else self.book.hour + hours
        self._ask(asked._replace(hold=until), self._key(), later)
        if later:
            self.drain(bite=5)

    @is_held
    @rule(ago=ago)
    def capture_all(self, ago: int) -> None:
        self.capture(ago, None)

    @is_held
    @rule(ago=ago, part=amounts)
    def capture(self, ago: int, part: int | None) -> None:
        number = self._number(ago, "HELD")
        payment_id = self.payment_ids[number]
        self._both(lambda: self.book.capture(number, part), lambda: holds.capture(ACTOR, payment_id, part))

    @is_held
    @rule(ago=ago)
    def void(self, ago: int) -> None:
        number = self._number(ago, "HELD")
        payment_id = self.payment_ids[number]
        self._both(lambda: self.book.void(number), lambda: holds.void(ACTOR, payment_id))

    @rule(hours=st.sampled_from([1, 2, 10, 200]), bite=st.integers(1, 5))
    def wait(self, hours: int, bite: int) -> None:
        self.book.hour += hours
        self.moment += timedelta(hours=hours)
        if bite < 4:  # else who lets go of what is over has not come yet
            self._both(self.book.expire, lambda: holds.expire_due(bite))

    @rule()
    def prove(self) -> None:
        """What is new since the last time keeps all the laws."""
        with at(self.moment):
            chain.extend()
            until = chain.head().position
            broken = [found for found in verify.verify(Span(self.proved, until)) if found.differences]
        assert broken == []
        self.proved = until

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
            self.prove()
            with at(self.moment):
                assert [found for found in verify.verify() if found.differences] == []
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
        numbers = list(range(len(self.book.payments)))
        alike = [number for number in numbers if self.book.payments[number].status == status]
        wanted = numbers if ago == LONG_AGO else alike or numbers
        return wanted[-1 - ago % len(wanted)]
