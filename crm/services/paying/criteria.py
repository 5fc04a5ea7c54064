"""What payments are looked for by, in which order they come, and the places in that order."""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, collate, func, or_, select, union_all

from crm.db import is_postgresql
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.ledger.days import moments
from crm.models import Account, Hold, Payment, PendingPayment
from crm.models.ledger import SYSTEM, PaymentStatus
from crm.text import fold, has_control

QUERY_LIMIT = 200  # characters of a description that are looked for
SORTS = ("time", "kind", "from", "to", "amount", "commission", "status", "description", "who")
_DELAY = timedelta(hours=1)  # no id is older than `created_at` by more; it may be younger, where the clock was set back


@dataclass(frozen=True)
class Criteria:
    """What is looked for; blank and None mean any. `sort` is one of `SORTS`, with a leading `-` for descending.

    Amounts are minor units of `currency`, which must be named with them; `who` is the id of a user, `SYSTEM` for
    nobody. Ids are in the order of time: that is the order without any cost, and what days are found by.
    """

    kind: str = ""
    status: str = ""
    currency: str = ""
    source: str = ""  # the technical side's code
    customer: int | None = None  # on either side
    account: int | None = None  # on either side
    amount_from: int | None = None
    amount_to: int | None = None
    created_from: date | None = None
    created_to: date | None = None
    batch: uuid.UUID | None = None
    who: int | None = None
    q: str = ""  # a piece of the description
    sort: str = "-time"

    @property
    def sorted_by(self) -> str:
        """One of `SORTS`."""
        return self.sort.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether the order is the other way round."""
        return self.sort.startswith("-")


class BadCursor(ValueError):
    """The cursor was not made by `encode` for this order."""


def check(criteria: Criteria) -> None:
    """Raise `Invalid` by field where a range ends before it begins, or amounts have no currency."""
    first, last = criteria.created_from, criteria.created_to
    if first and last and last < first:
        raise Invalid({"created_to": [_("The period ends before it begins.")]})
    least, most = criteria.amount_from, criteria.amount_to
    if (least is not None or most is not None) and not criteria.currency:
        raise Invalid({"currency": [_("Say in which currency the amounts are.")]})
    if least is not None and most is not None and most < least:
        raise Invalid({"amount_to": [_("The largest amount is less than the smallest.")]})


def conditions(criteria: Criteria) -> list[ColumnElement[bool]]:
    """The WHERE of the criteria."""
    return [*_equal(criteria), *_sides(criteria), *_ranges(criteria), *_words(criteria)]


def _equal(criteria: Criteria) -> Iterator[ColumnElement[bool]]:
    for column, value in (
        (Payment.kind, criteria.kind),
        (Payment.status, criteria.status),
        (Payment.currency, criteria.currency),
        (Payment.source, criteria.source),
        (Payment.batch_id, criteria.batch),
    ):
        if value:
            yield column == value
    if criteria.who is not None:
        yield Payment.created_by_id.is_(None) if criteria.who == SYSTEM else Payment.created_by_id == criteria.who
    # Statuses have no index, which would make every posting slower; what waits and what failed is found otherwise.
    if criteria.status == PaymentStatus.INITIATED:
        yield Payment.id.in_(select(PendingPayment.payment_id))
    if criteria.status == PaymentStatus.FAILED:
        yield Payment.failure_code.is_not(None)
    if criteria.status == PaymentStatus.HELD:
        yield Payment.id.in_(select(Hold.payment_id))
    if criteria.status in (PaymentStatus.VOIDED, PaymentStatus.EXPIRED):
        yield Payment.held_amount.is_not(None)


def _sides(criteria: Criteria) -> Iterator[ColumnElement[bool]]:
    if criteria.account is not None:
        yield or_(Payment.from_account_id == criteria.account, Payment.to_account_id == criteria.account)
    if criteria.customer is not None:
        owned = select(Account.id).where(Account.customer_id == criteria.customer)
        sides = (Payment.from_account_id, Payment.to_account_id)
        found = [select(Payment.id).where(side.in_(owned)).correlate(None) for side in sides]
        yield Payment.id.in_(union_all(*found))  # an OR of subqueries would be asked of every payment there is


def _ranges(criteria: Criteria) -> Iterator[ColumnElement[bool]]:
    if criteria.amount_from is not None:
        yield Payment.amount >= criteria.amount_from
    if criteria.amount_to is not None:
        yield Payment.amount <= criteria.amount_to
    if criteria.created_from:
        start = moments(criteria.created_from, criteria.created_from)[0]
        yield Payment.id >= _first_id(start - _DELAY)
        yield Payment.created_at >= start
    if criteria.created_to:
        end = moments(criteria.created_to, criteria.created_to)[1]
        yield Payment.created_at < end


def _words(criteria: Criteria) -> Iterator[ColumnElement[bool]]:
    if not criteria.q:
        return
    wanted = criteria.q[:QUERY_LIMIT]
    if is_postgresql():
        yield Payment.description.icontains(wanted, autoescape=True)
    else:
        yield func.instr(func.fold(Payment.description), fold(wanted)) > 0


def _first_id(moment: datetime) -> uuid.UUID:
    """The least UUIDv7 (RFC 9562) of the moment: it begins with the milliseconds since 1970."""
    return uuid.UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


def by_code_point(column: Any) -> Any:
    """Text in an order that is the same everywhere, and fast."""
    return collate(column, "C") if is_postgresql() else column


def encode(pk: uuid.UUID, keys: Sequence[Any]) -> str:
    """The place behind the payment with this id and these values of the sorted columns.

    >>> encode(uuid.UUID(int=255), ["RUB", 100])
    '000000000000000000000000000000ff["RUB",100]'
    """
    return pk.hex + (json.dumps(list(keys), separators=(",", ":")) if keys else "")


def decode(cursor: str, count: int) -> tuple[uuid.UUID, list[Any]] | None:
    """The id and so many values, None where there is no cursor; raises `BadCursor`."""
    if not cursor:
        return None
    try:
        pk, keys = uuid.UUID(hex=cursor[:32]), json.loads(cursor[32:] or "[]")
        if not isinstance(keys, list) or len(keys) != count or not all(map(_is_key, keys)):
            raise ValueError("not a place in this order")
    except (ValueError, RecursionError) as error:
        raise BadCursor(cursor[:100]) from error
    return pk, keys


def _is_key(value: Any) -> bool:
    if isinstance(value, str):
        return not has_control(value)
    return type(value) is int and -(2**63) <= value < 2**63
