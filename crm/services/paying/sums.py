"""What payments that meet criteria sum to, by currency and status."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from crm import cache
from crm.cache import Kept
from crm.db import db, utcnow
from crm.models import Payment
from crm.services.paying.criteria import Criteria, check, conditions

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


def sums(criteria: Criteria, patient: bool = True, anew: bool = False) -> Sums | None:
    """What they sum to. Sums of more than `KEPT_FROM` are kept for some minutes, and worked out `anew` at wish; who is
    not `patient` gets None where those are not kept yet. Raises `Invalid` by field.
    """
    check(criteria)
    key = f"payments:{hashlib.sha256(repr(_filters(criteria)).encode()).hexdigest()}"
    known = None if anew else cache.recall(key)
    if known:
        return Sums([Sum(*row) for row in known.value], known.at)
    found = Sums(_summed(criteria, None if patient else KEPT_FROM + 1))
    if found.count <= KEPT_FROM:
        return found
    if not patient:
        return None
    cache.keep(key, Kept([list(vars(one).values()) for one in found.items], utcnow()))
    return found


def _filters(criteria: Criteria) -> list[tuple[str, object]]:
    """The order makes no difference."""
    return [(name, value) for name, value in vars(criteria).items() if name != "sort"]


def _summed(criteria: Criteria, limit: int | None) -> list[Sum]:
    """The sums of all, or of so many."""
    columns = Payment.currency, Payment.status, Payment.amount, Payment.commission
    some = select(*columns).where(*conditions(criteria)).limit(limit).subquery()
    by = some.c.currency, some.c.status
    summed = select(*by, func.count(), func.sum(some.c.amount), func.sum(some.c.commission)).group_by(*by).order_by(*by)
    found = db.session.execute(summed)
    return [Sum(currency, status, *map(int, figures)) for currency, status, *figures in found]
