"""Batches of payments: how far they have come, and what became of each payment."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload

from crm.db import db, utcnow
from crm.errors import NotFound
from crm.i18n import gettext as _
from crm.ledger import refusals
from crm.models import Account, Customer, Payment, PaymentBatch
from crm.models.ledger import PaymentStatus
from crm.money import to_text
from crm.tabular.writing import csv_pieces

RESULTS, BATCHES = 50, 20  # on a page
_CHUNK = 1_000
COLUMNS = (
    "number", "key", "kind", "from_account", "from", "to_account", "to", "source", "amount", "currency", "commission",
    "to_amount", "to_currency", "description", "status", "failure_code", "failure", "payment",
)  # fmt: skip


@dataclass(frozen=True)
class Progress:
    """How a batch stands: `count` payments were asked for, of which `repeated` had been accepted before. A hold counts
    as `completed` as soon as it is held.
    """

    batch: PaymentBatch
    completed: int
    failed: int
    waiting: int
    last_at: datetime | None  # when the last of them became final

    @property
    def repeated(self) -> int:
        """How many belong to an earlier batch: their keys were known."""
        return self.batch.count - self.completed - self.failed - self.waiting

    @property
    def total(self) -> int:
        """How many payments the batch itself has."""
        return self.batch.count - self.repeated

    @property
    def done(self) -> int:
        """How many are final."""
        return self.completed + self.failed

    @property
    def is_final(self) -> bool:
        """Whether nothing waits any more."""
        return not self.waiting

    @property
    def percent(self) -> int:
        """How much of it is final, in whole percent."""
        return 100 * self.done // self.total if self.total else 100

    @property
    def per_second(self) -> int | None:
        """Payments a second since it was accepted, None where nothing can be said."""
        until = self.last_at if self.is_final else utcnow()
        seconds = (until - self.batch.created_at).total_seconds() if until else 0
        return round(self.done / seconds) if self.done and seconds > 0 else None


class Result(NamedTuple):
    """What became of one payment; `row` is its number in the batch, from 1."""

    row: int
    id: uuid.UUID
    key: str
    kind: str
    status: str
    failure_code: str | None
    source: str | None
    amount: int
    currency: str
    commission: int
    to_amount: int | None
    to_currency: str | None
    description: str
    from_account: int
    payer_id: int | None
    payer: str | None
    to_account: int
    payee_id: int | None
    payee: str | None

    @property
    def failure(self) -> str:
        """Why it failed, in a sentence; '' where it did not."""
        return refusals.sentence(self.failure_code) if self.failure_code else ""


class Page(NamedTuple):
    """Some results, and the row to go on after, None at the end."""

    items: list[Result]
    next_after: int | None


def get(pk: uuid.UUID) -> Progress:
    """The batch as it stands now, or `NotFound`. Two statements."""
    with_user = select(PaymentBatch).options(joinedload(PaymentBatch.created_by)).where(PaymentBatch.id == pk)
    batch = db.session.scalar(with_user)
    if batch is None:
        raise NotFound(_("There is no such batch."))
    return _progress([batch])[0]


def recent(before: uuid.UUID | None = None) -> tuple[list[Progress], uuid.UUID | None]:
    """The newest batches, newest first, and the id to go on before, None at the end. Two statements."""
    newest = select(PaymentBatch).options(joinedload(PaymentBatch.created_by)).order_by(PaymentBatch.id.desc())
    if before is not None:
        newest = newest.where(PaymentBatch.id < before)
    found = list(db.session.scalars(newest.limit(BATCHES + 1)))
    return _progress(found[:BATCHES]), found[BATCHES - 1].id if len(found) > BATCHES else None


def results(pk: uuid.UUID, status: str = "", after: int = 0, limit: int = RESULTS) -> Page:
    """The payments with that status (any, where blank) in the order of the file, after the row of this number."""
    wanted = _results().where(Payment.batch_id == pk, Payment.batch_row >= after)
    if status:
        wanted = wanted.where(Payment.status == status)
    rows = db.session.execute(wanted.order_by(Payment.batch_row).limit(limit + 1)).all()
    found = [Result(row[0] + 1, *row[1:]) for row in rows[:limit]]
    return Page(found, found[-1].row if len(rows) > limit else None)


def results_csv(pk: uuid.UUID) -> Iterator[str]:
    """Every result as CSV (comma, UTF-8 with BOM for Excel), in pieces; amounts are plain decimals, and what a
    spreadsheet program would run is disarmed.
    """
    return csv_pieces(COLUMNS, map(_cells, _every(pk)))


def _every(pk: uuid.UUID) -> Iterator[Result]:
    after: int | None = 0
    while after is not None:
        page = results(pk, after=after, limit=_CHUNK)
        yield from page.items
        after = page.next_after


def _progress(batches: Sequence[PaymentBatch]) -> list[Progress]:
    counts: dict[uuid.UUID, dict[str, tuple[int, datetime | None]]] = {batch.id: {} for batch in batches}
    grouped: Any = (
        select(Payment.batch_id, Payment.status, func.count(), func.max(Payment.completed_at))
        .where(Payment.batch_id.in_(counts))
        .group_by(Payment.batch_id, Payment.status)
    )
    for pk, status, count, last_at in db.session.execute(grouped) if batches else ():
        counts[pk][status] = count, last_at
    return [_of_batch(batch, counts[batch.id]) for batch in batches]


def _of_batch(batch: PaymentBatch, found: dict[str, tuple[int, datetime | None]]) -> Progress:
    failed, waiting = (found.pop(status, (0, None)) for status in (PaymentStatus.FAILED, PaymentStatus.INITIATED))
    last_at = max((at for _count, at in (*found.values(), failed) if at), default=None)
    return Progress(batch, sum(count for count, _at in found.values()), failed[0], waiting[0], last_at)


def _results() -> Any:
    payer, payee = aliased(Account), aliased(Account)
    who_pays, who_is_paid = aliased(Customer), aliased(Customer)
    return (
        select(
            Payment.batch_row, Payment.id, Payment.idempotency_key, Payment.kind, Payment.status, Payment.failure_code,
            Payment.source, Payment.amount, Payment.currency, Payment.commission, Payment.to_amount,
            Payment.to_currency, Payment.description, payer.id, who_pays.id, who_pays.name, payee.id, who_is_paid.id,
            who_is_paid.name,
        )
        .join(payer, payer.id == Payment.from_account_id)
        .join(payee, payee.id == Payment.to_account_id)
        .outerjoin(who_pays, who_pays.id == payer.customer_id)
        .outerjoin(who_is_paid, who_is_paid.id == payee.customer_id)
    )  # fmt: skip


def _cells(one: Result) -> Sequence[object]:
    arrives = to_text(one.to_amount, one.to_currency) if one.to_amount and one.to_currency else ""
    return (
        one.row, one.key, one.kind, one.from_account, one.payer, one.to_account, one.payee, one.source,
        to_text(one.amount, one.currency), one.currency, to_text(one.commission, one.currency), arrives,
        one.to_currency, one.description, one.status, one.failure_code, one.failure, one.id,
    )  # fmt: skip
