"""Secret links in mails: signed, bound to what the person is now, and good for some time. Nothing of them is stored."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from crm.db import db
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.models import User

LIFETIMES = {"confirm": timedelta(days=2), "reset": timedelta(hours=1), "invite": timedelta(days=7)}
LONGEST = 500


def make(purpose: str, user: User) -> str:
    """A token that proves to have read the user's mail; `purpose` is a key of `LIFETIMES`.

    It is good once: a confirmed e-mail or another password makes it worthless.
    """
    return str(_serializer(purpose).dumps([user.id, _stamp(user)]))


def user_of(purpose: str, token: str) -> User:
    """Whose token it is; `Invalid` (`token`) for one that was tampered with, was used, or has expired."""
    try:
        claim = _serializer(purpose).loads(token[:LONGEST], max_age=int(LIFETIMES[purpose].total_seconds()))
    except SignatureExpired:
        raise Invalid({"token": [_("This link has expired. Ask for a new one.")]}) from None
    except BadSignature:
        raise useless() from None
    user = db.session.get(User, claim[0], populate_existing=True)
    if user is None or not is_for(claim[1], user):
        raise useless()
    return user


def check(purpose: str, token: str, user: User) -> None:
    """Ask again of the user as locked now: of two who use one link at once, one is late (`Invalid`)."""
    if not is_for(_serializer(purpose).loads(token[:LONGEST])[1], user):
        raise useless()


def is_for(stamp: Any, user: User) -> bool:
    """Whether the user is still what the token was made for."""
    return user.active and isinstance(stamp, str) and hmac.compare_digest(stamp.encode(), _stamp(user).encode())


def useless() -> Invalid:
    """What to say of a link that does not work any more, or never did."""
    return Invalid({"token": [_("This link does not work. It may have been used already; ask for a new one.")]})


def _stamp(user: User) -> str:
    state = f"{user.id} {user.email} {user.password_hash} {user.session_key} {user.email_confirmed_at is None}"
    return hashlib.sha256(state.encode()).hexdigest()[:20]


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=f"crm.{purpose}", signer_kwargs=_SIGNER)


_SIGNER = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
