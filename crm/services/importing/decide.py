"""What becomes of each row: created, updated, unchanged, skipped or failed. Pure: customers in, decisions out."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from crm import money
from crm.i18n import gettext as _
from crm.services.customer_data import ChannelData, CustomerData, clean_tags
from crm.services.importing.rows import Key, Row, derive
from crm.text import fold

Changes = dict[str, tuple[Any, Any]]  # field: (before, after), as the audit trail keeps them
_FIELDS = ("name", "company", "city", "notes", "external_id")


@dataclass(slots=True, eq=False)
class Record:
    """A customer while rows are decided on: stored already (`pk`), or to be stored."""

    data: CustomerData
    pk: int | None = None
    version: int = 1
    derived: dict[str, str] = field(default_factory=dict)
    channels: list[ChannelData] = field(default_factory=list)  # that are not stored yet
    tags: list[str] = field(default_factory=list)  # that are not stored yet
    events: list[tuple[str, Changes]] = field(default_factory=list)  # audit action, changes
    balances: dict[str, int] = field(default_factory=dict)  # minor units by currency, where there is a wallet


@dataclass(frozen=True, slots=True)
class Opening:
    """A wallet to be opened with a balance brought over, in minor units; `row` is where the file says so."""

    record: Record
    currency: str
    amount: int
    row: int


Owners = dict[Key, list[Record]]


@dataclass(frozen=True, slots=True)
class Result:
    """What becomes of one row: `outcome` is one of `models.imports.OUTCOMES`, `message` says what was not taken."""

    row: Row
    outcome: str
    record: Record | None = None
    message: str = ""
    changes: Changes | None = None
    version: int | None = None


@dataclass
class Decisions:
    """What is to be counted and written for some rows: one result a row, in their order, and each record once."""

    results: list[Result] = field(default_factory=list)
    new: list[Record] = field(default_factory=list)
    changed: list[Record] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """How many rows have each outcome."""
        return Counter(result.outcome for result in self.results)

    def fail(self, row: Row, message: str) -> None:
        """Leave the row out, and say why."""
        self.results.append(Result(row, "failed", message=message))


def decide(rows: Iterable[Row], owners: Owners, on_duplicate: str) -> Decisions:
    """Decide on the rows in order. `owners` has the customers who hold a key of one of the rows (for `create`
    those with an external id are enough; for `update` they are complete); what rows claim is added to it.
    """
    decisions = Decisions()
    take = _RULES[on_duplicate]
    for row in rows:
        if row.error:
            decisions.fail(row, row.error)
        else:
            take(row, owners, decisions)
    return decisions


def _skip(row: Row, owners: Owners, decisions: Decisions) -> None:
    holder = next((owners[key][0] for key in row.keys if key in owners), None)
    if holder:
        decisions.results.append(Result(row, "skipped", holder, version=holder.version))
    else:
        _create(row, owners, decisions)


def _update(row: Row, owners: Owners, decisions: Decisions) -> None:
    matches: dict[Record, str] = {}  # with the first value that matched
    for key in row.keys:
        for record in owners.get(key, ()):
            matches.setdefault(record, key[1])
    if not matches:
        _create(row, owners, decisions)
    elif len(matches) > 1:
        decisions.fail(row, _ambiguous(matches))
    else:
        _merge(row, next(iter(matches)), owners, decisions)


def _create_always(row: Row, owners: Owners, decisions: Decisions) -> None:
    holders = owners.get(("external_id", row.data.external_id))
    if holders:
        values = {"value": row.data.external_id, "name": holders[0].data.name}
        decisions.fail(row, _("%(name)s has the external ID %(value)s already.", **values))
    else:
        _create(row, owners, decisions)


_RULES: dict[str, Callable[[Row, Owners, Decisions], None]] = {
    "skip": _skip,
    "update": _update,
    "create": _create_always,
}


def _create(row: Row, owners: Owners, decisions: Decisions) -> None:
    data = row.data
    record = Record(data, derived=row.derived, channels=data.channels, tags=data.tags)
    record.events.append(("customer.created", {"name": (None, data.name)}))
    decisions.new.append(record)
    _opened, note = _open(row, record, decisions)
    decisions.results.append(Result(row, "created", record, note, version=record.version))
    for key in row.keys:
        owners[key] = [record]


def _merge(row: Row, record: Record, owners: Owners, decisions: Decisions) -> None:
    before = record.data
    try:
        tags = clean_tags([*before.tags, *row.data.tags])
    except ValueError as error:  # together they are too many
        decisions.fail(row, str(error))
        return
    channels = _missing_channels(before, row.data)
    after = replace(before, **_given(row), tags=tags, channels=[*before.channels, *channels])
    changes = _changes(before, after, channels)
    opened, note = _open(row, record, decisions)
    outcome = "updated" if changes or opened else "unchanged"
    version = record.version + bool(changes)
    decisions.results.append(Result(row, outcome, record, note, {**changes, **opened} or None, version))
    if not changes:
        return
    if not record.events:  # else it stands among the new or the changed ones already
        decisions.changed.append(record)
    record.data, record.derived, record.version = after, derive(after), record.version + 1
    record.channels = [*record.channels, *channels]
    record.tags = [*record.tags, *tags[len(before.tags) :]]
    record.events.append(("customer.updated", changes))
    if "external_id" in changes:
        owners.pop(("external_id", before.external_id), None)
    for key in row.keys:
        owners[key] = [record]


def _open(row: Row, record: Record, decisions: Decisions) -> tuple[Changes, str]:
    """Have wallets opened with the row's balances, where there is none in their currency: a file tells what was there
    before, it never tops up. What was opened, and what is to be said where a wallet has another balance.
    """
    opened: Changes = {}
    notes = []
    for currency, amount in row.openings:
        held = record.balances.get(currency)
        if held is None:
            record.balances[currency] = amount
            decisions.openings.append(Opening(record, currency, amount, row.number))
            opened[f"wallet:{currency}"] = (None, money.to_text(amount, currency))
        elif held != amount:
            notes.append(_left_out(currency, held, amount))
    return opened, " ".join(notes)


def _left_out(currency: str, held: int, given: int) -> str:
    return _(
        "There is a wallet with %(held)s %(currency)s already; the balance of %(given)s was left out.",
        held=money.to_text(held, currency),
        given=money.to_text(given, currency),
        currency=currency,
    )


def _given(row: Row) -> dict[str, Any]:
    given: dict[str, Any] = {name: value for name in _FIELDS if (value := getattr(row.data, name))}
    return given | {"kind": row.data.kind} if "kind" in row.given else given


def _missing_channels(before: CustomerData, given: CustomerData) -> list[ChannelData]:
    known = {(channel.type, channel.normalized) for channel in before.channels}
    types = {channel.type for channel in before.channels}
    return [
        replace(channel, is_primary=channel.is_primary and channel.type not in types)
        for channel in given.channels
        if (channel.type, channel.normalized) not in known
    ]


def _changes(before: CustomerData, after: CustomerData, channels: list[ChannelData]) -> Changes:
    changes: Changes = {
        name: (getattr(before, name), getattr(after, name))
        for name in (*_FIELDS, "kind")
        if getattr(before, name) != getattr(after, name)
    }
    if len(after.tags) > len(before.tags):
        changes["tags"] = (sorted(before.tags, key=fold), sorted(after.tags, key=fold))
    for channel in channels:
        values = [other.value for other in channels if other.type == channel.type]
        changes[channel.type] = (None, ", ".join(values))
    return changes


def _ambiguous(matches: dict[Record, str]) -> str:
    (first, first_value), (second, second_value) = list(matches.items())[:2]
    return _(
        "Two customers match this row: %(first)s by %(first_value)s, and %(second)s by %(second_value)s.",
        first=first.data.name,
        first_value=first_value,
        second=second.data.name,
        second_value=second_value,
    )
