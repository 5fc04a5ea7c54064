"""The customers that the rows of a file may mean: found in the database by external id and by their channels."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, select

from crm.bulk import among, packed
from crm.db import db, is_postgresql
from crm.models import AccountBalance, ContactChannel, Customer, CustomerTag, Tag
from crm.services.customer_data import ChannelData, CustomerData
from crm.services.importing.decide import Owners, keys_of
from crm.services.importing.merge import Record
from crm.services.importing.plan import CRM_ID, Plan
from crm.services.importing.rows import Key, Row
from crm.services.importing.shadow import Shadow

Pks = dict[Key, list[int]]


@dataclass
class Known:
    """Who holds which key, for one chunk of rows of an import that began at `begun`. `shadow` has what a check would
    have stored before it; without one the customers are locked, since what is decided on is what will be changed.
    `numbered` are the ids of customers whom rows may mean by them.
    """

    begun: datetime
    shadow: Shadow | None = None
    owners: Owners = field(default_factory=dict)
    numbered: set[int] = field(default_factory=set)

    def add(self, record: Record, keys: Iterable[Key]) -> None:
        """Let rows find the customer by the keys."""
        for key in keys:
            self.owners.setdefault(key, []).append(record)

    def number(self, record: Record) -> None:
        """Let rows find the customer by the number of an export, where that may be needed."""
        if record.pk in self.numbered:
            self.owners[CRM_ID, str(record.pk)] = [record]


def load(known: Known, rows: Collection[Row], plan: Plan) -> None:
    """Add the customers who hold a key of the rows, as `decide` wants them: whole ones for `update`, and whoever is to
    be restored.
    """
    keys = {key for row in rows if not row.error for key in keys_of(row)}
    if plan.on_duplicate == "create":
        keys = {key for key in keys if key[0] == "external_id"}
    pks: Pks = {}
    for key, pk in holders(keys):
        pks.setdefault(key, []).append(pk)
    if plan.on_duplicate != "create":
        known.numbered = _numbered(rows, pks, known.begun)
    found = {pk for held in pks.values() for pk in held} | known.numbered
    if known.shadow:
        remembered = known.shadow.load(keys, found)
        found -= {record.pk or 0 for record in remembered.records}
        for key, record in remembered.keys:
            known.add(record, [key])
        for record in remembered.records:
            known.number(record)
    if plan.on_duplicate == "update":
        _complete(known, found)
    elif plan.on_duplicate == "create":
        _named(known, pks, found)
    else:
        _skipped(known, pks, found, plan)


def _numbered(rows: Collection[Row], pks: Pks, begun: datetime) -> set[int]:
    """The customers with the numbers of rows whose other keys mean nobody, or several. Who came with this very import
    has got a number that a row of it may have by chance.
    """
    unsure = {
        int(row.crm_id)
        for row in rows
        if row.crm_id and not row.error and len({pk for key in row.keys for pk in pks.get(key, ())}) != 1
    }
    if not unsure:
        return set()
    there = select(Customer.id).where(among(Customer.id), Customer.created_at < begun)
    return set(db.session.scalars(there, packed(unsure)))


def holders(keys: Iterable[Key]) -> list[tuple[Key, int]]:
    """The keys that customers have, with the ids of those who have them. One statement for each kind of key."""
    wanted: dict[str, list[str]] = {}
    for name, value in keys:
        wanted.setdefault(name, []).append(value)
    holders: list[tuple[Key, int]] = []
    for name, values in sorted(wanted.items()):
        found = db.session.connection().execute(_owner_of(name, is_postgresql()), packed(values))
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


def _named(known: Known, pks: Pks, wanted: Collection[int]) -> None:
    records = {row.id: Record(CustomerData(name=row.name), row.id) for row in _rows("states", wanted)}
    _stand_in(known, pks, records)


def _skipped(known: Known, pks: Pks, wanted: Collection[int], plan: Plan) -> None:
    """What they are called makes a difference only where somebody is archived, or a row fails at an external id."""
    if not wanted:
        return
    looked_at = "archived" if "external_id" in plan.match else "states"
    records = {pk: Record(CustomerData(name=""), pk) for pk in wanted}
    for row in _rows(looked_at, wanted):
        records[row.id] = Record(CustomerData(name=row.name), row.id, row.version, row.status == "archived")
    away = {pk for pk, record in records.items() if record.archived} if plan.restore else set()
    whole = away | (known.numbered & set(wanted))
    _complete(known, whole)
    _stand_in(known, pks, {pk: record for pk, record in records.items() if pk not in whole})


def _stand_in(known: Known, pks: Pks, records: dict[int, Record]) -> None:
    for key, held in pks.items():
        for pk in held:
            if pk in records:
                known.add(records[pk], [key])


def _complete(known: Known, pks: Collection[int]) -> None:
    """Load whole customers.

    Their keys come from what is read after the lock, not from the look-up before it: a channel may have gone
    meanwhile.
    """
    loaded = {row.id: _record(row) for row in _rows("whole" if known.shadow else "locked", sorted(pks))}
    for channel in _rows("channels", loaded):
        loaded[channel.customer_id].data.channels.append(ChannelData(*channel[1:]))
    for pk, name in _rows("tags", loaded):
        loaded[pk].data.tags.append(name)
    for pk, currency, balance in _rows("balances", loaded):
        balances = loaded[pk].balances
        balances[currency] = balances.get(currency, 0) + balance
    for record in loaded.values():
        known.add(record, record.keys)
        known.number(record)


def _rows(name: str, pks: Collection[int]) -> Iterable[Any]:
    return db.session.connection().execute(_statements(is_postgresql())[name], packed(pks)) if pks else ()


_CHANNEL_COLUMNS = (
    ContactChannel.customer_id,
    ContactChannel.type,
    ContactChannel.value,
    ContactChannel.label,
    ContactChannel.is_primary,
    ContactChannel.normalized,
)
_NAMES = ("id", "version", "status", "name", "kind", "company", "city", "notes", "external_id", "attributes")


@cache
def _statements(_postgresql: bool) -> dict[str, Select[Any]]:
    """Built once, as above."""
    states = select(Customer.id, Customer.name, Customer.version, Customer.status).where(among(Customer.id))
    customers = select(*(getattr(Customer, name) for name in _NAMES)).where(among(Customer.id)).order_by(Customer.id)
    channels = select(*_CHANNEL_COLUMNS).where(among(ContactChannel.customer_id)).order_by(ContactChannel.id)
    tags = select(CustomerTag.customer_id, Tag.name).join(Tag, Tag.id == CustomerTag.tag_id).order_by(Tag.key)
    balances = select(AccountBalance.customer_id, AccountBalance.currency, AccountBalance.balance).where(
        AccountBalance.status != "closed"  # no money can come into it: a new one is opened
    )
    return {
        "states": states,
        "archived": states.where(Customer.status == "archived"),
        "whole": customers,
        "locked": customers.with_for_update(),
        "channels": channels,
        "tags": tags.where(among(CustomerTag.customer_id)),
        "balances": balances.where(among(AccountBalance.customer_id)),
    }


def _record(row: Any) -> Record:
    fields = (row.name, row.kind, row.company, row.city, row.notes, row.external_id or "")
    data = CustomerData(*fields, attributes=row.attributes)
    return Record(data, row.id, row.version, row.status == "archived")
