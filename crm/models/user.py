"""People who sign in, and what their role lets them do."""

import enum
import secrets
from datetime import datetime

from flask_login import UserMixin
from sqlalchemy import CheckConstraint, String
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


MAY: dict[Role, frozenset[Permission]] = {
    Role.CUSTOMER: frozenset({Permission.OWN}),
    Role.VIEWER: frozenset({Permission.OWN, Permission.READ}),
    Role.MANAGER: frozenset({Permission.OWN, Permission.READ, Permission.WRITE}),
    Role.ADMIN: frozenset(Permission),
}
ROLE_NAMES = {
    Role.ADMIN: _l("Administrator"),
    Role.MANAGER: _l("Manager"),
    Role.VIEWER: _l("Viewer"),
    Role.CUSTOMER: _l("Customer"),
}
THEMES = ("auto", "light", "dark")


def new_session_key() -> str:
    """A fresh random mark; sessions that carry an older one are signed out."""
    return secrets.token_urlsafe(16)


class User(UserMixin, Base):
    """A person who signs in with e-mail and password."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'manager', 'admin', 'customer')", name="role"),
        CheckConstraint("theme IN ('auto', 'light', 'dark')", name="theme"),
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

    @property
    def is_active(self) -> bool:
        """Whether the person may sign in (Flask-Login asks)."""
        return self.active

    def get_id(self) -> str:
        """What a session remembers: a new password makes a new key and so ends all other sessions."""
        return f"{self.id}.{self.session_key}"

    def may(self, permission: Permission) -> bool:
        """Whether the role includes the permission."""
        return permission in MAY[Role(self.role)]

    @property
    def display_name(self) -> str:
        """The name, or the e-mail where no name was given."""
        return self.name or self.email
