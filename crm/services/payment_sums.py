"""What payments that meet criteria sum to, by currency and status."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from crm import cache
from crm.cache import Kept
from crm.db import db, utcnow
from crm.models import Payment
from crm.services.payment_criteria import Criteria, check, conditions

KEPT_FROM = 10_000  # payments: the sums of fewer are worked out each time


@dataclass(frozen=True)
class Sum:
    """The payments of one currency and status, in minor units."""

    currency: str
    status: str
    count: int
    amount: int
    commission: int


@dataclass(frozen=True)
class Sums:
    """All of them, by currency and status; `at` is when they were worked out where that was some time ago."""

    items: list[Sum]
    at: datetime | None = None

    @property
    def count(self) -> int:
        """How many payments there are."""
        return sum(one.count for one in self.items)


def sums(criteria: Criteria, anew: bool = False) -> Sums:
    """What they sum to, from one statement. Sums of many are kept for some minutes, and worked out `anew` at wish.

    Raises `Invalid` by field.
    """
    check(criteria)
    key = f"payments:{hashlib.sha256(repr(_filters(criteria)).encode()).hexdigest()}"
    known = None if anew else cache.recall(key)
    if known:
        return Sums([Sum(*row) for row in known.value], known.at)
    found = Sums(_summed(criteria))
    if found.count > KEPT_FROM:
        cache.keep(key, Kept([list(vars(one).values()) for one in found.items], utcnow()))
    return found


def _filters(criteria: Criteria) -> list[tuple[str, object]]:
    """The order makes no difference."""
    return [(name, value) for name, value in vars(criteria).items() if name != "sort"]


def _summed(criteria: Criteria) -> list[Sum]:
    by = Payment.currency, Payment.status
    summed = select(*by, func.count(), func.sum(Payment.amount), func.sum(Payment.commission))
    found = db.session.execute(summed.where(*conditions(criteria)).group_by(*by).order_by(*by))
    return [Sum(currency, status, *map(int, figures)) for currency, status, *figures in found]
