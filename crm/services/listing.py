"""Lists for programs: filtered and sorted by every column, a page at a time, each page in one statement."""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import ColumnElement, Select, and_, collate, or_, tuple_

from crm.db import db, is_postgresql
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.services.columns import Column
from crm.text import has_control

LIMIT, MOST = 50, 500
MOST_NAMED = 500  # values of one `__in`
_COMPARE = {"gt": "__gt__", "gte": "__ge__", "lt": "__lt__", "lte": "__le__"}
_OPERATORS = (*_COMPARE, "in", "contains")


@dataclass(frozen=True)
class Rows:
    """A page: rows of the listing's source, and the cursor of what follows, None on the last page."""

    items: list[Any]
    next_cursor: str | None


@dataclass(frozen=True)
class Listing:
    """What may be listed, declared once: the statement that has the rows, and the columns under their names.

    `pk` is the column of the id, which every row of the source has as `id`; `ordering` is the order where none is
    asked for. `more` are parameters that the noun itself looks at. `families` have columns that nobody can
    name beforehand: `attributes` makes that of `attributes.colour` from `colour`.
    """

    name: str
    source: Select[Any]
    pk: Any
    columns: Mapping[str, Column]
    ordering: str = "id"
    more: tuple[str, ...] = ()
    families: Mapping[str, Callable[[str], Column]] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """The column under this name; KeyError where there is none."""
        family, _dot, member = name.partition(".")
        if family in self.families and member and not has_control(member):
            return self.families[family](member)
        return self.columns[name]

    def page(self, asked: Mapping[str, Sequence[str]], *conditions: ColumnElement[bool]) -> Rows:
        """The rows that are asked for, among those that meet the conditions, in one statement.

        `asked` has the values of each parameter of the address: `limit`, `cursor`, `ordering`, and a column's name
        with or without `__gt`, `__gte`, `__lt`, `__lte`, `__in`, `__contains`. Raises `Invalid` by parameter.
        """
        wanted = _read(self, asked)
        place = _place(self, wanted)
        column = self.column(wanted.ordering.removeprefix("-"))
        key = _key(column)
        statement = self.source.add_columns(key.label("sort_key")).where(*wanted.conditions, *conditions)
        if place is not None:
            statement = statement.where(_behind(column, key, self.pk, place, wanted.descending))
        order = [key.desc(), self.pk.desc()] if wanted.descending else [key, self.pk]
        if column.nullable:
            order.insert(0, key.is_(None))  # what is missing comes last both ways
        rows = list(db.session.execute(statement.order_by(*order).limit(wanted.limit + 1)))
        is_last = len(rows) <= wanted.limit
        rows = rows[: wanted.limit]
        return Rows(rows, None if is_last else _cursor(self, wanted, rows[-1]))


@dataclass(frozen=True)
class _Wanted:
    limit: int
    ordering: str
    cursor: str
    filters: tuple[tuple[str, str], ...]
    conditions: list[ColumnElement[bool]]

    @property
    def descending(self) -> bool:
        return self.ordering.startswith("-")


def _read(listing: Listing, asked: Mapping[str, Sequence[str]]) -> _Wanted:
    errors: dict[str, list[str]] = {}
    given = {"limit": str(LIMIT), "ordering": listing.ordering, "cursor": ""}
    filters, conditions = [], []
    for name, values in asked.items():
        try:
            value = _single(values)
            if name in given:
                given[name] = value
            elif name not in listing.more:
                conditions.append(_condition(listing, name, value))
            filters.append((name, value))
        except ValueError as error:
            errors[name] = [str(error)]
    for name, check in (("limit", _check_limit), ("ordering", _check_ordering)):
        if name not in errors and (message := check(listing, given[name])):
            errors[name] = [message]
    if errors:
        raise Invalid(errors)
    kept = tuple(sorted(pair for pair in filters if pair[0] not in ("limit", "cursor", "ordering")))
    return _Wanted(int(given["limit"]), given["ordering"], given["cursor"], kept, conditions)


def _single(values: Sequence[str]) -> str:
    if len(values) > 1:
        raise ValueError(_("This is given more than once."))
    return values[0]


def _check_limit(_listing: Listing, value: str) -> str:
    fits = value.isascii() and value.isdigit() and len(value) < 5 and 1 <= int(value) <= MOST
    return "" if fits else _("This must be a whole number from %(low)d to %(high)d.", low=1, high=MOST)


def _check_ordering(listing: Listing, value: str) -> str:
    with suppress(KeyError):
        if listing.column(value.removeprefix("-")).sorts is not None:
            return ""
    names = [name for name, column in listing.columns.items() if column.sorts is not None]
    names += [f"{family}.…" for family in listing.families]
    return _("This is one of %(names)s, with a minus for descending.", names=", ".join(names))


def _condition(listing: Listing, parameter: str, value: str) -> ColumnElement[bool]:
    name, _mark, operator = parameter.rpartition("__")
    if operator not in _OPERATORS:
        name, operator = parameter, ""
    try:
        column = listing.column(name)
    except KeyError as error:
        raise ValueError(_("There is no such parameter.")) from error
    if operator not in column.operators:
        raise ValueError(_("There is no such parameter."))
    equals = column.equals or (lambda one: _key(column) == one)
    if operator == "in":
        return _any_of(column, value, equals)
    read = column.read(value)
    if operator == "contains" and column.contains:
        return column.contains(read)
    if operator == "":
        return equals(read)
    compared: ColumnElement[bool] = getattr(_key(column), _COMPARE[operator])(read)
    return compared


def _any_of(column: Column, value: str, equals: Any) -> ColumnElement[bool]:
    values = [column.read(one) for one in value.split(",")]
    if len(values) > MOST_NAMED:
        raise ValueError(_("There are more than %(count)d values.", count=MOST_NAMED))
    return or_(*map(equals, values)) if column.equals else _key(column).in_(values)


def _key(column: Column) -> Any:
    return collate(column.sorts, "C") if column.by_code_point and is_postgresql() else column.sorts


def _behind(column: Column, key: Any, pk: Any, place: tuple[Any, Any], descending: bool) -> ColumnElement[bool]:
    """Whether a row comes after the place."""
    value, last = place
    beyond = pk < last if descending else pk > last
    if value is None:
        return and_(key.is_(None), beyond)
    here, there = tuple_(key, pk), tuple_(value, last)
    after = here < there if descending else here > there
    return or_(after, key.is_(None)) if column.nullable else after


def _signer(listing: Listing, wanted: _Wanted) -> URLSafeSerializer:
    # What is asked for is signed along: a cursor is of no use for another order or other filters.
    salt = json.dumps(["cursor", listing.name, wanted.ordering, wanted.filters])
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=salt)


def _cursor(listing: Listing, wanted: _Wanted, row: Any) -> str:
    return str(_signer(listing, wanted).dumps([_plain(row.sort_key), _plain(row.id)]))


def _place(listing: Listing, wanted: _Wanted) -> tuple[Any, Any] | None:
    if not wanted.cursor:
        return None
    try:
        value, last = _signer(listing, wanted).loads(wanted.cursor)
    except (BadData, UnicodeError) as error:
        raise Invalid({"cursor": [_("This cursor was not given for this list, order and filters.")]}) from error
    return _rich(value), _rich(last)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    return {"id": value.hex} if isinstance(value, uuid.UUID) else value


def _rich(value: Any) -> Any:
    if isinstance(value, dict):
        return datetime.fromisoformat(value["at"]) if "at" in value else uuid.UUID(value["id"])
    return value
