"""Payments on their way: accepted together, and waiting to be posted in the background."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7

from crm.db import Base, UtcDateTime, utcnow
from crm.models.user import User


class PaymentBatch(Base):
    """Payments that were accepted together, all of them or none: a spreadsheet, or one call of a program."""

    __tablename__ = "payment_batches"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    name: Mapped[str] = mapped_column(String(200), default="")  # of the file
    count: Mapped[int]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    created_by: Mapped[User | None] = relationship()


class PendingPayment(Base):
    """A payment that was accepted and waits to be posted in the background; the row goes when the payment is final.

    A table of its own: an index on the status of payments would make every one of their updates slower. Here too
    nothing but the id has an index, so that a claim is a HOT update.
    """

    __tablename__ = "pending_payments"
    __table_args__ = ({"postgresql_with": {"fillfactor": 50}},)

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
