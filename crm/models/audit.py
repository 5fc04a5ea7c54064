"""The audit trail: who changed what, when and from where. Triggers refuse to change or remove a row."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Base, BigId, UtcDateTime, utcnow
from crm.models.user import User


class AuditEntry(Base):
    """One change: `action` on `entity` `entity_id`; `changes` maps a field to `[before, after]`."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index(None, "entity", "entity_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    origin: Mapped[str] = mapped_column(String(64))  # an IP address, "cli", or "import 12"
    action: Mapped[str] = mapped_column(String(40))
    entity: Mapped[str] = mapped_column(String(30))
    entity_id: Mapped[str] = mapped_column(String(40))
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)

    actor: Mapped[User | None] = relationship()
