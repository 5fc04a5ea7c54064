"""Who sends a request with a token: asked for every one of them, so in one statement and without the ORM."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_login import UserMixin
from sqlalchemy import ColumnElement, and_, bindparam, or_, select, update
from sqlalchemy.exc import OperationalError

from crm.db import atomic, utcnow
from crm.models import Permission, Role, Scope, Token, User
from crm.models.user import MAY
from crm.prepared import Prepared
from crm.services.tokens import MARK, hashed

log = logging.getLogger(__name__)
NOTED_EVERY = timedelta(minutes=1)
_T, _U = Token.__table__.c, User.__table__.c


@dataclass(frozen=True, slots=True, eq=False)
class Bearer(UserMixin):
    """A person as a valid token names them, with what requests ask of a person; nothing is loaded later."""

    token_id: int
    scopes: str
    noted_at: datetime | None  # when the token was last seen
    id: int
    email: str
    name: str
    role: str
    locale: str | None
    customer_id: int | None

    is_trusted = True  # the token would not be valid else
    # What a page's frame asks, where a program opens one.
    theme = "auto"
    imports_ended = imports_at_work = 0

    @property
    def display_name(self) -> str:
        """The name, or the e-mail where no name was given."""
        return self.name or self.email

    def may(self, permission: Permission) -> bool:
        """Whether the role includes the permission."""
        return permission in MAY[Role(self.role)]

    def reaches(self, *scopes: Scope) -> bool:
        """Whether the token reaches as far as one of the scopes; none is what any token reaches."""
        return not scopes or not self.scopes or not set(scopes).isdisjoint(self.scopes.split())


def _valid() -> ColumnElement[bool]:
    lasts = or_(_T.expires_at.is_(None), _T.expires_at > bindparam("now"))
    trusted = and_(_U.active, or_(_U.role != Role.CUSTOMER.value, _U.email_confirmed_at.is_not(None)))
    return and_(_T.revoked_at.is_(None), lasts, trusted)


_PERSON = (_U.id, _U.email, _U.name, _U.role, _U.locale, _U.customer_id)
_BEARER = (
    select(_T.id, _T.scopes, _T.last_used_at, *_PERSON)
    .select_from(Token.__table__.join(User.__table__, _U.id == _T.user_id))
    .where(_valid())
)
_BY_HASH = Prepared(_BEARER.where(_T.secret_hash == bindparam("secret_hash")))
_BY_ID = Prepared(_BEARER.where(_T.id == bindparam("pk")))


def by_secret(secret: str, address: str) -> Bearer | None:
    """Whose token this is, where it is valid now; its use is noted, at most once a minute."""
    if not secret.startswith(MARK) or not secret.isascii():
        return None
    now = utcnow()
    rows = _BY_HASH.rows(secret_hash=hashed(secret), now=now)
    if not rows:
        return None
    bearer = Bearer(*rows[0])
    if bearer.noted_at is None or now - bearer.noted_at >= NOTED_EVERY:
        _note_use(bearer.token_id, now, address)
    return bearer


def by_token(pk: int) -> Bearer | None:
    """Whose token this is by its id, where it is valid now."""
    rows = _BY_ID.rows(pk=pk, now=utcnow())
    return Bearer(*rows[0]) if rows else None


def _note_use(pk: int, now: datetime, address: str) -> None:
    stale = or_(Token.last_used_at.is_(None), Token.last_used_at <= now - NOTED_EVERY)
    note = update(Token).where(Token.id == pk, stale).values(last_used_at=now, last_used_from=address[:64])
    try:
        with atomic() as session:
            session.execute(note.execution_options(synchronize_session=False))
    except OperationalError as error:  # what was asked for does not fail for this
        log.warning("The use of a token could not be noted: %s", error.orig)
