"""What is read fast of the ledger, and what is held of wallets now; `ledger rebuild` makes it anew."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Base, BigId, UtcDateTime
from crm.models.ledger import ACCOUNT_STATUSES, one_of


class AccountBalance(Base):
    """The read model: one row for each customer's account, with all that a decision about money needs.

    It is the row that is locked. The posting engine alone writes it, in the transaction of the operations, and
    `ledger rebuild` can make it anew. There is no index on the balance, and room on every page: updates stay HOT.
    """

    __tablename__ = "account_balances"
    __table_args__ = (
        one_of("status", ACCOUNT_STATUSES),
        CheckConstraint("balance - held >= -overdraft_limit", name="floor"),
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("overdraft_limit >= 0", name="overdraft_limit"),
        CheckConstraint("status <> 'closed' OR (balance = 0 AND held = 0)", name="closed"),
        Index(None, "customer_id", "currency"),
        {"postgresql_with": {"fillfactor": 70}},
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(BigId)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(10), default="open")
    overdraft_limit: Mapped[int] = mapped_column(BigId, default=0)
    balance: Mapped[int] = mapped_column(BigId, default=0)
    held: Mapped[int] = mapped_column(BigId, default=0)
    sequence: Mapped[int] = mapped_column(BigId, default=0)  # of the last operation
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of the last operation


class Hold(Base):
    """What is reserved of a wallet now: one row for each payment as long as it is HELD, made and removed with that.

    A table of its own, as with `PendingPayment`. Their sum is what is `held` of the account.
    """

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("amount >= 1", name="amount"),
        Index(None, "account_id"),
        Index(None, "expires_at"),
    )

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    amount: Mapped[int] = mapped_column(BigId)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccountDay(Base):
    """What went in and out of a technical account on a day that is over (of the product's time zone), by kind.

    It can be thrown away and made anew from the operations.
    """

    __tablename__ = "account_days"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    count: Mapped[int] = mapped_column(BigId)
    incoming: Mapped[int] = mapped_column(BigId)  # the sum of what came in, zero or more
    outgoing: Mapped[int] = mapped_column(BigId)  # the sum of what went out, zero or more
