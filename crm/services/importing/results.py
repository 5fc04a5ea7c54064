"""What became of each row of an import, or would become of it: written by the chunk, read by the page."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, literal_column, select

from crm import bulk
from crm.db import atomic, db
from crm.models import Customer, ImportOpening, ImportRow
from crm.models.imports import KEPT, NOT_CREATED, NOTED, OUTCOMES
from crm.services.customer_data import CustomerData
from crm.services.importing import counters, lease
from crm.services.importing.chunks import Pace
from crm.services.importing.decide import Result
from crm.services.importing.failures import Failure
from crm.services.importing.merge import Changes, opened
from crm.services.importing.plan import ATTRIBUTE

_ROW = ("import_id", "row", "version", "customer_id", "outcome", "message", "changes", "cells")
_PAGE = 200  # rows, whose cells may be long
_SLICE = 5_000  # rows that one statement deletes


def write(results: Iterable[Result], import_id: int, whole: bool = False) -> None:
    """Store what became of each row, within the present transaction; the cells only of rows that were not taken.

    With `whole` the values of new customers come along: where nothing was stored they stand nowhere else.
    """
    bulk.insert("import_rows", _ROW, [_tuple(result, import_id, whole) for result in results])


def _tuple(result: Result, import_id: int, whole: bool) -> tuple[Any, ...]:
    outcome, record, changes = result.outcome, result.record, result.changes
    if whole and outcome == "created":
        changes = _values(result)
    return (
        import_id,
        result.row.number,
        result.version,
        record.pk if record else None,
        outcome,
        result.message or None,
        json.dumps(changes) if changes else None,
        json.dumps(result.row.cells) if outcome in ("failed", "skipped") else None,
    )


def _values(result: Result) -> Changes:
    data: CustomerData = result.row.data
    texts = {name: (None, value) for name in ("name", "company", "city", "notes", "external_id")
             if (value := getattr(data, name))}  # fmt: skip
    changes: Changes = {**texts, "kind": (None, data.kind)}
    changes |= {f"{ATTRIBUTE}{name}": (None, value) for name, value in data.attributes.items() if value}
    if data.tags:
        changes["tags"] = ([], data.tags)
    for channel in data.channels:
        changes.setdefault(channel.type, (None, []))[1].append(channel.normalized)
    for currency, amount in result.row.openings:
        changes |= opened(currency, amount)
    return changes


def clear(task: lease.Task, pace: Pace) -> None:
    """Take away what an earlier check has left, a slice at a time."""
    removed = _SLICE
    while removed:
        pace.wait()
        with atomic() as session:
            first = select(ImportRow.row).where(ImportRow.import_id == task.id).order_by(ImportRow.row).limit(_SLICE)
            last = session.scalar(select(func.max(first.subquery().c.row)))
            mine = (ImportRow.import_id == task.id, ImportRow.row <= (last or 0))
            removed = session.execute(delete(ImportRow).where(*mine)).rowcount  # type: ignore[attr-defined]
            session.execute(delete(ImportOpening).where(ImportOpening.import_id == task.id))
            counters.extend(task)


@dataclass(frozen=True)
class RowsPage:
    """Some rows of an import in their order, each with the name of its customer; `next_after` continues, None at the
    end. `changes` of a row is field → [before, after]: texts, channels by type as [None, new normalized values],
    tags as all before and all after, `wallet:RUB` as [None, "12.50"], `attribute:NAME`, `status`.
    """

    items: list[Any]
    next_after: int | None


def rows(pk: int, outcome: str = "", after_row: int = 0, limit: int = 50) -> RowsPage:
    """The rows behind the row numbered `after_row`: all, those of one outcome, or `noted` (taken, but for something),
    `undone`, `kept` (by an undo). Each has the columns of `ImportRow` and `customer_name`.
    """
    table = ImportRow.__table__.c
    found = db.session.execute(
        select(*table, Customer.name.label("customer_name"))
        .join(Customer, Customer.id == table.customer_id, isouter=True)
        .where(table.import_id == pk, table.row > after_row, *_conditions(outcome))
        .order_by(table.row)
        .limit(limit + 1)
    ).all()
    return RowsPage(list(found[:limit]), found[limit - 1].row if len(found) > limit else None)


def _conditions(outcome: str) -> tuple[Any, ...]:
    """In the very words of the indexes' conditions, without parameters: SQLite takes no others for the same."""
    if outcome in OUTCOMES:
        is_it = ImportRow.outcome == literal_column(f"'{outcome}'")
        return (is_it,) if outcome == "created" else (is_it, NOT_CREATED)
    named = {"": (), "noted": (NOTED,), "kept": (KEPT,), "undone": (ImportRow.undo == "undone",)}
    return named[outcome]


def number(pk: int, outcome: str) -> int:
    """How many rows `rows` would give in all: for those that have no counter."""
    wanted = select(func.count()).select_from(ImportRow).where(ImportRow.import_id == pk, *_conditions(outcome))
    return db.session.scalar(wanted) or 0


def openings(pk: int) -> list[ImportOpening]:
    """What the import has brought into new wallets so far (or would bring, after a check), by currency."""
    found = select(ImportOpening).where(ImportOpening.import_id == pk).order_by(ImportOpening.currency)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def failures(pk: int) -> Iterator[Failure]:
    """The rows that were not taken, in the order of the file: their cells, and why."""
    last: int | None = 0
    while last is not None:
        page = rows(pk, "failed", last, _PAGE)
        for row in page.items:
            yield row.cells or [], row.message or ""
        last = page.next_after
