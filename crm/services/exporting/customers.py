"""Customers on their way into a file, with their contacts, tags and balances, a page of them at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from crm.bulk import packing
from crm.db import db
from crm.i18n import gettext as _
from crm.models import Customer
from crm.services.exporting import customer_parts as parts
from crm.services.exporting.customer_parts import CHANNELS, FIELDS, Extras, Wanted
from crm.services.exporting.sheet import Cells, Sheet
from crm.services.importing.plan import ATTRIBUTE
from crm.services.searching.criteria import Criteria
from crm.services.searching.statements import conditions, counting

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

    There is a column for every currency that one of them has a wallet in, for every name of an attribute, and for the
    labels of a type of channel where there are any.
    """
    total, pages = _pages(criteria)
    extras = parts.extras(pages)
    columns, headings = zip(*_columns(extras), strict=True)
    places = {name: place for place, name in enumerate(columns)}
    return Sheet("customers", _("Customers"), columns, headings, total, _rows(pages, extras, places), _Flat(places))


def _columns(extras: Extras) -> list[tuple[str, str]]:
    """Names and headings; the import knows them all but the first and those of `_STAMPS`."""
    return [
        ("id", _("CRM ID")),
        ("external_id", _("External ID")),
        ("name", _("Customer name")),
        ("kind", _("Kind")),
        ("company", _("Company")),
        ("city", _("City")),
        ("notes", _("Notes")),
        ("tags", _("Tags")),
        *extras.contacts(),
        *extras.others(),
        *zip(_STAMPS, (_("Status"), _("Created at"), _("Changed at")), strict=True),
    ]


def _pages(criteria: Criteria) -> tuple[int, list[Wanted]]:
    """How many they are, and their ids page by page.

    Eight bytes a customer: looking them up anew for every page would take the time of a search each time.
    """
    row_number = func.row_number().over(order_by=_CUSTOMERS.id)
    met = select(_CUSTOMERS.id, ((row_number - 1) // PAGE).label("page")).where(*conditions(criteria)).subquery()
    paged = select(func.count(), packing(met.c.id)).group_by(met.c.page).order_by(met.c.page)
    found = db.session.execute(paged).all()
    return sum(count for count, _ids in found), [{"values": ids} for _count, ids in found]


def _rows(pages: list[Wanted], extras: Extras, places: Mapping[str, int]) -> Iterator[Cells]:
    lists: list[Any] = [()] * (1 + len(CHANNELS) + len(extras.labelled))
    blank = [*lists, *[None] * (len(extras.currencies) + len(extras.attributes))]
    for wanted in pages:
        yield from _page(wanted, blank, places)


def _page(wanted: Wanted, blank: list[Any], places: Mapping[str, int]) -> Sequence[Cells]:
    rows: dict[int, list[Any]] = {}
    for found in parts.customers(wanted):
        row = rows[found[0]] = [*found[:_FIRST], *blank, *found[_FIRST + 1 :]]
        if found[_FIRST] != "{}":
            for name, value in json.loads(found[_FIRST]).items():
                if (place := places.get(f"{ATTRIBUTE}{name}")) is not None:  # else somebody has just thought of it
                    row[place] = value
    parts.add_channels(rows, wanted, places)
    parts.add_tags(rows, wanted, places["tags"])
    parts.add_balances(rows, wanted, places)
    return list(rows.values())


class _Flat:
    """Makes cells of several values single ones: tags between commas, others between `MANY`."""

    def __init__(self, places: Mapping[str, int]) -> None:
        kinds = (*CHANNELS, *(f"{type_}_label" for type_ in CHANNELS))
        self.lists = [places[name] for name in kinds if name in places]

    def __call__(self, cells: Cells) -> Cells:
        row = list(cells)
        row[_FIRST] = ", ".join(map(_apart, row[_FIRST])) if row[_FIRST] else None
        for place in self.lists:
            values = row[place]
            if not values:
                row[place] = None
            elif len(values) == 1:
                row[place] = _apart(values[0])
            else:
                row[place] = MANY.join(map(_apart, values)) if any(values) else None
        return row


def _apart(value: str) -> str:
    """The value so that the import does not take it for several, for Google's main one or its group of everybody: the
    blank without width is taken out again with whatever is invisible.
    """
    if ":::" in value:
        value = value.replace(":::", ":\u200b::")
    return f"*\u200b{value[1:]}" if value[:1] == "*" else value
