"""What a payment costs, worked out in memory: commission by the most specific rule, conversion by a rate. Pure: no I/O.

Amounts are integers in minor units, percents and rates integers scaled by 10^9; results are rounded half-even to the
minor unit of the currency they are in.
"""

import json
from collections.abc import Iterable
from typing import NamedTuple

from crm import money
from crm.models.currency import SCALE


class Rule(NamedTuple):
    """A commission rule that is in force; `currency` and `source` are None where it holds for all."""

    id: int
    payment_kind: str
    currency: str | None
    source: str | None
    percent: int
    fixed: int
    minimum: int
    maximum: int | None

    def commission(self, amount: int) -> int:
        """What is taken of the amount.

        >>> Rule(1, "transfer", None, None, 2 * SCALE, 0, 0, None).commission(10_000)
        200
        >>> Rule(1, "transfer", "RUB", None, 15 * SCALE // 10, 0, 3_000, 50_000).commission(10_000)
        3000
        """
        worked_out = share(amount, self.percent, 100 * SCALE) + self.fixed
        worked_out = max(worked_out, self.minimum)
        return worked_out if self.maximum is None else min(worked_out, self.maximum)

    def terms(self) -> str:
        """The rule as the payment keeps it: canonical JSON."""
        return _json({"rule": self.id, **{name: getattr(self, name) for name in _TERMS}})


class Rate(NamedTuple):
    """How much of `to_currency` one unit of `from_currency` buys; `spread` is the percent that is kept."""

    id: int
    from_currency: str
    to_currency: str
    rate: int
    spread: int

    def commission(self, amount: int) -> int:
        """The spread of the amount, in the currency that is paid."""
        return share(amount, self.spread, 100 * SCALE)

    def convert(self, amount: int) -> int:
        """What the amount, the spread taken off already, is worth in `to_currency`.

        >>> Rate(1, "USD", "RUB", 92_500_000_000, 0).convert(10_000), Rate(1, "USD", "JPY", 150 * SCALE, 0).convert(100)
        (925000, 150)
        """
        shift = money.exponent(self.to_currency) - money.exponent(self.from_currency)
        return share(amount, self.rate * 10 ** max(shift, 0), SCALE * 10 ** max(-shift, 0))

    def terms(self) -> str:
        """The rate as the payment keeps it: canonical JSON."""
        return _json({"exchange_rate": self.id, "rate": self.rate, "spread": self.spread})


def kept_commission(terms: str | None, amount: int) -> int:
    """What is taken of the amount by the rule that a payment has kept, 0 where it has none.

    >>> terms = Rule(1, "spend", None, None, 2 * SCALE, 0, 0, None).terms()
    >>> kept_commission(terms, 5_000), kept_commission(None, 5_000)
    (100, 0)
    """
    if not terms:
        return 0
    known = json.loads(terms)
    return Rule(known["rule"], "", None, None, *(known[name] for name in _TERMS)).commission(amount)


_TERMS = ("percent", "fixed", "minimum", "maximum")


def share(amount: int, numerator: int, denominator: int) -> int:
    """The amount × numerator / denominator, rounded half-even; the amount may be negative.

    >>> share(5, 1, 2), share(7, 1, 2), share(-5, 1, 2)
    (2, 4, -2)
    """
    whole, rest = divmod(abs(amount) * numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and whole % 2):
        whole += 1
    return whole if amount >= 0 else -whole


def most_specific(rules: Iterable[Rule], kind: str, currency: str, source: str | None) -> Rule | None:
    """The rule for such a payment: one that names the way goes before one that names the currency, and that before one
    that holds for all; of two alike the first counts (they come with the newest first).

    >>> general = Rule(1, "deposit", None, None, SCALE, 0, 0, None)
    >>> roubles, cards = general._replace(id=2, currency="RUB"), general._replace(id=3, source="card")
    >>> [most_specific([general, roubles, cards], "deposit", "RUB", source).id for source in ("cash", "card")]
    [2, 3]
    """
    fitting = [
        rule
        for rule in rules
        if rule.payment_kind == kind and rule.currency in (None, currency) and rule.source in (None, source)
    ]
    return max(fitting, key=lambda rule: (rule.source is not None, rule.currency is not None), default=None)


def _json(terms: dict[str, int | None]) -> str:
    return json.dumps(terms, separators=(",", ":"), sort_keys=True)
