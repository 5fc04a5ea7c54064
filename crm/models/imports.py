"""Bulk uploads: the row is the queue of record, its counters are what the progress bar shows."""

import math
from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Base, BigId, UtcDateTime, utcnow
from crm.models.user import User

ON_DUPLICATE = ("skip", "update", "create")
IMPORT_STATUSES = ("queued", "running", "done", "failed", "cancelled")


class Import(Base):
    """One upload: how its file reads, what to do with duplicates, and how far it has come.

    `read_rows = created + updated + unchanged + skipped + failed` always holds; `read_rows` is the checkpoint too,
    written in the transaction that stores the rows. `lease` names the process at work: a chunk whose lease has
    been taken over by another process is rolled back.
    """

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="status"),
        CheckConstraint("on_duplicate IN ('skip', 'update', 'create')", name="on_duplicate"),
        CheckConstraint("read_rows = created + updated + unchanged + skipped + failed", name="counters"),
        Index(None, "status", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    status: Mapped[str] = mapped_column(String(10), default="queued")
    filename: Mapped[str] = mapped_column(String(200))  # as the person's computer called it
    stored_as: Mapped[str] = mapped_column(String(80))  # its name in the instance's uploads folder
    size: Mapped[int] = mapped_column(BigId)  # bytes
    encoding: Mapped[str] = mapped_column(String(30))
    delimiter: Mapped[str] = mapped_column(String(1))
    header_line: Mapped[int]  # 0-based record number of the header: titles may stand above it
    columns: Mapped[list[str]] = mapped_column(JSON)  # the header's cells
    mapping: Mapped[list[str | None]] = mapped_column(JSON)  # a field's name, or null, for each column
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)
    on_duplicate: Mapped[str] = mapped_column(String(10), default="skip")
    locale: Mapped[str] = mapped_column(String(10))  # of the messages in the errors file
    total_rows: Mapped[int]
    read_rows: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)  # to go on since the last chunk that was stored
    lease: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    origin: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    busy_seconds: Mapped[float] = mapped_column(default=0.0)  # spent at work, without waiting in the queue

    created_by: Mapped[User | None] = relationship()

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ("done", "failed", "cancelled")

    @property
    def percent(self) -> int:
        """How much of the file has been read, 0 to 100."""
        return 100 * self.read_rows // self.total_rows if self.total_rows else 0

    @property
    def rows_per_second(self) -> int:
        """The speed so far; 0 before the first chunk."""
        return round(self.read_rows / self.busy_seconds) if self.busy_seconds else 0

    @property
    def seconds_left(self) -> int | None:
        """A guess from the speed so far; None before the first chunk."""
        speed = self.rows_per_second
        return math.ceil((self.total_rows - self.read_rows) / speed) if speed else None


class ImportFailure(Base):
    """One row that was not taken, and why; `cells` is the row as it stood, a JSON list in ASCII (NUL survives so)."""

    __tablename__ = "import_failures"
    __table_args__ = (Index(None, "import_id", "row"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    row: Mapped[int]  # its number as a spreadsheet shows it: 1 is the top of the file
    cells: Mapped[str] = mapped_column(Text)
    error: Mapped[str] = mapped_column(Text)


class ImportNote(Base):
    """A row that was taken, but for something: what was left out, and why."""

    __tablename__ = "import_notes"
    __table_args__ = (Index(None, "import_id", "row"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    row: Mapped[int]  # as in `ImportFailure`
    note: Mapped[str] = mapped_column(Text)


class ImportOpening(Base):
    """How many wallets an import has opened in a currency, and with how much money in all (minor units)."""

    __tablename__ = "import_openings"

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    wallets: Mapped[int]
    amount: Mapped[int] = mapped_column(BigId)
