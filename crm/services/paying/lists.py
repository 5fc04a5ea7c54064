"""Payments that meet criteria: in order, a page or all of them, in one statement each time."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import aliased

from crm.db import db
from crm.errors import NotFound
from crm.i18n import gettext as _
from crm.models import Account, Customer, Payment, User
from crm.services.paying.criteria import Criteria, by_code_point, check, conditions, decode, encode

CHUNK = 2000
_PAYER, _PAYEE = aliased(Account), aliased(Account)
_PAYER_OWNER, _PAYEE_OWNER = aliased(Customer), aliased(Customer)
_AUTHOR = func.coalesce(func.nullif(User.name, ""), User.email, "")
_PAYMENT = (
    Payment.id, Payment.kind, Payment.status, Payment.source, Payment.amount, Payment.currency, Payment.commission,
    Payment.to_amount, Payment.to_currency, Payment.description, Payment.failure_code, Payment.reversal_of_id,
    Payment.reversed_amount, Payment.batch_id, Payment.created_at, Payment.completed_at, Payment.from_account_id,
    Payment.to_account_id, Payment.created_by_id,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A payment as a line of the list, amounts in minor units; each side is a customer's account or has a code."""

    id: uuid.UUID
    kind: str
    status: str
    source: str | None
    amount: int
    currency: str
    commission: int
    to_amount: int | None
    to_currency: str | None
    description: str
    failure_code: str | None
    reversal_of_id: uuid.UUID | None
    reversed_amount: int
    batch_id: uuid.UUID | None
    created_at: datetime
    completed_at: datetime | None
    from_account: int
    to_account: int
    from_code: str | None
    from_customer: int | None
    from_name: str | None
    to_code: str | None
    to_customer: int | None
    to_name: str | None
    who: str


@dataclass(frozen=True)
class Page:
    """Some payments in order; `next_cursor` is '' on the last page."""

    items: list[Row]
    next_cursor: str


def find(criteria: Criteria, cursor: str = "", limit: int = 50) -> Page:
    """The payments that meet the criteria, `limit` at a time; raises `Invalid` by field, and `BadCursor`.

    Keyset paging. In the order of time a page costs the same however many payments there are; any other order sorts
    all that meets the criteria.
    """
    check(criteria)
    wanted, keys = _wanted(criteria)
    after = decode(cursor, len(keys))
    if after is not None:
        here, there = tuple_(*keys, Payment.id), tuple_(*after[1], after[0])
        wanted = wanted.where(here < there if criteria.descending else here > there)
    found = db.session.execute(_complete(wanted.limit(limit + 1), criteria.descending)).all()
    last = found[limit - 1] if len(found) > limit else None
    following = encode(last.id, last[len(last) - len(keys) :]) if last else ""
    return Page([_row(row) for row in found[:limit]], following)


def every(criteria: Criteria) -> Iterator[Row]:
    """All of them, the newest first whatever the order, read a piece at a time."""
    cursor, timely = "", replace(criteria, sort="-time")
    while True:
        page = find(timely, cursor, CHUNK)
        yield from page.items
        cursor = page.next_cursor
        if not cursor:
            return


def one(pk: uuid.UUID) -> Row:
    """The payment with this id; raises `NotFound`."""
    found = db.session.execute(_complete(_wanted(Criteria())[0].where(Payment.id == pk), True)).one_or_none()
    if found is None:
        raise NotFound(_("There is no such payment."))
    return _row(found)


def _wanted(criteria: Criteria) -> tuple[Select[Any], tuple[Any, ...]]:
    """The payments in order, with the columns that the order is made of, the id aside."""
    joins, keys = _order(criteria.sorted_by)
    wanted: Any = select(*_PAYMENT, *(key.label(f"key_{place}") for place, key in enumerate(keys)))
    for table, on in joins:
        wanted = wanted.outerjoin(table, on)
    ordered = [key.desc() if criteria.descending else key for key in (*keys, Payment.id)]
    return wanted.where(*conditions(criteria)).order_by(*ordered), keys


def _order(sort: str) -> tuple[list[tuple[Any, Any]], tuple[Any, ...]]:
    """What is to be joined for an order, and its columns. Amounts compare within a currency alone."""
    payer = [(_PAYER, _PAYER.id == Payment.from_account_id), (_PAYER_OWNER, _PAYER_OWNER.id == _PAYER.customer_id)]
    payee = [(_PAYEE, _PAYEE.id == Payment.to_account_id), (_PAYEE_OWNER, _PAYEE_OWNER.id == _PAYEE.customer_id)]
    orders: dict[str, tuple[list[tuple[Any, Any]], tuple[Any, ...]]] = {
        "time": ([], ()),
        "kind": ([], (Payment.kind,)),
        "status": ([], (Payment.status,)),
        "amount": ([], (Payment.currency, Payment.amount)),
        "commission": ([], (Payment.currency, Payment.commission)),
        "description": ([], (by_code_point(func.lower(Payment.description)),)),
        "from": (payer, (by_code_point(func.coalesce(_PAYER_OWNER.name_key, _PAYER.code)),)),
        "to": (payee, (by_code_point(func.coalesce(_PAYEE_OWNER.name_key, _PAYEE.code)),)),
        "who": ([(User, User.id == Payment.created_by_id)], (by_code_point(func.lower(_AUTHOR)),)),
    }
    return orders[sort]


def _complete(wanted: Select[Any], descending: bool) -> Select[Any]:
    """The rows with the names of both sides and of who made them, looked up for them alone."""
    page = wanted.subquery("page")
    *shown, author = page.c[: len(_PAYMENT)]
    places = page.c[len(_PAYMENT) :]
    names = (
        _PAYER.code, _PAYER_OWNER.id, _PAYER_OWNER.name, _PAYEE.code, _PAYEE_OWNER.id, _PAYEE_OWNER.name, _AUTHOR,
    )  # fmt: skip
    ordered = [column.desc() if descending else column for column in (*places, page.c.id)]
    return (
        select(*shown, *names, *places)
        .select_from(page)
        .join(_PAYER, _PAYER.id == page.c.from_account_id)
        .outerjoin(_PAYER_OWNER, _PAYER_OWNER.id == _PAYER.customer_id)
        .join(_PAYEE, _PAYEE.id == page.c.to_account_id)
        .outerjoin(_PAYEE_OWNER, _PAYEE_OWNER.id == _PAYEE.customer_id)
        .outerjoin(User, User.id == author)
        .order_by(*ordered)
    )


_WIDTH = len(fields(Row))


def _row(found: Any) -> Row:
    return Row(*found[:_WIDTH])
