"""Customers on their way into a file, with their contacts, tags and balances, a page of them at a time."""

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import func, select

from crm.bulk import packed
from crm.channel_types import NAMES
from crm.db import db
from crm.i18n import gettext as _
from crm.models import Customer
from crm.services.exporting import customer_parts as parts
from crm.services.exporting.customer_parts import CHANNELS, FIELDS, Extras
from crm.services.exporting.sheet import Cells, Sheet
from crm.services.search_criteria import Criteria
from crm.services.search_statements import conditions, counting

PAGE = 2_000
MANY = " ::: "  # between several values in one cell, as Google Contacts writes it; the import takes it apart again
_STAMPS = ("status", "created_at", "updated_at")
_FIRST = len(FIELDS)  # of the cells with several values: the tags', then the channels'
_CUSTOMERS = Customer.__table__.c


def count(criteria: Criteria, cap: int | None = None) -> int:
    """How many customers meet the criteria, counted no further than `cap`."""
    if cap is None:
        return db.session.scalar(select(func.count()).where(*conditions(criteria)).select_from(Customer)) or 0
    return db.session.scalar(counting(criteria, cap)) or 0


def sheet(criteria: Criteria) -> Sheet:
    """Every customer that meets the criteria now, oldest first; what one is when their page is read is what is shown.

    There is a column for every currency that one of them has a wallet in, and for the labels of a type of channel
    where there are any.
    """
    ids = _ids(criteria)
    extras = parts.extras(ids)
    named = [*_columns(), *extras.columns(), *_last_columns()]
    columns, headings = zip(*named, strict=True)
    return Sheet("customers", _("Customers"), columns, headings, len(ids), _rows(ids, extras), _Flat(extras))


def _columns() -> list[tuple[str, str]]:
    """Names and headings; the import knows them all but the first."""
    return [
        ("id", _("CRM ID")),
        ("external_id", _("External ID")),
        ("name", _("Customer name")),
        ("kind", _("Kind")),
        ("company", _("Company")),
        ("city", _("City")),
        ("notes", _("Notes")),
        ("tags", _("Tags")),
        *((type_.value, str(name)) for type_, name in NAMES.items()),
    ]


def _last_columns() -> list[tuple[str, str]]:
    return list(zip(_STAMPS, (_("Status"), _("Created at"), _("Changed at")), strict=True))


def _ids(criteria: Criteria) -> "array[int]":
    """Eight bytes a customer: looking them up anew for every page would take the time of a search each time."""
    ids = array("q")
    wanted = select(_CUSTOMERS.id).where(*conditions(criteria)).order_by(_CUSTOMERS.id)
    with db.session.execute(wanted, execution_options={"yield_per": 20_000}) as found:
        for some in found.scalars().partitions():
            ids.extend(some)
    return ids


def _rows(ids: "array[int]", extras: Extras) -> Iterator[Cells]:
    for start in range(0, len(ids), PAGE):
        page = packed(ids[start : start + PAGE])
        yield from _page(page, extras)


def _page(wanted: dict[str, str], extras: Extras) -> Sequence[Cells]:
    several: list[Any] = [()] * (1 + len(CHANNELS))
    blank: list[Any] = [*several, *extras.blank()]
    rows: dict[int, list[Any]] = {}
    for found in parts.customers(wanted):
        rows[found[0]] = [*found[:_FIRST], *blank, *found[_FIRST:]]
    parts.add_channels(rows, wanted, _FIRST + 1, extras, _FIRST + len(several))
    parts.add_tags(rows, wanted, _FIRST)
    parts.add_balances(rows, wanted, _FIRST + len(several) + len(extras.labelled), extras)
    return list(rows.values())


class _Flat:
    """Makes cells of several values single ones: tags between commas, others between `MANY`."""

    def __init__(self, extras: Extras) -> None:
        self.lists = range(_FIRST + 1, _FIRST + 1 + len(CHANNELS) + len(extras.labelled))

    def __call__(self, cells: Cells) -> Cells:
        row = list(cells)
        row[_FIRST] = ", ".join(map(_apart, row[_FIRST])) if row[_FIRST] else None
        for place in self.lists:
            if row[place]:
                row[place] = MANY.join(map(_apart, row[place]))
            else:
                row[place] = None
        return row


def _apart(value: str) -> str:
    """The value so that the import does not take it for several, or for Google's group of everybody: the blank
    without width is taken out again with whatever is invisible.
    """
    if ":::" in value:
        return value.replace(":::", ":\u200b::")
    return f"*\u200b{value[1:]}" if value[:1] == "*" else value
