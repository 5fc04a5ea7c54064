"""Finding customers: a page of those that meet the criteria, in as few statements as can be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.db import db
from crm.services.searching.criteria import QUERY_LIMIT, SORTS, Criteria, currency_of
from crm.services.searching.cursor import decode, encode
from crm.services.searching.statements import MAY_BE_MISSING, TAG_SEPARATOR, counting, listing
from crm.text import fold

__all__ = ["QUERY_LIMIT", "SORTS", "Criteria", "Hit", "Page", "currency_of", "find"]

COUNT_CAP = 1000
GATHERED = 10_000  # so many hits are sorted in about 20 ms


@dataclass(slots=True)
class Hit:
    """A customer as a line of the list."""

    id: int
    name: str
    kind: str
    status: str
    company: str
    city: str
    phone: str
    email: str
    created_at: datetime
    updated_at: datetime
    balance: int | None  # minor units of the wanted currency; None without an account in it
    tags: list[str]


@dataclass
class Page:
    """One page of hits; `next_cursor` is '' on the last one. `total` is counted no further than `COUNT_CAP` + 1."""

    items: list[Hit]
    next_cursor: str
    total: int
    currency: str  # of the balances


def find(criteria: Criteria, limit: int = 50, cursor: str = "", tags: bool = True) -> Page:
    """The customers that meet the criteria, in order, `limit` at a time; raises `BadCursor`.

    Keyset paging: a page costs the same however far down it is. Two statements, and one more where a page crosses
    from the customers that have the sorted value to those that lack it (they come last in both directions).
    """
    after, currency = decode(cursor, criteria.sorted_by), currency_of(criteria)
    found = _count(criteria)
    if not found:
        return Page([], "", 0, currency)
    parts = [False, True] if criteria.sorted_by in MAY_BE_MISSING else [False]  # those that lack the value come last
    if after is not None and after[0] == "":
        parts = parts[-1:]
    rows: list[Any] = []
    for missing in parts:
        place = {"value": after[0], "pk": after[1]} if after and missing is parts[0] else {}
        statement = listing(criteria, found > GATHERED, tags, missing, bool(place))
        rows += db.session.execute(statement, {"wanted": limit + 1 - len(rows), **place})
        if len(rows) > limit:
            break
    last = rows[limit - 1] if len(rows) > limit else None
    following = "" if last is None else encode(last.sort_key, last.id)
    return Page([_hit(row) for row in rows[:limit]], following, min(found, COUNT_CAP + 1), currency)


def _count(criteria: Criteria) -> int:
    cap = (GATHERED if criteria.q else COUNT_CAP) + 1
    return db.session.scalar(counting(criteria, cap)) or 0


def _hit(row: Any) -> Hit:
    *columns, tags, _sort_key = row
    columns.append(sorted(tags.split(TAG_SEPARATOR), key=fold) if tags else [])
    return Hit(*columns)
