"""What each field gets back that a row has changed, unless somebody has changed it since. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.i18n import gettext as _
from crm.services.importing.columns import CHANNELS
from crm.services.importing.merge import Changes
from crm.services.importing.plan import ATTRIBUTE
from crm.services.importing.undo_money import Wallet
from crm.services.importing.undo_state import Channel, Person, State
from crm.text import fold


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one row: taken back, or kept for the reason in `note`."""

    row: int
    customer_id: int
    name: str
    note: str = ""


@dataclass
class Undoing:
    """What is to be written for some rows: each customer stands in one of the three lists at most."""

    state: State
    outcomes: list[Outcome] = field(default_factory=list)
    removed: list[Person] = field(default_factory=list)  # nothing has ever moved in their wallets
    archived: list[Person] = field(default_factory=list)  # the ledger remembers them
    restored: dict[int, Person] = field(default_factory=dict)  # by id: as they were before
    channels: list[Channel] = field(default_factory=list)  # to be deleted
    promoted: list[Channel] = field(default_factory=list)  # to be the main one of their type
    tags: list[tuple[int, int]] = field(default_factory=list)  # (customer id, tag id) to be deleted
    reversals: list[tuple[Wallet, int]] = field(default_factory=list)  # minor units to be given back
    closing: list[Wallet] = field(default_factory=list)
    fields: int = 0  # values put back
    returned: Counter[str] = field(default_factory=Counter)  # minor units by currency
    staying: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Work:
    """Where a field is put back, and what of it is to be noted."""

    person: Person
    undoing: Undoing
    changes: Changes  # as the audit trail will have them

    def note(self, name: str, old: Any, new: Any, values: int = 1) -> None:
        """Count so many values as put back."""
        self.changes[name] = (old, new)
        self.undoing.fields += values


Undo = Callable[[str, Any, Any, Work], list[str]]  # why it is kept, nothing where it was put back


def undo_of(name: str) -> Undo:
    """What puts the field back; it takes its name, what it had before and after the row, and the work."""
    special: dict[str, Undo] = {"external_id": _external_id, "tags": _tags, "status": _status}
    if name in CHANNELS:
        return _channels
    return _attribute if name.startswith(ATTRIBUTE) else special.get(name, _text)


def _text(name: str, before: Any, after: Any, work: Work) -> list[str]:
    data = work.person.record.data
    now, before = getattr(data, name), before or ""
    if now == before:
        return []
    if now != (after or ""):
        return [_other(name, now)]
    setattr(data, name, before)
    work.note(name, now, before)
    return []


def _external_id(name: str, before: Any, after: Any, work: Work) -> list[str]:
    person, state = work.person, work.undoing.state
    holders = state.holders
    if before and holders.get(before, person.pk) != person.pk and person.record.data.external_id == after:
        return [_("Another customer has the external ID %(value)s.", value=before)]
    kept = _text(name, before, after, work)
    if not kept:
        state.free(after or "", person.pk)
        if before:
            holders[before] = person.pk
    return kept


def _attribute(name: str, before: Any, after: Any, work: Work) -> list[str]:
    attributes, key = work.person.record.data.attributes, name.removeprefix(ATTRIBUTE)
    now = attributes.get(key)
    if now == before:
        return []
    if now != after:
        return [_other(name, now or "")]
    work.person.record.data.attributes = {**attributes, key: before}
    if before is None:
        del work.person.record.data.attributes[key]
    work.note(name, now, before)
    return []


def _status(name: str, _before: Any, _after: Any, work: Work) -> list[str]:
    record = work.person.record
    if not record.archived:
        record.archived = True
        work.note(name, "active", "archived")
    return []


def _tags(name: str, before: Any, after: Any, work: Work) -> list[str]:
    person = work.person
    added = {fold(tag) for tag in after} - {fold(tag) for tag in before or ()}
    there = added & person.tags.keys()
    if there:
        old = _names(person)
        work.undoing.tags += [(person.pk, person.tags.pop(key)[0]) for key in sorted(there)]
        work.note(name, old, _names(person), len(there))
    return []


def _names(person: Person) -> list[str]:
    return [name for _key, (_id, name) in sorted(person.tags.items())]


def _channels(name: str, _before: Any, after: Sequence[str], work: Work) -> list[str]:
    person = work.person
    mine = [one for one in person.channels if one.type == name and one.normalized in after]
    others = [one for one in person.channels if one.type == name and one not in mine]
    kept, gone = [], []
    for channel in mine:
        problem = _chosen(channel, others, work.undoing.state)
        if problem:
            kept.append(problem)
        else:
            gone.append(channel)
    if not gone:
        return kept
    person.channels = [one for one in person.channels if one not in gone]
    work.undoing.channels += gone
    rest = [one for one in person.channels if one.type == name]
    if rest and not any(one.is_primary for one in rest):
        rest[0].is_primary = True  # the oldest, as when a person takes the main one away
        work.undoing.promoted.append(rest[0])
    work.note(name, ", ".join(one.value for one in gone), None, len(gone))
    return kept


def _chosen(channel: Channel, others: Sequence[Channel], state: State) -> str:
    """Why the channel is no longer the import's: somebody has typed it again, or preferred it to an older one."""
    if state.ended_at and channel.created_at > state.ended_at:
        return _("%(value)s has been added again since.", value=channel.value)
    if channel.is_primary and any(other.id < channel.id for other in others):
        return _("%(value)s has been made the main contact since.", value=channel.value)
    return ""


def _other(name: str, now: str) -> str:
    return _("%(field)s was changed since; it is “%(now)s” now.", field=_label(name), now=now[:60])


def _label(name: str) -> str:
    """The field as people know it."""
    labels = {
        "name": _("Name"),
        "kind": _("Kind"),
        "company": _("Company"),
        "city": _("City"),
        "notes": _("Notes"),
        "external_id": _("External ID"),
    }
    return labels.get(name, name.removeprefix(ATTRIBUTE))
