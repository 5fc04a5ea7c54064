"""Letters that are to be sent, and were: the queue of record of everything that goes out by mail."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Base, BigId, UtcDateTime, folded, utcnow

KINDS = ("confirm", "known", "reset", "invite")
_WAITING = text("next_attempt_at IS NOT NULL")


class Mail(Base):
    """A letter of one kind to one address; what is in it, its secret link above all, is made when it is sent.

    It waits while `next_attempt_at` is not null; then it was sent, or `problem` says why it never will be (or is '',
    where there was nobody to write to).
    """

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(map(repr, KINDS))})", name="kind"),
        Index("ix_mails_waiting", "next_attempt_at", postgresql_where=_WAITING, sqlite_where=_WAITING),
        Index(None, "recipient", "created_at"),
        Index(None, "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[uuid.UUID] = mapped_column(Uuid, default=uuid.uuid4)  # of the Message-ID: the same at every attempt
    kind: Mapped[str] = mapped_column(String(10))
    recipient: Mapped[str] = mapped_column(folded(254))
    locale: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=utcnow)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(String(200), default="")
