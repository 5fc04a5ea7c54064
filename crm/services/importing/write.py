"""Writing customers by the thousand: COPY on PostgreSQL, executemany on SQLite; ids are taken beforehand."""

import json
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, select, text

from crm import bulk
from crm.bulk import among, insert, new_ids, packed
from crm.db import db, is_postgresql, utcnow
from crm.models import Customer, Tag
from crm.services.importing.decide import Decisions
from crm.services.importing.merge import Record
from crm.text import fold

_KEYS = ("name_key", "city_key", "phone_key", "email_key", "tags_key", "search_text")
_FIELDS = ("kind", "name", "company", "city", "notes")
CUSTOMER = ("id", *_FIELDS, "external_id", "attributes", "status", "version", "created_at", "updated_at", *_KEYS)
CHANNEL = ("customer_id", "type", "value", "normalized", "label", "is_primary", "created_at")
_AUDIT = ("at", "actor_id", "origin", "action", "entity", "entity_id", "changes")


def write(decisions: Decisions, import_id: int, actor_id: int | None) -> None:
    """Store what was decided, within the present transaction: so many statements however many rows.

    Raises SQLAlchemy's `IntegrityError` when somebody has taken an external id meanwhile.
    """
    now = utcnow()
    stamp = bulk.stamp(now)
    for record, pk in zip(decisions.new, new_ids("customers", len(decisions.new)), strict=True):
        record.pk = pk
    records = [*decisions.new, *decisions.changed]
    update(decisions.changed, now)
    insert("customers", CUSTOMER, [customer_row(record, stamp) for record in decisions.new])
    insert("contact_channels", CHANNEL, [row for record in records for row in channel_rows(record, stamp)])
    insert("customer_tags", ("customer_id", "tag_id"), _tags(records))
    insert("audit_entries", _AUDIT, [row for record in records for row in _audit(record, stamp, import_id, actor_id)])


def customer_row(record: Record, stamp: str) -> tuple[Any, ...]:
    """A new customer as `CUSTOMER` columns; `stamp` is the present moment in the engine's own form."""
    data, keys = record.data, record.derived
    return (
        record.pk,
        data.kind,
        data.name,
        data.company,
        data.city,
        data.notes,
        data.external_id or None,
        json.dumps(data.attributes) if data.attributes else "{}",
        "active",
        record.version,
        stamp,
        stamp,
        *(keys[name] for name in _KEYS),
    )


def channel_rows(record: Record, stamp: str) -> list[tuple[Any, ...]]:
    """The channels that are not stored yet as `CHANNEL` columns."""
    return [
        (record.pk, channel.type, channel.value, channel.normalized, channel.label, channel.is_primary, stamp)
        for channel in record.channels
    ]


def _audit(record: Record, stamp: str, import_id: int, actor_id: int | None) -> list[tuple[Any, ...]]:
    origin, pk = f"import {import_id}", str(record.pk)
    return [(stamp, actor_id, origin, action, "customer", pk, json.dumps(changes)) for action, changes in record.events]


def update(records: list[Record], now: datetime) -> None:
    """Write customers who are stored already as their records have them, within the present transaction."""
    if not records:
        return
    # External ids that move from one customer to another are let go first, in whatever order the rows have it.
    moved = [record.pk or 0 for record in records if any("external_id" in changes for _, changes in record.events)]
    if moved:
        free = sa.update(Customer).where(among(Customer.id)).values(external_id=None)
        db.session.execute(free, packed(moved), execution_options={"synchronize_session": False})
    rows = [_changed(record, now) for record in records]
    if is_postgresql():
        db.session.execute(_UPDATE_ALL, {"rows": json.dumps(rows)})
    else:
        db.session.connection().exec_driver_sql(_UPDATE_EACH, rows)


_CHANGED = dict.fromkeys((*_FIELDS, "external_id", "status", *_KEYS), "text") | {
    "attributes": "json",
    "version": "integer",
    "updated_at": "timestamptz",
}
# One statement for all of them: a statement each, even in a pipeline, takes three times as long.
_UPDATE_ALL = text(
    f"UPDATE customers SET {', '.join(f'{name} = new.{name}' for name in _CHANGED)}"  # noqa: S608  (own names)
    f" FROM json_to_recordset(CAST(:rows AS json)) AS new"
    f" (pk bigint, {', '.join(f'{name} {type_}' for name, type_ in _CHANGED.items())}) WHERE customers.id = new.pk"
)
_UPDATE_EACH = f"UPDATE customers SET {', '.join(f'{name} = :{name}' for name in _CHANGED)} WHERE id = :pk"  # noqa: S608


def _changed(record: Record, now: datetime) -> dict[str, Any]:
    values = {name: getattr(record.data, name) for name in _FIELDS}
    attributes: Any = record.data.attributes  # a part of the JSON there, a text of its own here
    rest = {
        "external_id": record.data.external_id or None,
        "status": "archived" if record.archived else "active",
        "attributes": attributes if is_postgresql() else json.dumps(attributes),
        "version": record.version,
        "updated_at": bulk.stamp(now),
    }
    return {"pk": record.pk, **values, **rest, **record.derived}


def _tags(records: list[Record]) -> list[tuple[Any, ...]]:
    names: dict[str, str] = {}
    for record in records:
        for tag in record.tags:
            names.setdefault(fold(tag), tag)
    if not names:
        return []
    ids = _tag_ids(names)
    return [(record.pk, ids[fold(tag)]) for record in records for tag in record.tags]


def _tag_ids(names: dict[str, str]) -> dict[str, int]:
    """Ids by key, of tags made where they are new; in order of keys, so that two writers never wait in a circle."""
    known = _known_tags(list(names))
    fresh = [{"name": names[key], "key": key} for key in sorted(names.keys() - known.keys())]
    if fresh:
        statement = text("INSERT INTO tags (name, key) VALUES (:name, :key) ON CONFLICT (key) DO NOTHING")
        db.session.execute(statement, fresh)
        known |= _known_tags([tag["key"] for tag in fresh])
    return known


@cache
def _tags_of(_postgresql: bool) -> Select[Any]:
    """Built once: on SQLite, where chunks are small, building it takes longer than running it."""
    statement: Any = select(Tag.key, Tag.id).where(among(Tag.key))
    return statement


def _known_tags(keys: list[str]) -> dict[str, int]:
    found = db.session.connection().execute(_tags_of(is_postgresql()), packed(keys))
    return {tag.key: tag.id for tag in found}
