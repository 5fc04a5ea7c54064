"""The customers that the rows of a file may mean: found in the database by external id, e-mail and phone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import Select, select

from crm.bulk import among, packed
from crm.db import db, is_postgresql
from crm.models import AccountBalance, ContactChannel, Customer, CustomerTag, Tag
from crm.services.customer_data import ChannelData, CustomerData
from crm.services.importing.decide import Owners, Record
from crm.services.importing.rows import Key, Row

_CHANNELS = ("email", "phone")


@dataclass
class Known:
    """Who holds which key. Made anew for every chunk, except where nothing is written (a dry run)."""

    owners: Owners = field(default_factory=dict)
    by_pk: dict[int, Record] = field(default_factory=dict)


def load(known: Known, rows: Iterable[Row], on_duplicate: str) -> None:
    """Add the customers who hold a key of the rows, as `decide` wants them.

    For `update` their rows are locked first and read afterwards: what is decided on is what will be changed.
    """
    keys = {key for row in rows if not row.error for key in row.keys}
    if on_duplicate == "update":
        _complete(known, keys)
    elif on_duplicate == "create":
        _named(known, [value for name, value in keys if name == "external_id"])
    else:
        for key, pk in holders(keys - known.owners.keys()):
            known.owners[key] = [known.by_pk.setdefault(pk, Record(CustomerData(name=""), pk))]


def holders(keys: Iterable[Key]) -> list[tuple[Key, int]]:
    """The keys that customers have, with the ids of those who have them. One statement for each kind of key."""
    wanted: dict[str, list[str]] = {}
    for name, value in keys:
        wanted.setdefault(name, []).append(value)
    holders: list[tuple[Key, int]] = []
    for name, values in wanted.items():
        found = db.session.execute(_owner_of(name, is_postgresql()), packed(values))
        holders += [((name, value), pk) for value, pk in found]
    return holders


@cache
def _owner_of(name: str, _postgresql: bool) -> Select[Any]:
    """Built once: on SQLite, where chunks are small, building it takes longer than running it."""
    statement: Any
    if name == "external_id":
        statement = select(Customer.external_id, Customer.id).where(among(Customer.external_id))
    else:
        held = (ContactChannel.type == name, among(ContactChannel.normalized))
        statement = select(ContactChannel.normalized, ContactChannel.customer_id).where(*held)
    return statement


def _named(known: Known, external_ids: list[str]) -> None:
    named = select(Customer.external_id, Customer.id, Customer.name).where(among(Customer.external_id))
    for external_id, pk, name in db.session.execute(named, packed(external_ids)):
        known.owners.setdefault(("external_id", external_id or ""), [Record(CustomerData(name=name), pk)])


def _complete(known: Known, keys: set[Key]) -> None:
    """Load whole customers who are not known yet.

    Their keys come from what is read after the lock, not from the look-up before it: a channel may have gone
    meanwhile.
    """
    pks = sorted({pk for _key, pk in holders(keys)} - known.by_pk.keys())
    if not pks:
        return
    wanted = packed(pks)
    loaded = {row.id: _record(row) for row in db.session.execute(_customers(), wanted)}
    channels = select(*_CHANNEL_COLUMNS).where(among(ContactChannel.customer_id)).order_by(ContactChannel.id)
    for channel in db.session.execute(channels, wanted):
        if channel.customer_id in loaded:
            loaded[channel.customer_id].data.channels.append(ChannelData(*channel[1:]))
    tags = select(CustomerTag.customer_id, Tag.name).join(Tag, Tag.id == CustomerTag.tag_id).order_by(Tag.key)
    for pk, name in db.session.execute(tags.where(among(CustomerTag.customer_id)), wanted):
        if pk in loaded:
            loaded[pk].data.tags.append(name)
    held = select(AccountBalance.customer_id, AccountBalance.currency, AccountBalance.balance)
    for pk, currency, balance in db.session.execute(held.where(among(AccountBalance.customer_id)), wanted):
        if pk in loaded:
            balances = loaded[pk].balances
            balances[currency] = balances.get(currency, 0) + balance
    for pk, record in loaded.items():
        known.by_pk[pk] = record
        for key in _keys(record.data):
            known.owners.setdefault(key, []).append(record)


_CHANNEL_COLUMNS = (
    ContactChannel.customer_id,
    ContactChannel.type,
    ContactChannel.value,
    ContactChannel.label,
    ContactChannel.is_primary,
    ContactChannel.normalized,
)


def _customers() -> Select[Any]:
    names = ("id", "version", "name", "kind", "company", "city", "notes", "external_id")
    columns = [getattr(Customer, name) for name in names]
    return select(*columns).where(among(Customer.id)).order_by(Customer.id).with_for_update()


def _record(row: Any) -> Record:
    fields = (row.name, row.kind, row.company, row.city, row.notes, row.external_id or "")
    return Record(CustomerData(*fields), row.id, row.version)


def _keys(data: CustomerData) -> list[Key]:
    keys = [(channel.type, channel.normalized) for channel in data.channels if channel.type in _CHANNELS]
    return [*keys, ("external_id", data.external_id)] if data.external_id else keys
