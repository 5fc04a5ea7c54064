"""What of an import can be taken back: row after row, the last one first. Pure: customers in, decisions out."""

from collections.abc import Iterable

from crm import money
from crm.i18n import gettext as _
from crm.ledger.refusals import sentence
from crm.services.importing.merge import Changes
from crm.services.importing.undo_fields import Outcome, Undoing, Work, undo_of
from crm.services.importing.undo_money import Wallet
from crm.services.importing.undo_state import Person, State, Touched

WALLET = "wallet:"


def decide(rows: Iterable[Touched], state: State) -> Undoing:
    """Decide on the rows, which stand in falling order: what a later one has changed goes before what an earlier one
    has. The people in `state` are changed to what they will be.
    """
    undoing = Undoing(state)
    for row in rows:
        person = state.people.get(row.customer_id)
        if person is None:
            gone = "" if row.outcome == "created" else _("The customer has been deleted since.")
            undoing.outcomes.append(Outcome(row.row, row.customer_id, "", gone))
            continue
        name = person.record.data.name
        kept = _remove(person, undoing) if row.outcome == "created" else _put_back(row, person, undoing)
        undoing.outcomes.append(Outcome(row.row, row.customer_id, name, " ".join(kept)))
    return undoing


def _remove(person: Person, undoing: Undoing) -> list[str]:
    """Take a customer away whom the import has made; wholly or not at all."""
    kept = _in_use(person)
    if kept:
        undoing.staying.update({wallet.currency: wallet.left for wallet in person.wallets if wallet.left})
        return kept
    for wallet in person.wallets:
        _reverse(wallet, undoing)
    undoing.restored.pop(person.pk, None)
    undoing.state.free(person.record.data.external_id, person.pk)
    if person.wallets:
        _archive(person, undoing)
    else:
        undoing.removed.append(person)
    return []


def _in_use(person: Person) -> list[str]:
    kept = []
    if person.is_changed:
        kept.append(_("The customer has been changed since."))
    if person.signs_in:
        kept.append(_("The customer signs in themselves."))
    if any(not wallet.payment_id and not wallet.is_over for wallet in person.wallets):
        kept.append(_("The customer has got a wallet since."))
    refused = [_refused(wallet) for wallet in person.wallets if wallet.left and wallet.refusal]
    if refused:
        return [*kept, *refused]
    if any(wallet.is_used and not wallet.is_over for wallet in person.wallets):
        kept.append(_("Money of the customer has moved since."))
    return kept


def _archive(person: Person, undoing: Undoing) -> None:
    """Put a customer away whose money has moved, without what rows are matched by: the file can come again."""
    record = person.record
    changes: Changes = {} if record.archived else {"status": ("active", "archived")}
    if record.data.external_id:
        changes["external_id"] = (record.data.external_id, "")
        record.data.external_id = ""
    if person.channels:
        changes["channels"] = ([f"{one.type}: {one.value}" for one in person.channels], None)
        undoing.channels += person.channels
        person.channels = []
    record.archived = True
    record.events.append(("customer.archived", changes))
    undoing.archived.append(person)


def _put_back(row: Touched, person: Person, undoing: Undoing) -> list[str]:
    """Give each field that the row has changed what it had before, unless somebody has changed it since."""
    changes: Changes = {}
    kept: list[str] = []
    for name, (before, after) in row.changes.items():
        if name.startswith(WALLET):
            kept += _take_money(name.removeprefix(WALLET), person, undoing)
        else:
            kept += undo_of(name)(name, before, after, Work(person, undoing, changes))
    if changes:
        undoing.restored[person.pk] = person
        status = changes.pop("status", None)
        if status:
            person.record.events.append(("customer.archived", {"status": status}))
        if changes:
            person.record.events.append(("customer.updated", changes))
    return kept


def _take_money(currency: str, person: Person, undoing: Undoing) -> list[str]:
    """Give back what was brought into the wallet that the import has opened."""
    for wallet in person.wallets:
        if wallet.currency == currency and wallet.left:
            if wallet.refusal:
                undoing.staying[currency] += wallet.left
                return [_refused(wallet)]
            _reverse(wallet, undoing)
    return []


def _reverse(wallet: Wallet, undoing: Undoing) -> None:
    closes = wallet.will_close
    if wallet.left:
        undoing.returned[wallet.currency] += wallet.left
        undoing.reversals.append((wallet, wallet.left))
        wallet.balance.balance -= wallet.left
        wallet.left = 0
    if closes:
        undoing.closing.append(wallet)
        wallet.balance.status = "closed"


def _refused(wallet: Wallet) -> str:
    if wallet.refusal != "insufficient_funds":
        return f"{wallet.currency}: {sentence(wallet.refusal)}"
    return _(
        "The money was spent: %(left)s %(currency)s were brought over, %(there)s %(currency)s are left.",
        left=money.to_text(wallet.left, wallet.currency),
        there=money.to_text(max(wallet.balance.available, 0), wallet.currency),
        currency=wallet.currency,
    )
