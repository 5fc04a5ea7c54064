"""People who sign in: their e-mails, roles, passwords and sessions."""

import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.exc import IntegrityError

from crm.channel_types import ChannelError, ChannelType, normalize
from crm.config import LOCALES
from crm.db import atomic, db, locked, retrying, utcnow
from crm.errors import Invalid, NotFound
from crm.i18n import gettext as _
from crm.models import Import, Role, User
from crm.models.imports import AT_WORK
from crm.models.user import THEMES, new_session_key
from crm.services import audit, passwords, sign_ins
from crm.services.audit import Actor
from crm.text import has_control, squeeze

NAME_LIMIT, EMAIL_LIMIT = 200, 254
DEFAULT_ADMIN = "admin@example.com"
_Errors = dict[str, list[str]]
_MINE = select(func.count()).select_from(Import).where(Import.created_by_id == User.id)
_ENDED = _MINE.where(Import.unseen).correlate(User).scalar_subquery()
_AT_WORK = _MINE.where(Import.status.in_(AT_WORK)).correlate(User).scalar_subquery()
# Every request asks: put together once, and what the navigation tells of imports comes along.
_BY_ID = select(User, _ENDED, _AT_WORK).where(User.id == bindparam("pk"))


@retrying
def create(actor: Actor, email: str, name: str, role: str, password: str) -> User:
    """Add a person who can sign in at once; the e-mail is kept case-folded. Raises `Invalid` by field:
    `email`, `name`, `role`, `password`.
    """
    errors: _Errors = {}
    email, name = clean_email(email, errors), _name(name, errors)
    _check_role(role, errors)
    check_password("password", password, email, errors)
    if errors:
        raise Invalid(errors)
    user = User(email=email, name=name, role=str(role), password_hash=passwords.hash_password(password))
    with atomic() as session:
        session.add(user)
        try:
            session.flush()
        except IntegrityError:
            raise Invalid({"email": [_("Somebody else has this e-mail address already.")]}) from None
        audit.record(actor, "user.created", "user", user.id, audit.difference({}, _snapshot(user)))
        if role == Role.CUSTOMER:  # who makes the user vouches for the e-mail
            sign_ins.confirm(actor, user)
    return user


@retrying
def update(
    actor: Actor,
    pk: int,
    *,
    name: str | None = None,
    role: str | None = None,
    active: bool | None = None,
    password: str | None = None,
) -> User:
    """Change what is given and leave the rest; another password ends all sessions of the person.

    Raises `NotFound`, and `Invalid` by field; the last active administrator cannot lose the role or be deactivated.
    """
    errors: _Errors = {}
    wanted: dict[str, Any] = {}
    if name is not None:
        wanted["name"] = _name(name, errors)
    if role is not None:
        wanted["role"] = str(role)
        _check_role(role, errors)
    if active is not None:
        wanted["active"] = active
    if password is not None:
        check_password("password", password, get(pk).email, errors)
    if errors:
        raise Invalid(errors)
    password_hash = passwords.hash_password(password) if password is not None else None
    with atomic():
        _keep_an_admin(pk, wanted)
        user = locked(User, pk)
        comes = role == Role.CUSTOMER and user.role != role
        if role not in (None, Role.CUSTOMER):
            _leave_customer(actor, user)
        _change(actor, user, wanted)
        if comes:
            sign_ins.confirm(actor, user)
        if password_hash:
            replace_password(actor, user, password_hash)
    return user


def set_password(actor: Actor, pk: int, new: str) -> User:
    """Give the person another password, which ends all of their sessions. Raises `NotFound`, `Invalid` (`password`)."""
    return update(actor, pk, password=new)


@retrying
def change_own_password(actor: Actor, pk: int, current: str, new: str) -> User:
    """Let people change the password that they know; all their sessions end, so sign this one in anew.

    Raises `Invalid` (`current`, `new`).
    """
    user = get(pk)
    if not passwords.verify(user.password_hash, current):
        raise Invalid({"current": [_("This is not your present password.")]})
    errors: _Errors = {}
    check_password("new", new, user.email, errors)
    if errors:
        raise Invalid(errors)
    password_hash = passwords.hash_password(new)
    with atomic():
        user = locked(User, pk)
        replace_password(actor, user, password_hash)
    return user


@retrying
def update_profile(actor: Actor, pk: int, name: str, locale: str | None, theme: str) -> User:
    """Save the person's own name and looks; `locale` is a language of the product, or blank for the browser's.

    Raises `Invalid` by field.
    """
    errors: _Errors = {}
    name = _name(name, errors)
    if locale and locale not in LOCALES:
        errors["locale"] = [_("There is no such language.")]
    if theme not in THEMES:
        errors["theme"] = [_("There is no such theme.")]
    if errors:
        raise Invalid(errors)
    with atomic():
        user = locked(User, pk)
        _change(actor, user, {"name": name, "locale": locale or None, "theme": theme})
    return user


@retrying
def authenticate(email: str, password: str) -> User | None:
    """The active user with this e-mail and password, or None; it takes as long for an e-mail that nobody has.

    A hash made with older parameters is renewed.
    """
    user = _by_email(email)
    known = user.password_hash if user else None
    if not passwords.verify(known, password) or user is None or known is None or not user.active:
        return None
    if passwords.needs_rehash(known):
        renewed = passwords.hash_password(password)
        with atomic():
            user = locked(User, user.id)
            if user.password_hash == known:
                user.password_hash = renewed
    return user


@retrying
def note_sign_in(actor: Actor) -> None:
    """Record that the actor has signed in, from where and when."""
    with atomic():
        user = locked(User, actor.user_id or 0)
        user.last_login_at = utcnow()
        audit.record(actor, "user.signed_in", "user", user.id)


def by_session(id_string: str) -> User | None:
    """The active user that a session remembers by `User.get_id()`, or None where that has been renewed since."""
    pk, _dot, key = id_string.partition(".")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    found = db.session.execute(_BY_ID, {"pk": int(pk)}).one_or_none()
    if found is None:
        return None
    user, user.imports_ended, user.imports_at_work = found
    if not user.active or not hmac.compare_digest(user.session_key.encode(), key.encode()):
        return None
    return user


def get(pk: int) -> User:
    """The user under this id; raises `NotFound`."""
    user = db.session.get(User, pk)
    if user is None:
        raise NotFound(_("This user does not exist."))
    return user


def by_email(email: str) -> User:
    """The user with this e-mail, however it is cased; raises `NotFound`."""
    user = _by_email(email)
    if user is None:
        raise NotFound(_("This user does not exist."))
    return user


def list_users() -> list[User]:
    """Everybody who works here, by e-mail, and who was let in as a customer but is nobody's yet. Customers, who may be
    many, are on the pages of the customers that they are.
    """
    nobodys = and_(User.customer_id.is_(None), User.email_confirmed_at.is_not(None))
    return list(db.session.scalars(select(User).where(or_(User.role != Role.CUSTOMER, nobodys)).order_by(User.email)))


def first_admin(email: str, password: str | None) -> tuple[User, str] | None:
    """Make the first administrator where there is no user at all, and return it with its password; None otherwise.

    Blank values are filled in: `admin@example.com`, and a random password. Raises `Invalid` for bad ones.
    """
    if db.session.scalar(select(User.id).limit(1)) is not None:
        return None
    secret = password or secrets.token_urlsafe(12)
    return create(Actor(None, "cli"), email or DEFAULT_ADMIN, "", Role.ADMIN, secret), secret


def replace_password(actor: Actor, user: User, password_hash: str) -> None:
    """Put the hash in the place of the present one, within the present transaction; all sessions of the user end."""
    user.password_hash, user.session_key = password_hash, new_session_key()
    audit.record(actor, "user.password_changed", "user", user.id)


def _change(actor: Actor, user: User, wanted: Mapping[str, Any]) -> None:
    before = {field: getattr(user, field) for field in wanted}
    for field, value in wanted.items():
        setattr(user, field, value)
    changes = audit.difference(before, wanted)
    if changes:
        audit.record(actor, "user.updated", "user", user.id, changes)


def _leave_customer(actor: Actor, user: User) -> None:
    """Who works here has no money as a user."""
    if user.customer_id is not None:
        audit.record(actor, "user.updated", "user", user.id, {"customer": (user.customer_id, None)})
        user.customer_id = None


def _keep_an_admin(pk: int, wanted: Mapping[str, Any]) -> None:
    # In id order, before any other row: two administrators who demote each other wait instead of both succeeding.
    query = select(User.id).where(User.role == Role.ADMIN, User.active).order_by(User.id)
    admins = list(db.session.scalars(query.with_for_update(key_share=True)))
    if admins != [pk]:
        return
    for field, kept in (("role", Role.ADMIN), ("active", True)):
        if wanted.get(field, kept) != kept:
            raise Invalid({field: [_("This is the last active administrator: name another one first.")]})


def _by_email(email: str) -> User | None:
    try:
        normalized = normalize(ChannelType.EMAIL, email, "")
    except ChannelError:
        return None
    return db.session.scalar(select(User).where(User.email == normalized))


def _snapshot(user: User) -> dict[str, Any]:
    return {"email": user.email, "name": user.name, "role": user.role}


def clean_email(email: str, errors: _Errors) -> str:
    """The e-mail as it is kept, case-folded; what is wrong with it goes into `errors`."""
    try:
        normalized = normalize(ChannelType.EMAIL, email, "")
    except ChannelError as error:
        errors["email"] = [str(error)]
        return ""
    if len(normalized) > EMAIL_LIMIT:
        errors["email"] = [_("This is longer than %(count)d characters.", count=EMAIL_LIMIT)]
    return normalized


def _name(name: str, errors: _Errors) -> str:
    name = squeeze(name)
    if has_control(name):
        errors["name"] = [_("This has characters that cannot be shown.")]
    elif len(name) > NAME_LIMIT:
        errors["name"] = [_("This is longer than %(count)d characters.", count=NAME_LIMIT)]
    return name


def _check_role(role: str, errors: _Errors) -> None:
    if role not in set(Role):
        errors["role"] = [_("There is no such role.")]


def check_password(field: str, password: str, email: str, errors: _Errors) -> None:
    """Put what is wrong with the password into `errors`."""
    problem = passwords.check(password, email)
    if problem:
        errors[field] = [problem]
