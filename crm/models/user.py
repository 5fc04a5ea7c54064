"""People who sign in, and what their role lets them do."""

import enum
import secrets
from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Base, BigId, UtcDateTime, folded, utcnow
from crm.i18n import lazy_gettext as _l


class Role(enum.StrEnum):
    """The four roles; each person has one."""

    VIEWER = "viewer"
    MANAGER = "manager"
    ADMIN = "admin"
    CUSTOMER = "customer"


class Permission(enum.StrEnum):
    """What a route or a service may ask for."""

    OWN = "own"  # the own profile
    READ = "read"  # see everything but settings
    WRITE = "write"  # customers, channels, imports
    ADMIN = "admin"  # users, audit log, settings
    PORTAL = "portal"  # the own money, as a customer


MAY: dict[Role, frozenset[Permission]] = {
    Role.CUSTOMER: frozenset({Permission.OWN, Permission.PORTAL}),
    Role.VIEWER: frozenset({Permission.OWN, Permission.READ}),
    Role.MANAGER: frozenset({Permission.OWN, Permission.READ, Permission.WRITE}),
    Role.ADMIN: frozenset(Permission) - {Permission.PORTAL},
}
ROLE_NAMES = {
    Role.ADMIN: _l("Administrator"),
    Role.MANAGER: _l("Manager"),
    Role.VIEWER: _l("Viewer"),
    Role.CUSTOMER: _l("Customer"),
}
THEMES = ("auto", "light", "dark")
_A_CUSTOMER = text("customer_id IS NOT NULL")
_NOT_WELCOMED = text("customer_id IS NOT NULL AND email_confirmed_at IS NOT NULL AND welcomed_at IS NULL")


def new_session_key() -> str:
    """A fresh random mark; sessions that carry an older one are signed out."""
    return secrets.token_urlsafe(16)


class User(UserMixin, Base):
    """A person who signs in with e-mail and password."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'manager', 'admin', 'customer')", name="role"),
        CheckConstraint("theme IN ('auto', 'light', 'dark')", name="theme"),
        CheckConstraint("customer_id IS NULL OR role = 'customer'", name="customer"),
        Index("ix_users_customer_id", "customer_id", postgresql_where=_A_CUSTOMER, sqlite_where=_A_CUSTOMER),
        Index("ix_users_not_welcomed", "id", postgresql_where=_NOT_WELCOMED, sqlite_where=_NOT_WELCOMED),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(folded(254), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    locale: Mapped[str | None] = mapped_column(String(10))
    theme: Mapped[str] = mapped_column(String(10), default="auto")
    active: Mapped[bool] = mapped_column(default=True)
    session_key: Mapped[str] = mapped_column(String(40), default=new_session_key)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Of customers alone: whose money is theirs, since when they are known to read what is sent to the e-mail, and when
    # their wallets were opened.
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id", ondelete="SET NULL"))
    email_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    welcomed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    # Of the person in session, as the navigation tells: own imports that have ended unseen, and those at work.
    imports_ended = 0
    imports_at_work = 0

    @property
    def is_active(self) -> bool:
        """Whether the person may sign in (Flask-Login asks)."""
        return self.active

    def get_id(self) -> str:
        """What a session remembers: a new password makes a new key and so ends all other sessions."""
        return f"{self.id}.{self.session_key}"

    @property
    def is_confirmed(self) -> bool:
        """Whether a customer has shown to read what is sent to the e-mail; until then no money of theirs moves."""
        return self.email_confirmed_at is not None

    @property
    def is_trusted(self) -> bool:
        """Whether the person may sign in and what they do counts: of customers the e-mail is confirmed."""
        return self.active and (self.is_confirmed or self.role != Role.CUSTOMER)

    def may(self, permission: Permission) -> bool:
        """Whether the role includes the permission."""
        return permission in MAY[Role(self.role)]

    @property
    def display_name(self) -> str:
        """The name, or the e-mail where no name was given."""
        return self.name or self.email
