"""Tokens: made, and taken back. The secret itself is shown once and kept nowhere; `bearers` knows it again."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from crm.db import atomic, db, locked, retrying, utcnow
from crm.errors import Invalid, NotFound, Unconfirmed
from crm.i18n import gettext as _
from crm.models import Scope, Token, User
from crm.services import audit
from crm.services.audit import Actor
from crm.text import has_control, squeeze

NAME_LIMIT = 100
MARK = "crm_"  # so that a token that was published by mistake can be found for what it is
SHOWN = 12  # characters of it that are kept to know it by


@retrying
def create(
    actor: Actor,
    user_id: int,
    name: str,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
    within: Sequence[str] = (),
) -> tuple[Token, str]:
    """A new token of the user, and its secret: 47 characters that nobody will be shown again.

    `within` are the scopes of the token that asks for it: the new one gets no others. Raises `Invalid` by field, and
    `Unconfirmed` where the person is a customer whose e-mail is not confirmed.
    """
    user = db.session.get(User, user_id)
    if user is not None and not user.is_trusted:
        raise Unconfirmed(_("Confirm your e-mail first: open the link in the letter that we have sent you."))
    wanted = [scope for scope in Scope if scope in scopes]
    errors = {"name": _wrong_name(name := squeeze(name)), "scopes": _wrong_scopes(scopes, within)}
    if expires_at is not None and expires_at <= utcnow():
        errors["expires_at"] = _("This moment has passed.")
    if any(errors.values()):
        raise Invalid({field: [message] for field, message in errors.items() if message})
    secret = MARK + secrets.token_urlsafe(32)
    token = Token(
        user_id=user_id,
        name=name,
        prefix=secret[:SHOWN],
        secret_hash=hashed(secret),
        scopes=" ".join(wanted),
        expires_at=expires_at,
    )
    with atomic() as session:
        session.add(token)
        session.flush()
        audit.record(actor, "token.created", "token", token.id, {"name": (None, name), "scopes": (None, token.scopes)})
    return token, secret


def _wrong_name(name: str) -> str:
    if not name:
        return _("Enter a name.")
    if has_control(name):
        return _("This has characters that cannot be shown.")
    return _("This is longer than %(count)d characters.", count=NAME_LIMIT) if len(name) > NAME_LIMIT else ""


def _wrong_scopes(scopes: Sequence[str], within: Sequence[str]) -> str:
    if not set(scopes) <= set(Scope):
        return _("A scope is one of %(names)s.", names=", ".join(Scope))
    if within and not (scopes and set(scopes) <= set(within)):
        return _("A token can give no more than it has: %(names)s.", names=", ".join(within))
    return ""


@retrying
def revoke(actor: Actor, user_id: int, pk: int) -> None:
    """Take a token of the user back: it signs nobody in any more. Twice is no mistake; raises `NotFound`."""
    with atomic():
        token = locked(Token, pk)
        if token.user_id != user_id:
            raise NotFound(_("There is no such token."))
        if token.revoked_at is None:
            token.revoked_at = utcnow()
            audit.record(actor, "token.revoked", "token", pk, {"name": (token.name, None)})


def of_user(user_id: int) -> list[Token]:
    """All tokens of the user, newest first; those that were taken back too."""
    return list(db.session.scalars(select(Token).where(Token.user_id == user_id).order_by(Token.id.desc())))


def get(pk: int) -> Token:
    """The token under this id; raises `NotFound`."""
    token = db.session.get(Token, pk)
    if token is None:
        raise NotFound(_("There is no such token."))
    return token


def hashed(secret: str) -> str:
    """What is kept of a secret: SHA-256, in hex. It has 256 bits of chance in it: there is nothing to slow down for
    whoever guesses.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
