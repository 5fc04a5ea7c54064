"""Customers and what belongs to them, read for a page of them in one statement each, never one by one.

Rows are read as plain tuples: objects with their types would take twice the time of everything else.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Text, cast, exists, func, literal, select, true

from crm import money
from crm.bulk import among
from crm.channel_types import NAMES
from crm.db import db, is_postgresql
from crm.i18n import gettext as _
from crm.models import AccountBalance, ContactChannel, Customer, CustomerTag, Tag
from crm.services import currencies
from crm.services.importing.plan import ATTRIBUTE
from crm.text import fold

CHANNELS = tuple(type_.value for type_ in NAMES)
FIELDS = ("id", "external_id", "name", "kind", "company", "city", "notes")
FEW = 5  # pages of customers of whom alone is asked what columns they need; of more, everybody is
_CUSTOMERS, _TAGGED, _TAGS = Customer.__table__, CustomerTag.__table__, Tag.__table__
_CHANNELS, _BALANCES = ContactChannel.__table__, AccountBalance.__table__
Rows = dict[int, list[Any]]  # by the customer's id
Wanted = dict[str, str]  # the ids of a page, packed


@dataclass(frozen=True)
class Extras:
    """The columns that are there when somebody needs them: types of channel with labels, currencies of wallets, names
    of attributes.
    """

    labelled: tuple[str, ...]
    currencies: tuple[str, ...]
    attributes: tuple[str, ...] = ()

    def contacts(self) -> list[tuple[str, str]]:
        """Names and headings of the channels' columns. Labels stand before their channel: there the import, as
        Google's own, looks for them first.
        """
        columns = []
        for type_, name in NAMES.items():
            if type_ in self.labelled:
                columns.append((f"{type_}_label", _("%(channel)s - Label", channel=name)))
            columns.append((type_.value, str(name)))
        return columns

    def others(self) -> list[tuple[str, str]]:
        """Names and headings of the other columns."""
        held = [(f"balance_{code}", _("Balance %(currency)s", currency=code)) for code in self.currencies]
        own = [(f"{ATTRIBUTE}{name}", _("Field: %(name)s", name=name)) for name in self.attributes]
        return held + own


def extras(pages: Sequence[Wanted]) -> Extras:
    """What columns the customers of these pages need, in four statements; of up to `FEW` pages, each is asked."""
    few = len(pages) <= FEW
    labelled = select(_CHANNELS.c.type).where(_CHANNELS.c.label != "").distinct()
    if few:
        labelled = labelled.where(among(_CHANNELS.c.customer_id))
    held = [_held(code, few) for code in currencies.codes()]

    def found(statement: Any) -> set[str]:
        return {text for wanted in (pages if few else [{}]) for text in db.session.scalars(statement, wanted)}

    types, codes = found(labelled), found(held[0].union_all(*held[1:])) if held else ()
    own = sorted(found(_attribute_names(few)), key=fold)
    return Extras(tuple(type_ for type_ in CHANNELS if type_ in types), tuple(sorted(codes)), tuple(own))


def _attribute_names(few: bool) -> Select[Any]:
    each = func.json_object_keys if is_postgresql() else func.json_each
    column = "name" if is_postgresql() else "key"
    names = each(_CUSTOMERS.c.attributes).table_valued(column)
    found = select(names.c[column]).select_from(_CUSTOMERS.join(names, true())).distinct()
    found = found.where(cast(_CUSTOMERS.c.attributes, Text) != "{}")
    return found.where(among(_CUSTOMERS.c.id)) if few else found


def _held(code: str, few: bool) -> Select[Any]:
    wallets = select(_BALANCES.c.account_id).where(_BALANCES.c.currency == code)
    if few:
        wallets = wallets.where(among(_BALANCES.c.customer_id))
    return select(literal(code)).where(exists(wallets))


def customers(wanted: Wanted) -> Sequence[Any]:
    """The customers of a page, oldest first: `FIELDS`, the attributes as JSON, status, and when they came and were
    changed as texts.
    """
    return _read(_customers(is_postgresql()), wanted)


def add_channels(rows: Rows, wanted: Wanted, places: Mapping[str, int]) -> None:
    """Put values into the cells of their columns, the main one of a type first, and labels into theirs."""
    label_places = {type_: places[f"{type_}_label"] for type_ in CHANNELS if f"{type_}_label" in places}
    for pk, type_, value, label in _read(_channels(is_postgresql()), wanted):
        row = rows.get(pk)
        if row is None:
            continue
        place = places[type_]
        row[place] = (*row[place], value)
        if type_ in label_places:
            row[label_places[type_]] = (*row[label_places[type_]], label)


def add_tags(rows: Rows, wanted: Wanted, place: int) -> None:
    """Put the tags into the cell, in order."""
    for pk, name in _read(_tags(is_postgresql()), wanted):
        if pk in rows:
            rows[pk][place] = (*rows[pk][place], name)


def add_balances(rows: Rows, wanted: Wanted, places: Mapping[str, int]) -> None:
    """Put what is held in each currency into the cells of their columns, as plain decimals."""
    held_in = {name.removeprefix("balance_"): place for name, place in places.items() if name.startswith("balance_")}
    if not held_in:
        return
    for pk, code, held in _read(_balances(is_postgresql()), wanted):
        if pk in rows and code in held_in:
            rows[pk][held_in[code]] = money.to_text(held, code)


def _read(statement: Select[Any], wanted: Wanted) -> Sequence[tuple[Any, ...]]:
    """The driver's own tuples: no column needs SQLAlchemy to make something of it, nor a tenth of the time for it."""
    with closing(db.session.connection().execute(statement, wanted)) as result:
        return result.cursor.fetchall()


# Each is put together once for its engine.


@cache
def _customers(postgresql: bool) -> Select[Any]:
    moments = (_text(_CUSTOMERS.c[name], postgresql) for name in ("created_at", "updated_at"))
    columns = [*(_CUSTOMERS.c[name] for name in FIELDS), _own_fields(), _CUSTOMERS.c.status, *moments]
    return select(*columns).where(among(_CUSTOMERS.c.id)).order_by(_CUSTOMERS.c.id)


def _own_fields() -> ColumnElement[str]:
    return cast(_CUSTOMERS.c.attributes, Text)


def _text(moment: ColumnElement[Any], postgresql: bool) -> ColumnElement[str]:
    """As ISO 8601 has it, in UTC, to the second."""
    if postgresql:
        return func.to_char(func.timezone("UTC", moment), 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')
    return func.strftime("%Y-%m-%dT%H:%M:%S+00:00", moment)


@cache
def _channels(_postgresql: bool) -> Select[Any]:
    columns = (_CHANNELS.c.customer_id, _CHANNELS.c.type, _CHANNELS.c.value, _CHANNELS.c.label)
    found = select(*columns).where(among(_CHANNELS.c.customer_id))
    return found.order_by(_CHANNELS.c.customer_id, _CHANNELS.c.is_primary.desc(), _CHANNELS.c.id)


@cache
def _tags(_postgresql: bool) -> Select[Any]:
    named = select(_TAGGED.c.customer_id, _TAGS.c.name).select_from(_TAGGED.join(_TAGS, _TAGS.c.id == _TAGGED.c.tag_id))
    return named.where(among(_TAGGED.c.customer_id)).order_by(_TAGS.c.key)


@cache
def _balances(_postgresql: bool) -> Select[Any]:
    owner, currency = _BALANCES.c.customer_id, _BALANCES.c.currency
    held = cast(func.sum(_BALANCES.c.balance), BigInteger)
    return select(owner, currency, held).where(among(owner)).group_by(owner, currency)
