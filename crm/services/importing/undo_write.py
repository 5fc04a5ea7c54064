"""Writing what an undo has decided on: so many statements a chunk, however many rows."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, delete, update

from crm import bulk
from crm.bulk import among, packed
from crm.db import db, utcnow
from crm.ledger import accounts
from crm.models import ContactChannel, Customer, CustomerTag, ImportRow
from crm.services.audit import Actor
from crm.services.customer_data import ChannelData
from crm.services.importing import undo_money, write
from crm.services.importing.merge import Changes, Record
from crm.services.importing.plan import ATTRIBUTE
from crm.services.importing.rows import derive
from crm.services.importing.undo_fields import Outcome, Undoing
from crm.services.importing.undo_state import Person

_QUIETLY = {"synchronize_session": False}
_AUDIT = ("at", "actor_id", "origin", "action", "entity", "entity_id", "changes")


def store(undoing: Undoing, import_id: int, actor: Actor) -> None:
    """Store all of it within the present transaction, the money first."""
    undo_money.give_back(undoing.reversals, import_id, actor)
    if undoing.closing:
        accounts.close([wallet.id for wallet in undoing.closing])
    events = _events(undoing)
    _take_off(undoing)
    changed = [*undoing.archived, *undoing.restored.values()]
    write.update([_settled(person) for person in changed], utcnow())
    _record(events, actor)
    _mark(undoing.outcomes, import_id)


def _take_off(undoing: Undoing) -> None:
    """Delete channels, tags and customers; external ids are free then for those who had them before."""
    _delete(ContactChannel, ContactChannel.id, (channel.id for channel in undoing.channels))
    if undoing.promoted:
        made = update(ContactChannel).where(among(ContactChannel.id)).values(is_primary=True)
        pks = packed(channel.id for channel in undoing.promoted)
        db.session.execute(made, pks, execution_options=_QUIETLY)
    if undoing.tags:
        table = CustomerTag.__table__
        pair = (table.c.customer_id == bindparam("customer"), table.c.tag_id == bindparam("tag"))
        rows = [{"customer": customer_id, "tag": tag_id} for customer_id, tag_id in undoing.tags]
        db.session.connection().execute(delete(table).where(*pair), rows)  # type: ignore[arg-type]
    _delete(Customer, Customer.id, (person.pk for person in undoing.removed))


def _delete(model: Any, column: Any, pks: Iterable[int]) -> None:
    wanted = list(pks)
    if wanted:
        db.session.execute(delete(model).where(among(column)), packed(wanted), execution_options=_QUIETLY)


def _settled(person: Person) -> Record:
    """The customer as one to be written, with all that is worked out anew."""
    record = person.record
    channels = [ChannelData(one.type, one.value, "", one.is_primary, one.normalized) for one in person.channels]
    tags = [name for _id, name in person.tags.values()]
    record.derived = derive(replace(record.data, channels=channels, tags=tags))
    record.version += 1
    return record


Event = tuple[str, str, int, Changes]  # action, entity, its id, changes


def _events(undoing: Undoing) -> list[Event]:
    people = [*undoing.archived, *undoing.restored.values()]
    events = [(action, "customer", one.pk, changes) for one in people for action, changes in one.record.events]
    events += [("customer.deleted", "customer", one.pk, _all_of(one)) for one in undoing.removed]
    closed: Changes = {"status": ("open", "closed")}
    return [*events, *(("account.closed", "account", wallet.id, closed) for wallet in undoing.closing)]


def _all_of(person: Person) -> Changes:
    """What the customer was, as when a person deletes them."""
    data = person.record.data
    names = ("name", "kind", "company", "city", "notes", "external_id")
    values: dict[str, Any] = {name: value for name in names if (value := getattr(data, name))}
    values |= {f"{ATTRIBUTE}{name}": value for name, value in data.attributes.items()}
    if person.tags:
        values["tags"] = [name for _id, name in person.tags.values()]
    if person.channels:
        values["channels"] = [f"{channel.type}: {channel.value}" for channel in person.channels]
    return {name: (value, None) for name, value in values.items()}


def _record(events: Iterable[Event], actor: Actor) -> None:
    at, origin = bulk.stamp(utcnow()), actor.origin[:64]
    rows = [
        (at, actor.user_id, origin, action, entity, str(pk), json.dumps(changes))
        for action, entity, pk, changes in events
    ]
    bulk.insert("audit_entries", _AUDIT, rows)


def _mark(outcomes: Iterable[Outcome], import_id: int) -> None:
    """Say in each row what has become of it: this is how far the undo has come."""
    undone = [outcome.row for outcome in outcomes if not outcome.note]
    kept = [{"number": outcome.row, "note": outcome.note} for outcome in outcomes if outcome.note]
    mine = ImportRow.import_id == import_id
    if undone:
        done = update(ImportRow).where(mine, among(ImportRow.row)).values(undo="undone")
        db.session.execute(done, packed(undone), execution_options=_QUIETLY)
    if kept:
        table: Any = ImportRow.__table__
        stays = update(table).where(table.c.import_id == import_id, table.c.row == bindparam("number"))
        db.session.connection().execute(stays.values(undo="kept", undo_note=bindparam("note")), kept)
