"""Who changed what: one row for every change, written in the transaction of the change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from crm.db import db
from crm.models import AuditEntry


@dataclass(frozen=True)
class Actor:
    """Who acts, and from where: an IP address, "cli", or "import 12"."""

    user_id: int | None
    origin: str


def record(
    actor: Actor, action: str, entity: str, entity_id: int | str, changes: Mapping[str, tuple[Any, Any]] | None = None
) -> None:
    """Add the row to the present transaction; `changes` maps a field to its value before and after.

    Secrets never go in: a changed password is recorded as an action without values.
    """
    db.session.add(
        AuditEntry(
            actor_id=actor.user_id,
            origin=actor.origin[:64],
            action=action,
            entity=entity,
            entity_id=str(entity_id),
            changes={field: list(pair) for field, pair in (changes or {}).items()},
        )
    )


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields that differ, with both values; what was not there and is blank now does not.

    >>> difference({"city": "", "name": "Anna", "size": "M"}, {"city": "Tver", "name": "Anna", "notes": ""})
    {'city': ('', 'Tver'), 'size': ('M', None)}
    """
    pairs = {field: (before.get(field), after.get(field)) for field in (*after, *(before.keys() - after.keys()))}
    return {
        field: (old, new)
        for field, (old, new) in pairs.items()
        if old != new and (old is not None or new not in ("", []))
    }


@dataclass(frozen=True)
class AuditPage:
    """Some entries, newest first; `next_before` continues, None on the last page."""

    items: list[AuditEntry]
    next_before: int | None


def entries(before: int | None = None, limit: int = 50) -> AuditPage:
    """The audit trail, newest first, from the entry before the id `before` on."""
    statement = select(AuditEntry).options(joinedload(AuditEntry.actor)).order_by(AuditEntry.id.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    found = list(db.session.scalars(statement))
    return AuditPage(found[:limit], found[limit - 1].id if len(found) > limit else None)
