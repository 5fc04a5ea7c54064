"""What somebody wants as a file: a list with its filters, and the format."""

import types
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, get_args, get_type_hints

from flask import current_app

from crm import money
from crm.services import operations as operation_list
from crm.services.exporting import customers, operations, payments, statements
from crm.services.exporting.sheet import Sheet
from crm.services.paying import criteria as payment_criteria
from crm.services.searching import criteria as search_criteria

FORMATS = ("csv", "xlsx", "jsonl")
AMOUNTS = ("amount_from", "amount_to", "balance_from", "balance_to")


@dataclass(frozen=True)
class _Source:
    criteria: type
    count: Callable[[Any, int | None], int]
    sheet: Callable[[Any], Sheet]


_SOURCES = {
    "customers": _Source(search_criteria.Criteria, customers.count, customers.sheet),
    "payments": _Source(payment_criteria.Criteria, payments.count, payments.sheet),
    "operations": _Source(operation_list.Criteria, operations.count, operations.sheet),
    "statement": _Source(statements.Criteria, statements.count, statements.sheet),
}
LISTS = tuple(_SOURCES)


@dataclass(frozen=True)
class Order:
    """`noun` is one of `LISTS`, with the criteria of that list; `format` is one of `FORMATS`."""

    noun: str
    criteria: Any
    format: str = "csv"

    def count(self, cap: int | None = None) -> int:
        """How many rows it has, counted no further than `cap`. Raises `Invalid` by field, and `NotFound`."""
        return _SOURCES[self.noun].count(self.criteria, cap)

    def sheet(self) -> Sheet:
        """Its rows, and how many there are now. Raises as `count` does."""
        return _SOURCES[self.noun].sheet(self.criteria)

    @property
    def filters(self) -> dict[str, Any]:
        """The criteria that narrow the list, to be told: amounts in plain decimals, and neither the order of rows nor
        for whom it is.
        """
        told = {name: value for name, value in stored(self.criteria).items() if name not in ("sort", "own")}
        currency = told.get("currency") or current_app.config["CRM_DEFAULT_CURRENCY"]
        return told | {name: money.to_text(told[name], currency) for name in AMOUNTS if name in told}


def criteria_of(noun: str) -> type:
    """The class of the list's criteria."""
    return _SOURCES[noun].criteria


def stored(criteria: Any) -> dict[str, Any]:
    """The criteria as JSON, without those that are as they are by default."""
    found = {field.name: (getattr(criteria, field.name), field.default) for field in fields(criteria)}
    return {name: _plain(value) for name, (value, default) in found.items() if value != default}


def restored(noun: str, kept: Mapping[str, Any]) -> Any:
    """The criteria that `stored` has made JSON of.

    >>> restored("payments", {"created_from": "2026-11-01", "who": 3}).created_from
    datetime.date(2026, 11, 1)
    """
    criteria = _SOURCES[noun].criteria
    hints = get_type_hints(criteria)
    return criteria(**{name: _read(value, hints[name]) for name, value in kept.items()})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date | uuid.UUID) else value


def _read(value: Any, hint: Any) -> Any:
    kinds = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if date in kinds and isinstance(value, str):
        return date.fromisoformat(value)
    return uuid.UUID(value) if uuid.UUID in kinds and isinstance(value, str) else value
