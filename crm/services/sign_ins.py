"""Which customer a sign-in belongs to: found by the e-mail once that is confirmed, made anew, or named by staff."""

import secrets

from sqlalchemy import select

from crm.db import atomic, db, locked, on_commit, retrying, utcnow
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.models import ContactChannel, Customer, Role, User
from crm.queue import ring
from crm.services import audit, customers, mails, passwords, welcome
from crm.services.audit import Actor
from crm.services.customer_data import ChannelData, CustomerData


def of_customer(customer_id: int) -> list[User]:
    """Who may sign in as this customer, or is invited to."""
    return list(db.session.scalars(select(User).where(User.customer_id == customer_id).order_by(User.email)))


def confirm(actor: Actor, user: User) -> None:
    """Note, within the present transaction, that the user reads what is sent to the e-mail: from now on the customer's
    money is theirs to see and to move. Wallets are opened in the background.
    """
    user.email_confirmed_at = utcnow()
    audit.record(actor, "user.confirmed", "user", user.id)
    if user.role == Role.CUSTOMER:
        attach(Actor(user.id, actor.origin), user)


def attach(actor: Actor, user: User) -> None:
    """Give the user a customer, within the present transaction.

    It is the active customer whose e-mail it is, where there is one alone and nobody signs in as that yet: of two
    (families share an address) neither would be right. Else it is a new one.
    """
    if user.customer_id is None:
        known = _known(user.email)
        user.customer_id = known or _new(actor, user)
        audit.record(actor, "user.updated", "user", user.id, {"customer": (None, user.customer_id)})
    on_commit(lambda: ring(welcome.JOB))


@retrying
def invite(actor: Actor, customer_id: int, email: str, locale: str) -> User:
    """Let the customer sign in with one of their e-mails: a letter is sent with a link to choose a password.

    Invited again, they get another letter. Raises `NotFound`, and `Invalid` (`email`) for an address that is none of
    the customer's, or is somebody else's to sign in with.
    """
    password_hash = passwords.hash_password(secrets.token_urlsafe(32))  # nobody's: the link lets choose another
    with atomic() as session:
        locked(Customer, customer_id)
        customer = customers.get(customer_id)
        if email not in [channel.normalized for channel in customer.channels if channel.type == "email"]:
            raise Invalid({"email": [_("This is not an e-mail of the customer.")]})
        user = session.scalar(select(User).where(User.email == email).with_for_update())
        if user is None:
            user = User(email=email, name=customer.name, role=Role.CUSTOMER.value, password_hash=password_hash)
            session.add(user)
            session.flush()
        elif user.role != Role.CUSTOMER or user.customer_id not in (None, customer_id):
            raise Invalid({"email": [_("Somebody else signs in with this e-mail already.")]})
        elif user.is_confirmed and user.customer_id:
            raise Invalid({"email": [_("The customer signs in with this e-mail already.")]})
        user.customer_id = customer_id
        audit.record(actor, "user.invited", "user", user.id, {"customer": (None, customer_id)})
        mails.wish("invite", email, locale)
    return user


def _known(email: str) -> int | None:
    owners = (
        select(Customer.id)
        .join(ContactChannel, ContactChannel.customer_id == Customer.id)
        .where(ContactChannel.type == "email", ContactChannel.normalized == email, Customer.status == "active")
    )
    found = list(db.session.scalars(owners.limit(2)))
    if len(found) != 1:
        return None
    locked(Customer, found[0])  # of two who confirm at once one is first
    taken = select(User.id).where(User.customer_id == found[0]).limit(1)
    return found[0] if db.session.scalar(taken) is None else None


def _new(actor: Actor, user: User) -> int:
    channel = ChannelData("email", user.email, is_primary=True)
    return customers.create(actor, CustomerData(user.display_name, channels=[channel]), allow_duplicate=True).id
