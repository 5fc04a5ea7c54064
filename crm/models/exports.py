"""Files that are made in the background: the row is the queue of record, and says how far it has come."""

import math
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Base, BigId, UtcDateTime, utcnow
from crm.models.user import User


class Export(Base):
    """One file: what it is of, in which format, and how far it has come.

    A file is offered when it is whole: only then it has a name (`stored_as`). `lease` names the process that is at it;
    another one begins anew, and what the first has written meanwhile is never offered.
    """

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="status"),
        CheckConstraint("format IN ('csv', 'xlsx', 'jsonl')", name="format"),
        CheckConstraint("(status = 'done') = (stored_as IS NOT NULL)", name="stored"),
        Index(None, "status", "id"),
        Index(None, "created_by_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    status: Mapped[str] = mapped_column(String(10), default="queued")
    noun: Mapped[str] = mapped_column(String(20))  # which list
    criteria: Mapped[dict[str, Any]] = mapped_column(JSON)  # of that list, as `exporting.orders.stored` has them
    format: Mapped[str] = mapped_column(String(10))
    locale: Mapped[str] = mapped_column(String(10))  # of the headings
    filename: Mapped[str] = mapped_column(String(100), default="")
    stored_as: Mapped[str | None] = mapped_column(String(80))  # its name in the instance's folder of exports
    size: Mapped[int] = mapped_column(BigId, default=0)  # bytes
    total_rows: Mapped[int] = mapped_column(default=0)
    written_rows: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    origin: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by who is at it now
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the row and the file go then

    created_by: Mapped[User | None] = relationship()

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ("done", "failed", "cancelled")

    @property
    def percent(self) -> int:
        """How much of the file has been written, 0 to 100."""
        if self.status == "done":
            return 100
        return min(99, 100 * self.written_rows // self.total_rows) if self.total_rows else 0

    @property
    def seconds_left(self) -> int | None:
        """A guess from the speed so far; None before the first rows."""
        if self.status != "running" or self.started_at is None or not self.written_rows:
            return None
        spent = (utcnow() - self.started_at).total_seconds()
        return math.ceil(spent / self.written_rows * (self.total_rows - self.written_rows))
