"""What a row changes of a customer who is there already, by the policy of each column. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crm import money
from crm.i18n import gettext as _
from crm.services.customer_data import ChannelData, CustomerData, clean_tags, merged
from crm.services.importing.plan import ATTRIBUTE, Policy
from crm.services.importing.rows import Key, Row, derive
from crm.text import fold

Changes = dict[str, tuple[Any, Any]]  # field: (before, after)
_FIELDS = ("name", "company", "city", "notes", "external_id")


@dataclass(slots=True, eq=False)
class Record:
    """A customer while rows are decided on: stored already (`pk`), or to be stored."""

    data: CustomerData
    pk: int | None = None
    version: int = 1
    archived: bool = False
    derived: dict[str, str] = field(default_factory=dict)
    channels: list[ChannelData] = field(default_factory=list)  # that are not stored yet
    tags: list[str] = field(default_factory=list)  # that are not stored yet
    events: list[tuple[str, Changes]] = field(default_factory=list)  # audit action, changes as the trail keeps them
    balances: dict[str, int] = field(default_factory=dict)  # minor units by currency, where there is a wallet

    @property
    def keys(self) -> list[Key]:
        """Everything that a row may find the customer by."""
        keys = [(channel.type, channel.normalized) for channel in self.data.channels]
        return [*keys, ("external_id", self.data.external_id)] if self.data.external_id else keys


@dataclass(frozen=True, slots=True)
class Merged:
    """A customer as a row leaves them. `changes` say exactly what is to be taken back: scalars and attributes as they
    were, channels by type as (None, normalized values that are new), tags as all before and all after.
    """

    data: CustomerData
    channels: list[ChannelData]
    tags: list[str]
    changes: Changes

    def apply(self, record: Record) -> None:
        """Make it the customer's state."""
        record.data, record.derived, record.version = self.data, derive(self.data), record.version + 1
        record.channels = [*record.channels, *self.channels]
        record.tags = [*record.tags, *self.tags]
        record.events.append(("customer.updated", {**self.changes, **_as_typed(self.channels)}))


def merge(row: Row, record: Record, policies: Mapping[str, Policy]) -> Merged:
    """What the row makes of the customer; nothing is changed yet. ValueError where the tags or
    attributes together are too many.

    A value that the row does not give itself (a default) is for a blank alone.
    """
    before, given, taking = record.data, row.data, _Taking(row.given, policies)
    channels = taking.channels(before, given)
    tags = before.tags
    if given.tags and taking.takes("tags", not before.tags):
        tags = clean_tags([*before.tags, *given.tags])
    fields, attributes = taking.fields(before, given), taking.attributes(before, given)
    after = replace(before, **fields, tags=tags)
    if channels:
        after.channels = [*before.channels, *channels]
    if attributes:
        after.attributes = merged(before.attributes, attributes)
    return Merged(after, channels, tags[len(before.tags) :], _changes(before, after, channels))


@dataclass(frozen=True, slots=True)
class _Taking:
    """Which of a row's values are taken: `given` are the fields that stand in it."""

    given: frozenset[str]
    policies: Mapping[str, Policy]

    def takes(self, name: str, is_blank: bool) -> bool:
        policy = self.policies.get(name, "overwrite") if name in self.given else "fill"
        return policy == "overwrite" or (policy == "fill" and is_blank)

    def fields(self, before: CustomerData, given: CustomerData) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in _FIELDS:
            value, old = getattr(given, name), getattr(before, name)
            if value and value != old and self.takes(name, not old):
                found[name] = value
        if "kind" in self.given and self.takes("kind", False):
            found["kind"] = given.kind
        return found

    def channels(self, before: CustomerData, given: CustomerData) -> list[ChannelData]:
        known = {(channel.type, channel.normalized) for channel in before.channels}
        types = {channel.type for channel in before.channels}
        return [
            replace(channel, is_primary=channel.is_primary and channel.type not in types)
            for channel in given.channels
            if (channel.type, channel.normalized) not in known and self.takes(channel.type, channel.type not in types)
        ]

    def attributes(self, before: CustomerData, given: CustomerData) -> dict[str, str]:
        return {
            name: value
            for name, value in given.attributes.items()
            if value and self.takes(f"{ATTRIBUTE}{name}", not before.attributes.get(name))
        }


def _changes(before: CustomerData, after: CustomerData, channels: list[ChannelData]) -> Changes:
    changes: Changes = {
        name: (old, new)
        for name in (*_FIELDS, "kind")
        if (old := getattr(before, name)) != (new := getattr(after, name))
    }
    for name, value in after.attributes.items():
        if before.attributes.get(name) != value:
            changes[f"{ATTRIBUTE}{name}"] = (before.attributes.get(name), value)
    if len(after.tags) > len(before.tags):
        changes["tags"] = (sorted(before.tags, key=fold), sorted(after.tags, key=fold))
    for channel in channels:
        changes.setdefault(channel.type, (None, []))[1].append(channel.normalized)
    return changes


def _as_typed(channels: list[ChannelData]) -> Changes:
    values: dict[str, list[str]] = {}
    for channel in channels:
        values.setdefault(channel.type, []).append(channel.value)
    return {type_: (None, ", ".join(typed)) for type_, typed in values.items()}


def opened(currency: str, amount: int) -> Changes:
    """How a wallet that is opened stands among the changes."""
    return {f"wallet:{currency}": (None, money.to_text(amount, currency))}


def restore(record: Record) -> Changes:
    """Bring an archived customer back; nothing else changes."""
    changes: Changes = {"status": ("archived", "active")}
    record.archived, record.version = False, record.version + 1
    record.derived = record.derived or derive(record.data)
    record.events.append(("customer.active", changes))
    return changes


def archived(record: Record) -> str:
    """What is said of a row that means an archived customer who stays so."""
    return _("%(name)s is archived; choose to restore archived customers to bring them back.", name=record.data.name)
