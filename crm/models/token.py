"""Tokens: what programs sign in with, in a person's name."""

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Base, BigId, UtcDateTime, utcnow
from crm.models.user import User


class Scope(enum.StrEnum):
    """What a token may be narrowed to; none includes another."""

    READ = "read"
    WRITE = "write"  # customers, channels, imports without balances
    MONEY = "money"  # payments, reversals, imports with balances
    ADMIN = "admin"  # users, tokens, rates, rules, limits


class Token(Base):
    """A secret of which only the hash is kept. It may what its person's role may, within its scopes; without scopes,
    all of that.
    """

    __tablename__ = "tokens"
    __table_args__ = (Index(None, "user_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(12))  # by which its owner knows it again
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)  # SHA-256, in hex
    scopes: Mapped[str] = mapped_column(String(100), default="")  # words between blanks
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_from: Mapped[str] = mapped_column(String(64), default="")

    user: Mapped[User] = relationship()
