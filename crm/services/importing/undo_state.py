"""The customers that an import has touched, as they are now: all that decides on what of it can be taken back."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from crm.bulk import among, packed
from crm.db import db
from crm.models import AuditEntry, ContactChannel, Customer, CustomerTag, Import, ImportRow, Tag, User
from crm.services.customer_data import CustomerData
from crm.services.importing import undo_money
from crm.services.importing.merge import Record
from crm.services.importing.undo_money import Wallet

REQUESTED = "import.undo_requested"  # in the audit trail: it tells who asked


@dataclass(slots=True)
class Channel:
    """A stored channel."""

    id: int
    type: str
    value: str
    normalized: str
    is_primary: bool
    created_at: datetime


@dataclass(slots=True, eq=False)
class Person:
    """A customer as they are now; `record.data` is without channels and tags, which stand beside it.

    `is_changed`: somebody else than the import has changed them since.
    """

    record: Record
    channels: list[Channel] = field(default_factory=list)
    tags: dict[str, tuple[int, str]] = field(default_factory=dict)  # key: (id, name)
    wallets: list[Wallet] = field(default_factory=list)
    is_changed: bool = False
    signs_in: bool = False

    @property
    def pk(self) -> int:
        """The customer's id."""
        return self.record.pk or 0


@dataclass(frozen=True, slots=True)
class Touched:
    """A row of the import that has created or updated a customer; `changes` is field → [before, after]."""

    row: int
    customer_id: int
    outcome: str
    changes: Mapping[str, Sequence[Any]]


@dataclass
class State:
    """What a chunk of rows is about. `holders` tells whose an external id is that may be put back; `freed` are those
    that nobody has any more once the rows are undone.
    """

    people: dict[int, Person]
    holders: dict[str, int]
    ended_at: datetime | None  # when the import did
    freed: set[str] = field(default_factory=set)

    def free(self, external_id: str, pk: int) -> None:
        """Let others have what the customer had."""
        if external_id:
            self.freed.add(external_id)
        if self.holders.get(external_id) == pk:
            del self.holders[external_id]


def load(upload: Import, rows: Sequence[Touched], lock: bool) -> State:
    """The customers of the rows, and who holds the external ids to be put back. So many statements, however many rows.

    With `lock` nobody else changes them until the transaction ends: first customers, then payments, then balances.
    """
    customers = select(*(getattr(Customer, name) for name in _NAMES)).where(among(Customer.id)).order_by(Customer.id)
    pks = sorted({row.customer_id for row in rows})
    found = _found(customers.with_for_update() if lock else customers, pks)
    people = {row.id: _person(row) for row in found}
    _add_contents(people)
    for wallet in undo_money.load(people, upload.id, lock):
        people[wallet.customer_id].wallets.append(wallet)
    _note_what_is_over(people)
    for pk in _changed({row.customer_id for row in rows if row.outcome == "created"} & people.keys(), upload.id):
        people[pk].is_changed = True
    for (pk,) in _found(select(User.customer_id).where(among(User.customer_id)), people):
        people[pk].signs_in = True
    before = {row.changes["external_id"][0] for row in rows if "external_id" in row.changes} - {"", None}
    named = select(Customer.external_id, Customer.id).where(among(Customer.external_id))
    return State(people, dict(map(tuple, _found(named, sorted(before)))), upload.finished_at)


_NAMES = ("id", "version", "status", "name", "kind", "company", "city", "notes", "external_id", "attributes")
_CHANNEL = ("id", "type", "value", "normalized", "is_primary", "created_at")


def _found(statement: Select[*tuple[Any, ...]], values: Collection[int] | Collection[str]) -> Iterable[Any]:
    return db.session.execute(statement, packed(values)) if values else ()


def _person(row: Any) -> Person:
    fields = (row.name, row.kind, row.company, row.city, row.notes, row.external_id or "")
    data = CustomerData(*fields, attributes=dict(row.attributes))
    return Person(Record(data, row.id, row.version, row.status == "archived"))


def _add_contents(people: dict[int, Person]) -> None:
    channel = (getattr(ContactChannel, name) for name in _CHANNEL)
    channels = select(ContactChannel.customer_id, *channel).where(among(ContactChannel.customer_id))
    for pk, *values in _found(channels.order_by(ContactChannel.id), people):
        people[pk].channels.append(Channel(*values))
    tags = select(CustomerTag.customer_id, Tag.key, Tag.id, Tag.name).join(Tag, Tag.id == CustomerTag.tag_id)
    for pk, key, tag_id, name in _found(tags.where(among(CustomerTag.customer_id)), people):
        people[pk].tags[key] = tag_id, name


def _changed(people: Collection[int], import_id: int) -> set[int]:
    """Whom somebody else has changed. What another import did is no change once it has been taken back whole."""
    own = (f"import {import_id}", undo_origin(import_id))
    entries = (
        select(AuditEntry.entity_id, AuditEntry.origin)
        .where(AuditEntry.entity == "customer", among(AuditEntry.entity_id), AuditEntry.origin.not_in(own))
        .distinct()
    )
    found = [(int(pk), origin) for pk, origin in _found(entries, [str(pk) for pk in people])]
    stays = {origin: _stays(_import_of(origin)) for origin in {origin for _pk, origin in found}}
    return {pk for pk, origin in found if (left := stays[origin]) is None or pk in left}


def _note_what_is_over(people: Mapping[int, Person]) -> None:
    """Which wallets are left of other imports that have been taken back."""
    left = [wallet for person in people.values() for wallet in person.wallets if not wallet.payment_id]
    closed = {wallet.id: wallet for wallet in left if wallet.balance.status == "closed" and not wallet.balance.balance}
    by_wallet: dict[int, set[str]] = {}
    for account_id, origin in undo_money.origins(closed):
        by_wallet.setdefault(account_id, set()).add(origin)
    undone = {origin: _stays(_import_of(origin)) is not None for found in by_wallet.values() for origin in found}
    for account_id, found in by_wallet.items():
        closed[account_id].is_over = all(undone[origin] for origin in found)


def _stays(import_id: int | None) -> set[int] | None:
    """The customers of whom an undo of the import has kept something; None for everybody, where it was not undone."""
    status = select(Import.status).where(Import.id == import_id)
    if import_id is None or db.session.scalar(status) != "undone":
        return None
    kept = select(ImportRow.customer_id).where(ImportRow.import_id == import_id, ImportRow.undo == "kept")
    return {pk for (pk,) in db.session.execute(kept) if pk}


def undo_origin(import_id: int) -> str:
    """Where the audit trail says that the undo's changes come from."""
    return f"undo of import {import_id}"


def _import_of(origin: str) -> int | None:
    """The import that the origin names: "import 12" or "undo of import 12"."""
    number = origin.removeprefix("undo of ").removeprefix("import ")
    return int(number) if number.isdecimal() and origin.endswith(f"import {number}") else None


def repeated(import_id: int, limit: int) -> set[int]:
    """The customers (so many at most) whom several rows of the import have touched."""
    touched = ImportRow.import_id == import_id, ImportRow.outcome.in_(("created", "updated"))
    pks = select(ImportRow.customer_id).where(*touched).group_by(ImportRow.customer_id)
    return {pk for (pk,) in db.session.execute(pks.having(func.count() > 1).limit(limit)) if pk}


def unfinished(import_id: int, before: int | None, limit: int) -> list[Touched]:
    """The last rows before the one numbered `before` that have touched a customer and are not undone yet."""
    row = ImportRow
    wanted: Any = (
        select(row.row, row.customer_id, row.outcome, row.changes)
        .where(row.import_id == import_id, row.outcome.in_(("created", "updated")), row.undo.is_(None))
        .order_by(row.row.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(row.row < before)
    return [Touched(number, pk, outcome, changes or {}) for number, pk, outcome, changes in db.session.execute(wanted)]
