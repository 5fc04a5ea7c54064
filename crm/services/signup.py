"""Customers who sign up by themselves. What is answered does not tell whether an e-mail is known here."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from crm.db import atomic, locked, retrying
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.models import Role, User
from crm.services import audit, links, mails, passwords, sign_ins, users
from crm.services.audit import Actor
from crm.services.customer_data import clean_text


@retrying
def sign_up(actor: Actor, name: str, email: str, password: str, locale: str) -> None:
    """Take the wish, and have a letter sent: to confirm the e-mail, or to say that there is an account already.

    Until the e-mail is confirmed nobody's customer and no money is behind the sign-in. Raises `Invalid` by field:
    `name`, `email`, `password`.
    """
    errors: dict[str, list[str]] = {}
    try:
        name = clean_text("name", name)
    except ValueError as error:
        errors["name"] = [str(error)]
    email = users.clean_email(email, errors)
    users.check_password("password", password, email, errors)
    if errors:
        raise Invalid(errors)
    password_hash = passwords.hash_password(password)  # for a known e-mail too: it takes as long
    try:
        _take(actor, name, email, password_hash, locale)
    except IntegrityError:  # of two at once one is second
        _take(actor, name, email, password_hash, locale)


def resend(email: str, locale: str) -> None:
    """Have the letter to confirm an e-mail sent once more, where there is something to confirm. `Invalid` (`email`)."""
    _wish("confirm", email, locale)


def ask_reset(email: str, locale: str) -> None:
    """Have a link for a new password sent, where somebody has this e-mail. Raises `Invalid` (`email`)."""
    _wish("reset", email, locale)


@retrying
def confirm(actor: Actor, token: str, password: str | None = None) -> User:
    """Confirm the e-mail with the token out of the letter; the user, whose money it is from now on.

    A page asks for the password too: who signed up with somebody else's e-mail does not get in because that one
    clicks on the link. Raises `Invalid` (`token`, `password`).
    """
    user = links.user_of("confirm", token)
    if password is not None and not passwords.verify(user.password_hash, password):
        raise Invalid({"password": [_("This is not the password that you have chosen.")]})
    with atomic():
        user = locked(User, user.id)
        links.check("confirm", token, user)
        sign_ins.confirm(actor, user)
    return user


@retrying
def choose_password(actor: Actor, purpose: str, token: str, password: str) -> User:
    """Take a new password with the token out of a letter (`reset` or `invite`); all sessions of the person end.

    Who has the letter reads the mail: the e-mail is confirmed by that. Raises `Invalid` (`token`, `password`).
    """
    user = links.user_of(purpose, token)
    errors: dict[str, list[str]] = {}
    users.check_password("password", password, user.email, errors)
    if errors:
        raise Invalid(errors)
    password_hash = passwords.hash_password(password)
    with atomic():
        user = locked(User, user.id)
        links.check(purpose, token, user)
        users.replace_password(actor, user, password_hash)
        if user.role == Role.CUSTOMER and not user.is_confirmed:
            sign_ins.confirm(actor, user)
    return user


@retrying
def _wish(kind: str, email: str, locale: str) -> None:
    errors: dict[str, list[str]] = {}
    email = users.clean_email(email, errors)
    if errors:
        raise Invalid(errors)
    with atomic():
        mails.wish(kind, email, locale)


def _take(actor: Actor, name: str, email: str, password_hash: str, locale: str) -> None:
    with atomic() as session:
        known = select(User).where(User.email == email).with_for_update().execution_options(populate_existing=True)
        user = session.scalar(known)
        if user is None:
            user = User(email=email, name=name, role=Role.CUSTOMER.value, password_hash=password_hash)
            session.add(user)
            session.flush()
            audit.record(actor, "user.signed_up", "user", user.id, {"email": (None, email), "name": (None, name)})
            kind = "confirm"
        elif user.role != Role.CUSTOMER or user.is_confirmed:
            kind = "known"
        elif user.customer_id:  # staff have invited them: a stranger's sign-up takes nothing from that
            kind = "invite"
        else:  # nobody has shown that it is theirs: the last wish counts, and older links are worthless
            user.name, user.password_hash, kind = name, password_hash, "confirm"
        mails.wish(kind, email, locale)
