"""What a payment is and costs, in plain Python and by the domain's words alone: the ledger is held against it."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

Line = tuple[str, str]  # a purse, or a technical account as "cash RUB"; and the kind of operation
HOLDABLE = ("spend", "transfer", "withdrawal")
USUAL, USUAL_HOURS, MOST_HOURS = -1, 7 * 24, 90 * 24
TRANSFER, SPREAD = Fraction(2, 100), Fraction(1, 100)  # of a transfer, until that changes; of a conversion
RATES = {("USD", "RUB"): Fraction(90), ("RUB", "USD"): Fraction(11_111_111, 10**9)}


class Refused(Exception):
    """What was asked for is not done: a code, or several with a bar between where any of them may be told."""


class Asked(NamedTuple):
    """A payment as it is asked for; the side that is technical is "" and named by `source`."""

    kind: str
    payer: str
    payee: str
    amount: int
    source: str = ""
    hold: int = 0  # until this hour, or for as long as is `USUAL`

    @property
    def purses(self) -> list[str]:
        """Who has to do with it, the payer first."""
        return [name for name in (self.payer, self.payee) if name]


class Back(NamedTuple):
    """A reversal as it is asked for: of the payment with this number, a part or (None) all that is left."""

    number: int
    part: int | None


@dataclass
class Purse:
    """A wallet."""

    owner: str
    currency: str
    overdraft: int = 0
    status: str = "open"
    balance: int = 0
    held: int = 0

    @property
    def available(self) -> int:
        """How much may be taken."""
        return self.balance - self.held + self.overdraft


Purses = dict[str, Purse]


def purses() -> Purses:
    """Two customers', empty."""
    anna, spare, dollars = Purse("Anna", "RUB"), Purse("Anna", "RUB"), Purse("Anna", "USD")
    return {"anna": anna, "spare": spare, "dollars": dollars, "boris": Purse("Boris", "RUB", overdraft=300)}


@dataclass
class Payment:
    """How a payment stands; `lines` are what it has moved, `left` what of that was not given back."""

    asked: Asked | Back
    amount: int
    commission: int = 0
    percent: Fraction = TRANSFER  # of a transfer, as it was when the payment was stored
    status: str = "INITIATED"
    code: str | None = None
    lines: dict[Line, int] = field(default_factory=dict)
    left: dict[Line, int] = field(default_factory=dict)
    given_back: int = 0
    expires: int = 0  # the hour


def commission(asked: Asked, amount: int, percent: Fraction, known: Purses) -> int:
    """What is taken of so much: the prices that `prices` sets."""
    first, last = known[asked.purses[0]], known[asked.purses[-1]]
    if asked.kind == "transfer":
        return 0 if first.owner == last.owner else round(amount * percent)
    if asked.kind == "conversion":
        return round(amount * SPREAD)
    if asked.kind == "spend" and first.currency == "RUB":
        return min(max(round(amount * Fraction(1, 100)) + 1, 4), 30)
    if asked.kind == "deposit" and asked.source == "card":
        return round(amount * Fraction(15, 1000))
    if asked.kind == "withdrawal" and asked.source == "card" and first.currency == "RUB":
        return 5
    return 0


def lines(asked: Asked, amount: int, taken: int, known: Purses) -> dict[Line, int]:
    """The double entry of a payment of so much, of which so much is taken."""
    paid, got = known[asked.purses[0]].currency, known[asked.purses[-1]].currency
    payer, payee = asked.payer or f"{asked.source} {paid}", asked.payee or f"{asked.source} {got}"
    net, arrives = amount - taken, amount - taken
    found: dict[Line, int] = {(payer, "transfer"): -net}
    if asked.kind == "conversion":
        arrives = round(net * RATES[paid, got])
        found |= {(f"conversion {paid}", "transfer"): net, (f"conversion {got}", "transfer"): -arrives}
    found[payee, "transfer"] = arrives
    if taken:
        found |= {(payer, "commission"): -taken, (f"commission {paid}", "commission"): taken}
    return found


def mirrored(original: Payment, part: int) -> dict[Line, int]:
    """The lines that give so much of it back: each half-even, none more than is left; the last part takes all of it."""
    if original.given_back + part == original.amount:
        return {line: -rest for line, rest in original.left.items() if rest}
    found = {}
    for line, whole in original.lines.items():
        share = round(Fraction(abs(whole) * part, original.amount))
        share = min(share, abs(original.left[line]))
        if share:
            found[line] = -share if whole > 0 else share
    return found
