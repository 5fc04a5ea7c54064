"""What customers who sign in may do by themselves: see their own money, and send it to another customer."""

from typing import NamedTuple

from flask import current_app
from sqlalchemy import select

from crm.channel_types import ChannelError, ChannelType, normalize
from crm.db import db
from crm.errors import Invalid, NotFound, Unconfirmed
from crm.i18n import gettext as _
from crm.models import Account, AccountBalance, ContactChannel, Customer, User
from crm.services import accounts, customers
from crm.services.audit import Actor
from crm.services.wallet import Receipt, WalletService


class Payee(NamedTuple):
    """The wallet that a transfer goes to, and as much of its owner's name as a stranger may know."""

    account_id: int
    name: str


def customer_of(user: User) -> Customer:
    """The customer whom the user signs in as. Raises `Unconfirmed`, and `NotFound` where there is none."""
    if not user.is_trusted:
        raise Unconfirmed(_("Confirm your e-mail first: open the link in the letter that we have sent you."))
    if user.customer_id is None:
        raise NotFound(_("Nobody's wallet is behind this sign-in yet. Please ask us."))
    return customers.get(user.customer_id)


def find_payee(customer_id: int, currency: str, contact: str) -> Payee:
    """Whom a customer means by an exact e-mail or phone: another customer, who has an open wallet in the currency.

    Raises `Invalid` (`payee`), with one sentence whether there is no such customer, no such wallet, or two of them:
    nobody looks around in the customers here.
    """
    type_ = ChannelType.EMAIL if "@" in contact else ChannelType.PHONE
    try:
        normalized = normalize(type_, contact, current_app.config["CRM_DEFAULT_REGION"])
    except ChannelError as error:
        raise Invalid({"payee": [str(error)]}) from error
    owners = (
        select(Customer.id, Customer.name)
        .join(ContactChannel, ContactChannel.customer_id == Customer.id)
        .where(ContactChannel.type == type_, ContactChannel.normalized == normalized)
        .where(Customer.status == "active", Customer.id != customer_id)
        .limit(2)
    )
    found = db.session.execute(owners).all()
    wallet = _first_wallet(found[0].id, currency) if len(found) == 1 else None
    if wallet is None:
        raise Invalid({"payee": [_("Nobody with this e-mail or phone can be sent %(currency)s.", currency=currency)]})
    return Payee(wallet, masked(found[0].name))


def transfer(
    user: User, origin: str, account_id: int, payee: Payee, amount: int, description: str, key: str
) -> Receipt:
    """Send money of the user's own customer. Raises `Invalid` by field (`account` for a wallet of somebody else), and
    what `WalletService.transfer` does.
    """
    customer = customer_of(user)
    accounts.wallet(customer.id, account_id)
    return WalletService(Actor(user.id, origin)).transfer(account_id, payee.account_id, amount, description, key)


def masked(name: str) -> str:
    """The first name and what the others begin with, as banks show a payee; of a single word the beginning.

    >>> masked("Анна Сергеевна Иванова"), masked("Ромашка"), masked("Ли"), masked("ООО «Чайный дом»")
    ('Анна С. И.', 'Ром…', 'Л…', 'ООО Ч. д.')
    """
    first, *others = name.split()
    if others:
        return " ".join([first, *(f"{next(filter(str.isalnum, word), word[0])}." for word in others)])
    return f"{first[: max(1, min(3, len(first) // 2))]}…"


def _first_wallet(customer_id: int, currency: str) -> int | None:
    return db.session.scalar(
        select(Account.id)
        .join(AccountBalance, AccountBalance.account_id == Account.id)
        .where(Account.customer_id == customer_id, Account.currency == currency, AccountBalance.status == "open")
        .order_by(Account.id)
        .limit(1)
    )
