"""Bulk uploads: the row is the queue of record, its counters are what the progress bar shows."""

import hashlib
import json
import math
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Base, BigId, UtcDateTime, utcnow
from crm.models.user import User
from crm.tabular.kinds import Kind

ON_DUPLICATE = ("skip", "update", "create")
IMPORT_STATUSES = (
    "draft",  # the file is here, the operator decides what its columns mean
    "checking",  # read to the end without storing a customer
    "checked",  # what would become of every row is known
    "queued",
    "running",
    "done",
    "failed",
    "cancelled",
    "undoing",
    "undone",
)
AT_WORK = ("checking", "queued", "running", "undoing")  # a worker is at it, or will be
FINAL = ("done", "failed", "cancelled", "undone")
OUTCOMES = ("created", "updated", "unchanged", "skipped", "failed")


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(map(repr, values))})"


_UNSEEN = text("unseen")


class Import(Base):
    """One upload: how its file reads, what the operator has decided about it (`plan`), and how far it has come.

    `read_rows = created + updated + unchanged + skipped + failed` always holds; `read_rows` is the checkpoint too,
    written in the transaction that stores the rows. `lease` names the process at work: a chunk whose lease has
    been taken over by another process is rolled back. A check counts in the same columns, and a run begins anew.
    """

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint(_among("status", IMPORT_STATUSES), name="status"),
        CheckConstraint("read_rows = created + updated + unchanged + skipped + failed", name="counters"),
        Index(None, "status", "id"),
        Index(None, "sha256"),
        Index("ix_imports_unseen", "created_by_id", postgresql_where=_UNSEEN, sqlite_where=_UNSEEN),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    status: Mapped[str] = mapped_column(String(10), default="queued")
    filename: Mapped[str] = mapped_column(String(200))  # as the person's computer called it
    stored_as: Mapped[str] = mapped_column(String(80))  # its name in the instance's uploads folder
    size: Mapped[int] = mapped_column(BigId)  # bytes
    sha256: Mapped[str] = mapped_column(String(64), default="")  # of the file as it was sent, in hexadecimal
    kind: Mapped[Kind] = mapped_column(String(5), default="csv")
    sheet: Mapped[str] = mapped_column(String(200), default="")  # the workbook's sheet that is read
    sheets: Mapped[list[str]] = mapped_column(JSON, default=list)  # all that the workbook has
    encoding: Mapped[str] = mapped_column(String(30))
    delimiter: Mapped[str] = mapped_column(String(1))
    header_line: Mapped[int]  # 0-based record number of the header: titles may stand above it
    columns: Mapped[list[str]] = mapped_column(JSON)  # the header's cells
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)  # as `Plan.as_json` has it
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)
    damage: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # what a spreadsheet program has spoilt
    locale: Mapped[str] = mapped_column(String(10))  # of the messages in the errors file
    total_rows: Mapped[int]
    read_rows: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    undone: Mapped[int] = mapped_column(default=0)  # rows that an undo has taken back
    kept: Mapped[int] = mapped_column(default=0)  # rows that it could not: somebody has changed them since
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
    undo_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    busy_seconds: Mapped[float] = mapped_column(default=0.0)  # spent at work, without waiting in the queue
    unseen: Mapped[bool] = mapped_column(default=False)  # it has ended, and who began it has not looked yet

    created_by: Mapped[User | None] = relationship()

    @property
    def sheet_index(self) -> int:
        """Which of the workbook's sheets is read, counted from 0."""
        return next((place for place, name in enumerate(self.sheets) if name[:200] == self.sheet), 0)

    @property
    def table(self) -> str:
        """What tells this table from another sheet, or the same file read otherwise: what is decided is about it."""
        read = [self.encoding, self.delimiter, self.sheet, self.header_line, self.columns]
        return hashlib.sha256(json.dumps(read).encode()).hexdigest()[:16]

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in FINAL

    @property
    def is_at_work(self) -> bool:
        """Whether a worker is at it, or will be without anybody's doing."""
        return self.status in AT_WORK

    @property
    def can_be_undone(self) -> bool:
        """Whether it has ended not too long ago and has stored something."""
        ended = self.status in ("done", "failed", "cancelled")
        return ended and self.created + self.updated > 0 and self.undo_until is not None and self.undo_until > utcnow()

    @property
    def undo_percent(self) -> int:
        """How much of it has been taken back, or looked at in vain, 0 to 100."""
        rows = self.created + self.updated
        return 100 * (self.undone + self.kept) // rows if rows else 0

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


NOT_CREATED = text("outcome <> 'created'")
NOTED = text("message IS NOT NULL AND outcome IN ('created', 'updated', 'unchanged')")
KEPT = text("undo = 'kept'")


class ImportRow(Base):
    """What became of one row, or would become of it where the import has only been checked.

    There are as many as the file has rows, so they are small. The key finds created rows, who may be a million;
    the others have an index of their own. No foreign keys: the rows are written in the transaction that counts them
    in `imports`, and outlive customers who are deleted.
    """

    __tablename__ = "import_rows"
    __table_args__ = (
        CheckConstraint(_among("outcome", OUTCOMES), name="outcome"),
        CheckConstraint("undo IN ('undone', 'kept')", name="undo"),
        Index(
            "ix_import_rows_outcome",
            "import_id",
            "outcome",
            "row",
            postgresql_where=NOT_CREATED,
            sqlite_where=NOT_CREATED,
        ),
        Index("ix_import_rows_noted", "import_id", "row", postgresql_where=NOTED, sqlite_where=NOTED),
        Index("ix_import_rows_kept", "import_id", "row", postgresql_where=KEPT, sqlite_where=KEPT),
        {"sqlite_with_rowid": False},
    )

    import_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # as a spreadsheet shows it: 1 is the top
    version: Mapped[int | None]  # the customer's, after the row: a higher one tells of later changes
    customer_id: Mapped[int | None] = mapped_column(BigId)
    outcome: Mapped[str] = mapped_column(String(9))
    message: Mapped[str | None] = mapped_column(Text)  # why it was not taken, or what of it was not
    changes: Mapped[dict[str, list[Any]] | None] = mapped_column(JSON(none_as_null=True))  # field: [before, after]
    cells: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # as they stood, of rows not taken
    undo: Mapped[str | None] = mapped_column(String(6))
    undo_note: Mapped[str | None] = mapped_column(Text)  # why it was kept


class ImportMapping(Base):
    """What an operator decided about a header, for the next file that has the same one."""

    __tablename__ = "import_mappings"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)  # of the header's cells
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)


class ImportKey(Base):
    """What a program has called a file that it may send again."""

    __tablename__ = "import_keys"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))


class ImportOpening(Base):
    """How many wallets an import has opened in a currency, and with how much money in all (minor units)."""

    __tablename__ = "import_openings"

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    wallets: Mapped[int]
    amount: Mapped[int] = mapped_column(BigId)
