"""What becomes of each row: created, updated, unchanged, skipped or failed. Pure: customers in, decisions out."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from crm import money
from crm.i18n import gettext as _
from crm.services.customer_data import CustomerData
from crm.services.importing.merge import Changes, Record, archived, merge, opened, restore
from crm.services.importing.plan import CRM_ID, Plan, Policy
from crm.services.importing.rows import Key, Row
from crm.text import fold


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
    """What becomes of one row: `outcome` is one of `models.imports.OUTCOMES`, `message` says what was not taken.

    `version` is the customer's after the row; `changes` is None for new customers and where nothing is touched.
    """

    row: Row
    outcome: str
    record: Record | None = None
    message: str = ""
    changes: Changes | None = None
    version: int | None = None


@dataclass
class Decisions:
    """What is to be counted and written for some rows: one result a row, in their order, and each record once."""

    plan: Plan
    results: list[Result] = field(default_factory=list)
    new: list[Record] = field(default_factory=list)
    changed: list[Record] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    policies: Mapping[str, Policy] = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what is the same for every row."""
        self.policies = self.plan.policies

    @property
    def counts(self) -> Counter[str]:
        """How many rows have each outcome."""
        return Counter(result.outcome for result in self.results)

    def fail(self, row: Row, message: str, record: Record | None = None) -> None:
        """Leave the row out, and say why."""
        self.results.append(Result(row, "failed", record, message))

    def touched(self, record: Record) -> None:
        """Have the record written; it stands among the new or the changed ones only once."""
        if not record.events:
            self.changed.append(record)


def decide(rows: Iterable[Row], owners: Owners, plan: Plan) -> Decisions:
    """Decide on the rows in order. `owners` has the customers who hold a key of one of the rows (for `create`
    those with an external id are enough; for `update` they are complete); what rows claim is added to it.
    """
    decisions = Decisions(plan)
    take = _RULES[plan.on_duplicate]
    for row in rows:
        if row.error:
            decisions.fail(row, row.error)
        else:
            take(row, owners, decisions)
    return decisions


def _skip(row: Row, owners: Owners, decisions: Decisions) -> None:
    key = next((key for key in row.keys if owners.get(key)), None)
    found = owners[key] if key else []
    if len(found) != 1:
        numbered, conflict = _numbered(row, owners, found)
        if conflict:
            decisions.fail(row, conflict, numbered)
            return
        found = [numbered] if numbered else found
    if not found:
        _create(row, owners, decisions)
        return
    record = next((holder for holder in found if not holder.archived), found[0])
    if not record.archived:
        decisions.results.append(Result(row, "skipped", record, _known_by(key, row), version=record.version))
    elif decisions.plan.restore:
        decisions.touched(record)
        changes = restore(record)
        decisions.results.append(Result(row, "updated", record, "", changes, record.version))
    else:
        decisions.results.append(Result(row, "skipped", record, archived(record), version=record.version))


def _known_by(key: Key | None, row: Row) -> str:
    """Why the row was skipped, where that is not plain: families share phones, but nobody an external id."""
    if key is None:
        return _("Taken for the customer who has the CRM ID %(value)s.", value=row.crm_id)
    kind, value = key
    return "" if kind == "external_id" else _("Taken for the customer who has %(value)s.", value=value)


def _update(row: Row, owners: Owners, decisions: Decisions) -> None:
    match, conflict = _matching(row, owners)
    if conflict:
        decisions.fail(row, conflict, match)
    elif match is None:
        _create(row, owners, decisions)
    else:
        _merge(row, match, owners, decisions)


_RULES: dict[str, Callable[[Row, Owners, Decisions], None]] = {
    "skip": _skip,
    "update": _update,
    "create": lambda row, owners, decisions: _create(row, owners, decisions),
}


def _matching(row: Row, owners: Owners) -> tuple[Record | None, str]:
    """The customer whom the row is taken for, or what stands in the way.

    The first key that is held decides; where several customers hold it, the next keys choose among them, and the
    number of an export at last. A key that none of these holds, but somebody else, is a conflict.
    """
    found: list[Record] = []
    by = ""
    for key in row.keys:
        holders = owners.get(key)
        if not holders:
            continue
        if not found:
            found, by = holders, key[1]
            continue
        both = [record for record in found if record in holders]
        if not both:
            return found[0], _two(found[0], by, holders[0], key[1])
        found = both
    if len(found) != 1:
        numbered, conflict = _numbered(row, owners, found)
        if conflict:
            return numbered, conflict
        found = [numbered] if numbered else found
    if len(found) > 1:
        return found[0], _two(found[0], by, found[1], by)
    return (found[0], "") if found else (None, "")


def _numbered(row: Row, owners: Owners, found: list[Record]) -> tuple[Record | None, str]:
    """Whom the number of an export means, or what stands in the way: among those who were `found` by a key, or else
    where none was. The file may come from elsewhere, so the name has to be the same; a customer of that name whom
    something else is known of may be another one, or the same after a change: nobody can tell.
    """
    record = next(iter(owners.get((CRM_ID, row.crm_id), ())), None)
    if record is None or fold(record.data.name) != fold(row.data.name):
        return None, ""
    if found:
        return (record if record in found else None), ""
    if _identity(record.data) == _identity(row.data):
        return record, ""
    return record, _(
        "%(name)s with the CRM ID %(value)s has other contacts here. Mend them, or leave the ID blank.",
        name=record.data.name,
        value=row.crm_id,
    )


def _identity(data: CustomerData) -> tuple[str, set[tuple[str, str]]]:
    return data.external_id, {(channel.type, channel.normalized) for channel in data.channels}


def _two(first: Record, first_value: str, second: Record, second_value: str) -> str:
    return _(
        "Two customers match this row: %(first)s by %(first_value)s, and %(second)s by %(second_value)s.",
        first=first.data.name,
        first_value=first_value,
        second=second.data.name,
        second_value=second_value,
    )


def _create(row: Row, owners: Owners, decisions: Decisions) -> None:
    data = row.data
    if row.debt:
        decisions.fail(row, row.debt)
        return
    if _is_taken(row, None, owners, decisions):
        return
    record = Record(data, derived=row.derived, channels=data.channels, tags=data.tags)
    record.events.append(("customer.created", {"name": (None, data.name)}))
    decisions.new.append(record)
    _open(row, record, decisions)
    decisions.results.append(Result(row, "created", record, version=1))
    for key in keys_of(row):
        owners[key] = [record]


def keys_of(row: Row) -> tuple[Key, ...]:
    """What the row may be matched by, and its external id, which nobody else may have even if it is not."""
    external_id = ("external_id", row.data.external_id)
    return row.keys if not external_id[1] or external_id in row.keys else (*row.keys, external_id)


def _is_taken(row: Row, record: Record | None, owners: Owners, decisions: Decisions) -> bool:
    """Whether the row fails because its external id is another customer's."""
    holders = owners.get(("external_id", row.data.external_id))
    if not holders or record in holders:
        return False
    values = {"value": row.data.external_id, "name": holders[0].data.name}
    decisions.fail(row, _("%(name)s has the external ID %(value)s already.", **values), holders[0])
    return True


def _merge(row: Row, record: Record, owners: Owners, decisions: Decisions) -> None:
    may_open = decisions.policies.get("wallet_balance") != "never"
    if row.debt and may_open and not _is_owed(row, record):
        decisions.fail(row, row.debt, record)
        return
    try:
        merged = merge(row, record, decisions.policies)
    except ValueError as error:  # the tags together are too many
        decisions.fail(row, str(error), record)
        return
    if "external_id" in merged.changes and _is_taken(row, record, owners, decisions):
        return
    changes: Changes = {}
    messages = []
    if record.archived and decisions.plan.restore:
        decisions.touched(record)
        changes |= restore(record)
    elif record.archived:
        messages.append(archived(record))
    if merged.changes:
        decisions.touched(record)
        merged.apply(record)
        _claim(row, record, merged.changes, owners)
    wallets, left_out = _open(row, record, decisions) if may_open else ({}, [])
    changes |= merged.changes | wallets
    outcome = "updated" if changes else "unchanged"
    message = " ".join([*messages, *left_out])
    decisions.results.append(Result(row, outcome, record, message, changes or None, record.version))


def _is_owed(row: Row, record: Record) -> bool:
    """Whether the customer's wallets owe just what the row says: then there is nothing to open, and nothing wrong."""
    return all(record.balances.get(currency) == amount for currency, amount in row.openings if amount < 0)


def _claim(row: Row, record: Record, changes: Changes, owners: Owners) -> None:
    """Let later rows find the customer by what this row has brought, and no longer by what it has replaced."""
    if "external_id" in changes:
        owners.pop(("external_id", changes["external_id"][0]), None)
    for key in keys_of(row):
        if key[0] in changes:
            holders = owners.setdefault(key, [])
            if record not in holders:
                owners[key] = [*holders, record]


def _open(row: Row, record: Record, decisions: Decisions) -> tuple[Changes, list[str]]:
    """Have wallets opened with the row's balances, where there is none in their currency: a file tells what was there
    before, it never tops up. What is opened, and a sentence for each wallet that has another balance.
    """
    wallets: Changes = {}
    left_out = []
    for currency, amount in row.openings:
        held = record.balances.get(currency)
        if held is None:
            record.balances[currency] = amount
            decisions.openings.append(Opening(record, currency, amount, row.number))
            wallets |= opened(currency, amount)
        elif held != amount:
            left_out.append(_left_out(currency, held, amount))
    return wallets, left_out


def _left_out(currency: str, held: int, given: int) -> str:
    return _(
        "There is a wallet with %(held)s %(currency)s already; the balance of %(given)s was left out.",
        held=money.to_text(held, currency),
        given=money.to_text(given, currency),
        currency=currency,
    )
