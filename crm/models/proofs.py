"""Proofs of the ledger that were made: what was looked at, what was found, and by which SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Base, BigId, UtcDateTime, utcnow
from crm.models.user import User

KINDS = ("full", "incremental")
STATES = ("queued", "running", "clean", "broken", "failed")


class ProofRun(Base):
    """One run through the laws of the ledger: of everything, or of what is new since the run before it.

    `from_position` and `to_position` are places in the chain of operations: what is proved are those after the one, up
    to the other, and `head_hash` is the link at the end. A run that has failed has proved nothing.
    """

    __tablename__ = "proof_runs"
    __table_args__ = (
        CheckConstraint("kind IN ('full', 'incremental')", name="kind"),
        CheckConstraint("state IN ('queued', 'running', 'clean', 'broken', 'failed')", name="state"),
        CheckConstraint("(state IN ('clean', 'broken', 'failed')) = (finished_at IS NOT NULL)", name="finished"),
        CheckConstraint("state NOT IN ('clean', 'broken') OR head_hash IS NOT NULL", name="head"),
        CheckConstraint("from_position >= 0 AND to_position >= from_position", name="span"),
        Index(None, "state", "id"),
        Index(None, "kind", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(10), default="queued")
    laws: Mapped[int] = mapped_column(default=0)  # how many it goes through
    done: Mapped[int] = mapped_column(default=0)  # how many it has gone through by now
    differences: Mapped[int] = mapped_column(BigId, default=0)
    from_position: Mapped[int] = mapped_column(BigId, default=0)
    to_position: Mapped[int] = mapped_column(BigId, default=0)
    head_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    error: Mapped[str] = mapped_column(Text, default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # None: the schedule, the command line
    origin: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    created_by: Mapped[User | None] = relationship()

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in ("clean", "broken", "failed")

    @property
    def seconds(self) -> float | None:
        """How long it took; None before its end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class ProofQuery(Base):
    """The words by which a law was proved, kept once for as many findings as were made by them."""

    __tablename__ = "proof_queries"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256
    sql: Mapped[str] = mapped_column(Text)


class ProofFinding(Base):
    """What a run has found of one law. `examples` has the first of the differences, as rows of names and values."""

    __tablename__ = "proof_findings"
    __table_args__ = (CheckConstraint("rows >= 0 AND differences >= 0 AND milliseconds >= 0", name="counts"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("proof_runs.id", ondelete="CASCADE"), primary_key=True)
    law: Mapped[str] = mapped_column(String(30), primary_key=True)  # its code
    place: Mapped[int]  # in the order of the run
    rows: Mapped[int] = mapped_column(BigId)
    differences: Mapped[int] = mapped_column(BigId)
    milliseconds: Mapped[int] = mapped_column(BigId)
    examples: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    query: Mapped[str] = mapped_column(ForeignKey("proof_queries.digest"))
