"""Customers' wallets: opened, named, frozen, closed, and how much may be overdrawn."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import or_, select

from crm.db import atomic, db, locked, retrying
from crm.errors import Invalid, NotFound
from crm.i18n import gettext as _
from crm.ledger import accounts as ledger
from crm.models import Account, AccountBalance, Customer
from crm.models.ledger import ACCOUNT_STATUSES
from crm.money import MAX_MINOR
from crm.services import audit, currencies
from crm.services.amounts import noted, typed_limit
from crm.services.audit import Actor
from crm.text import has_control, squeeze

NAME_LIMIT = 100
T = TypeVar("T")


@dataclass(frozen=True)
class Wallet:
    """A customer's account with what it holds, in minor units of its currency."""

    id: int
    customer_id: int
    currency: str
    name: str
    status: str
    overdraft_limit: int
    balance: int
    held: int
    last_at: datetime | None

    @property
    def available(self) -> int:
        """How much may be taken."""
        return self.balance - self.held + self.overdraft_limit


@dataclass(frozen=True)
class OwnedWallet:
    """A wallet as one to send money to: its number, and whose it is."""

    id: int
    customer_id: int
    owner: str
    name: str


def of_customer(customer_id: int) -> list[Wallet]:
    """The customer's wallets, the oldest first; closed ones last."""
    found = db.session.execute(_wallets().where(Account.customer_id == customer_id).order_by(Account.id))
    return sorted((Wallet(*row) for row in found), key=lambda wallet: wallet.status == "closed")


def with_owners(currency: str, customer_ids: Sequence[int] = (), account_ids: Sequence[int] = ()) -> list[OwnedWallet]:
    """The open wallets in the currency that have these owners or these ids, in order; closed and frozen ones are
    not among them.
    """
    which: Any = or_(Account.customer_id.in_(customer_ids), Account.id.in_(account_ids))
    wanted: Any = (
        select(Account.id, Account.customer_id, Customer.name, Account.name)
        .join(Customer, Customer.id == Account.customer_id)
        .where(which, Account.currency == currency, Account.status == "open")
    )
    return [OwnedWallet(*row) for row in db.session.execute(wanted.order_by(Customer.name_key, Account.id))]


def wallet(customer_id: int, account_id: int, field: str = "account") -> Wallet:
    """The customer's wallet with this id; `Invalid` at the field where it is none of theirs."""
    row = db.session.execute(
        _wallets().where(Account.id == account_id, Account.customer_id == customer_id)
    ).one_or_none()
    if row is None:
        raise Invalid({field: [_("There is no such wallet.")]})
    return Wallet(*row)


def whose(account_id: int) -> tuple[str | None, str | None] | None:
    """The code of a technical account, or the name of the customer whose account it is; None where there is none."""
    wanted = select(Account.code, Customer.name).outerjoin(Customer, Customer.id == Account.customer_id)
    found = db.session.execute(wanted.where(Account.id == account_id)).one_or_none()
    return None if found is None else (found[0], found[1])


@retrying
def open_wallet(actor: Actor, customer_id: int, currency: str, name: str = "", after: int | None = None) -> int:
    """Open a wallet in a currency that is in use; its id. Raises `NotFound`, `Invalid` by field.

    `after` is the newest of the customer's wallets that the wish knew of, 0 where there was none: one in the currency
    and with the name that has come since is that wish, sent twice, and is not opened again.
    """
    name = _clean_name(name)
    with atomic():
        locked(Customer, customer_id)
        known = None if after is None else _newer(customer_id, currency, name, after)
        return known or _open(actor, customer_id, currency, name)


@retrying
def first_in(actor: Actor, customer_id: int, currency: str) -> int:
    """The customer's first open wallet in the currency; one is opened where there is none."""
    with atomic():
        locked(Customer, customer_id)  # two at once would open two
        known = (
            select(Account.id)
            .where(Account.customer_id == customer_id, Account.currency == currency, Account.status == "open")
            .order_by(Account.id)
            .limit(1)
        )
        return db.session.scalar(known) or _open(actor, customer_id, currency, "")


@retrying
def into_first(actor: Actor, customer_id: int, currency: str, move: Callable[[int], T]) -> tuple[int, T]:
    """Move money into `first_in`: the wallet's id and what the movement gave. A movement that is refused leaves no
    new wallet behind.
    """
    with atomic():
        account_id = first_in(actor, customer_id, currency)
        return account_id, move(account_id)


def _newer(customer_id: int, currency: str, name: str, after: int) -> int | None:
    alike = select(Account.id).where(
        Account.customer_id == customer_id, Account.id > after, Account.currency == currency, Account.name == name
    )
    return db.session.scalar(alike.order_by(Account.id).limit(1))


def _open(actor: Actor, customer_id: int, currency: str, name: str) -> int:
    if currency not in currencies.codes():
        raise Invalid({"currency": [_("%(currency)s is not in use here.", currency=currency[:10] or "—")]})
    (pk,) = ledger.open_wallets([(customer_id, currency, name)])
    about: dict[str, tuple[object, object]] = {"currency": (None, currency)}
    audit.record(actor, "account.opened", "account", pk, about | ({"name": (None, name)} if name else {}))
    return pk


@retrying
def rename(actor: Actor, account_id: int, name: str) -> None:
    """Call the wallet something else, or nothing."""
    name = _clean_name(name)
    with atomic():
        before = _locked(account_id)
        account = db.session.get_one(Account, before.account_id, populate_existing=True)
        if account.name != name:
            audit.record(actor, "account.updated", "account", account_id, {"name": (account.name, name)})
            account.name = name


@retrying
def set_status(actor: Actor, account_id: int, status: str) -> None:
    """Freeze, open again, or close the wallet. Only an empty one with nothing held can be closed (`Invalid`)."""
    if status not in ACCOUNT_STATUSES:
        raise Invalid({"status": [_("There is no such status.")]})
    with atomic():
        before = _locked(account_id)
        if status == "closed" and (before.balance or before.held):
            raise Invalid({"status": [_("Only an empty wallet can be closed.")]})
        if before.status != status:
            audit.record(actor, f"account.{status}", "account", account_id, {"status": (before.status, status)})
            ledger.set_terms(account_id, status=status)


@retrying
def set_overdraft(actor: Actor, account_id: int, limit: int) -> None:
    """Let the balance go down to −`limit` minor units; not less than what is in use already (`Invalid`)."""
    if not 0 <= limit <= MAX_MINOR:
        raise Invalid({"overdraft_limit": [_("This amount is too large.") if limit > 0 else _below_zero()]})
    with atomic():
        before = _locked(account_id)
        if before.balance - before.held < -limit:
            raise Invalid({"overdraft_limit": [_("More than that is overdrawn now.")]})
        if before.overdraft_limit != limit:
            changes = {"overdraft_limit": (before.overdraft_limit, limit)}
            audit.record(actor, "account.updated", "account", account_id, changes)
            ledger.set_terms(account_id, overdraft_limit=limit)


@retrying
def change(actor: Actor, account_id: int, given: Mapping[str, str]) -> None:
    """Change what is given, all of it or nothing: `name`, `status`, and `overdraft_limit` as it is typed."""
    with atomic():
        before = _locked(account_id)
        if "name" in given:
            rename(actor, account_id, given["name"])
        if "overdraft_limit" in given:
            wrong: dict[str, list[str]] = {}
            limit = 0
            with noted(wrong, "overdraft_limit"):
                limit = typed_limit(given["overdraft_limit"], before.currency)
            if wrong:
                raise Invalid(wrong)
            set_overdraft(actor, account_id, limit)
        if "status" in given:
            set_status(actor, account_id, given["status"])


def _locked(account_id: int) -> AccountBalance:
    row = ledger.locked_balance(account_id)
    if row is None:
        raise NotFound(_("There is no such wallet."))
    return row


def _below_zero() -> str:
    return _("An amount cannot be negative.")


def _clean_name(name: str) -> str:
    name = squeeze(name)
    if has_control(name):
        raise Invalid({"name": [_("This has characters that cannot be shown.")]})
    if len(name) > NAME_LIMIT:
        raise Invalid({"name": [_("This is longer than %(count)d characters.", count=NAME_LIMIT)]})
    return name


def _wallets() -> Any:
    return select(
        Account.id, Account.customer_id, Account.currency, Account.name, AccountBalance.status,
        AccountBalance.overdraft_limit, AccountBalance.balance, AccountBalance.held, AccountBalance.last_at,
    ).join(AccountBalance, AccountBalance.account_id == Account.id)  # fmt: skip
