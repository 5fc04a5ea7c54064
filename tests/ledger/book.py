"""The model of the ledger: a book in which one clerk notes what was asked for, and what became of it."""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction

from tests.ledger.model import (
    HOLDABLE,
    MOST_HOURS,
    TRANSFER,
    USUAL,
    USUAL_HOURS,
    Asked,
    Back,
    Line,
    Payment,
    Purses,
    Refused,
    commission,
    lines,
    mirrored,
    purses,
)

Answer = tuple[int, bool]  # the payment's number, and whether it was there before


@dataclass
class Book:
    """Amounts are in minor units, time is in hours. What is refused raises `Refused` and changes nothing."""

    purses: Purses = field(default_factory=purses)
    payments: list[Payment] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    technical: Counter[str] = field(default_factory=Counter)
    operations: int = 0
    percent: Fraction = TRANSFER
    hour: int = 1

    def pay(self, asked: Asked, key: str, later: bool) -> Answer:
        """Move money now, or have it moved when `drain` comes to it."""
        payment = self._priced(asked)
        if (known := self._known(asked, key, later)) is not None:
            return known, True
        if asked.hold and not self.hour < payment.expires <= self.hour + MOST_HOURS:
            raise Refused("invalid expires_at")
        self._check_open(asked.purses)
        return self._taken(payment, key, later), False

    def pay_all(self, many: list[tuple[Asked, str]]) -> list[int]:
        """Accept all of it under these keys, or nothing."""
        trial = deepcopy(self)
        try:
            numbers = [trial.pay(asked, key, True)[0] for asked, key in many]
        except Refused as refused:
            raise Refused("batch") from refused
        self.payments, self.keys = trial.payments, trial.keys
        return numbers

    def reverse(self, back: Back, key: str, later: bool) -> Answer:
        """Give back a part of what a payment has moved, or all that is left."""
        original = self.payments[back.number]
        before = self.payments[self.keys[key]].asked if key in self.keys else None
        again = isinstance(before, Back) and before.number == back.number and (back.part or 0) <= original.amount
        amount = 0 if again else self._reversible(original, back.part)
        if (known := self._known(back, key, later)) is not None:
            return known, True
        assert isinstance(original.asked, Asked)
        if later:
            self._check_open(original.asked.purses)
        return self._taken(Payment(back, amount), key, later), False

    def drain(self) -> None:
        """Post what waits, in the order in which it was accepted."""
        for payment in self.payments:
            if payment.status == "INITIATED":
                self._post(payment)

    def set_status(self, name: str, status: str) -> None:
        """Freeze a wallet, close it, or open it again."""
        if status == "closed" and (self.purses[name].balance or self.purses[name].held):
            raise Refused("invalid status")
        self.purses[name].status = status

    def set_overdraft(self, name: str, limit: int) -> None:
        """Let the wallet be overdrawn by so much."""
        if self.purses[name].balance - self.purses[name].held < -limit:
            raise Refused("invalid overdraft_limit")
        self.purses[name].overdraft = limit

    def capture(self, number: int, part: int | None) -> None:
        """Take what is held, or a part of it; the rest is free again."""
        payment = self._held(number)
        assert isinstance(payment.asked, Asked)
        amount = payment.amount if part is None else part
        if amount > payment.amount:
            raise Refused("exceeds_hold")
        taken = commission(payment.asked, amount, payment.percent, self.purses)
        if taken >= amount:
            raise Refused("amount_too_small")
        self._check_open([name for name in (payment.asked.payee,) if name])
        self.purses[payment.asked.payer].held -= payment.amount
        payment.amount, payment.commission = amount, taken
        self._complete(payment, lines(payment.asked, amount, taken, self.purses))

    def void(self, number: int) -> None:
        """Let go of what is held."""
        self._let_go(self._held(number), "VOIDED")

    def expire(self) -> None:
        """Let go of all whose time is over."""
        for payment in self.payments:
            if payment.status == "HELD" and payment.expires <= self.hour:
                self._let_go(payment, "EXPIRED")

    def _priced(self, asked: Asked) -> Payment:
        first, last = self.purses[asked.purses[0]], self.purses[asked.purses[-1]]
        if asked.payer == asked.payee:
            raise Refused("invalid to_account")
        if asked.hold and asked.kind not in HOLDABLE:
            raise Refused("hold_not_possible")
        if asked.kind == "conversion" and first.currency == last.currency:
            raise Refused("same_currency")
        if asked.kind == "conversion" and first.owner != last.owner:
            raise Refused("owners_differ")
        if asked.kind != "conversion" and first.currency != last.currency:
            raise Refused("currencies_differ")
        taken = commission(asked, asked.amount, self.percent, self.purses)
        if taken >= asked.amount:
            raise Refused("amount_not_above_commission")
        if not all(lines(asked, asked.amount, taken, self.purses).values()):
            raise Refused("amount_out_of_range")
        expires = self.hour + USUAL_HOURS if asked.hold == USUAL else asked.hold
        return Payment(asked, asked.amount, taken, self.percent, expires=expires)

    def _reversible(self, original: Payment, part: int | None) -> int:
        left = original.amount - original.given_back
        if isinstance(original.asked, Back) or original.status != "COMPLETED":
            raise Refused("not_reversible")
        if not left or (part or 0) > left:
            raise Refused("exceeds_reversible")
        return part or left

    def _known(self, asked: Asked | Back, key: str, later: bool) -> int | None:
        """The payment that has this key."""
        number = self.keys.get(key)
        if number is None:
            return None
        if self.payments[number].asked != asked:
            raise Refused("duplicate")
        if not later and (code := self.payments[number].code):
            raise Refused(code)
        return number

    def _check_open(self, names: list[str]) -> None:
        shut = sorted({self.purses[name].status for name in names} - {"open"})
        if shut:
            raise Refused("|".join(f"account_{status}" for status in shut))

    def _taken(self, payment: Payment, key: str, later: bool) -> int:
        if not later:
            self._post(payment)
            if payment.code:
                raise Refused(payment.code)
        self.keys[key] = len(self.payments)
        self.payments.append(payment)
        return self.keys[key]

    def _post(self, payment: Payment) -> None:
        try:
            if isinstance(payment.asked, Back):
                self._give_back(payment, self.payments[payment.asked.number])
                return
            if payment.asked.hold:
                self._check_money({(payment.asked.payee, ""): 0, (payment.asked.payer, ""): -payment.amount})
                self.purses[payment.asked.payer].held += payment.amount
                payment.status = "HELD"
                return
            found = lines(payment.asked, payment.amount, payment.commission, self.purses)
            self._check_money(found)
            self._complete(payment, found)
        except Refused as refused:
            payment.status, payment.code = "FAILED", str(refused)

    def _give_back(self, payment: Payment, original: Payment) -> None:
        if payment.amount > original.amount - original.given_back:
            raise Refused("exceeds_reversible")
        found = mirrored(original, payment.amount)
        if any((place, "transfer") not in found for place, kind in original.lines if kind == "transfer"):
            raise Refused("amount_too_small")
        self._check_money(found)
        self._complete(payment, found)
        original.given_back += payment.amount
        original.left = {line: rest + found.get(line, 0) for line, rest in original.left.items()}

    def _check_money(self, found: dict[Line, int]) -> None:
        totals = Counter[str]()
        for (place, _kind), amount in found.items():
            totals[place] += amount
        for place, total in totals.items():
            purse = self.purses.get(place)
            if purse and purse.status != "open":
                raise Refused(f"account_{purse.status}")
            if purse and total < 0 and -total > purse.available:
                raise Refused("insufficient_funds")

    def _complete(self, payment: Payment, found: dict[Line, int]) -> None:
        payment.status, payment.lines, payment.left = "COMPLETED", found, dict(found)
        for (place, _kind), amount in found.items():
            self.operations += 1
            if place in self.purses:
                self.purses[place].balance += amount
            else:
                self.technical[place] += amount

    def _held(self, number: int) -> Payment:
        payment = self.payments[number]
        wrong = {"COMPLETED": "already_captured", "VOIDED": "hold_voided", "EXPIRED": "hold_expired"}
        if not (isinstance(payment.asked, Asked) and payment.asked.hold) or payment.status in ("INITIATED", "FAILED"):
            raise Refused("not_held")
        if payment.status != "HELD":
            raise Refused(wrong[payment.status])
        if payment.expires <= self.hour:
            raise Refused("hold_expired")
        return payment

    def _let_go(self, payment: Payment, status: str) -> None:
        assert isinstance(payment.asked, Asked)
        self.purses[payment.asked.payer].held -= payment.amount
        payment.status = status
