"""Money: accounts, the payments between them, and their double-entry operations.

Amounts are integers in the minor unit of the account's currency. `models/ledger_rules` has the triggers.
"""

import enum
import uuid
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7

from crm.db import Base, BigId, UtcDateTime, utcnow
from crm.models.customer import Customer
from crm.models.user import User
from crm.money import MAX_MINOR

ACCOUNT_STATUSES = ("open", "frozen", "closed")
SYSTEM = 0  # the caller of payments that nobody made by hand: imports, the command line


class TechnicalCode(enum.StrEnum):
    """The other side of what crosses the border of the system."""

    BANK_TRANSFER = "bank_transfer"
    CASH = "cash"
    CARD = "card"
    E_WALLET = "e_wallet"
    CRYPTO = "crypto"
    SALES = "sales"
    COMMISSION = "commission"
    ADJUSTMENT = "adjustment"
    CONVERSION = "conversion"
    OPENING = "opening"


SOURCES = (
    TechnicalCode.BANK_TRANSFER,
    TechnicalCode.CASH,
    TechnicalCode.CARD,
    TechnicalCode.E_WALLET,
    TechnicalCode.CRYPTO,
)  # where money comes in and goes out


class PaymentKind(enum.StrEnum):
    """What a payment is for."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    SPEND = "spend"
    TRANSFER = "transfer"
    ADJUSTMENT = "adjustment"
    CONVERSION = "conversion"
    REVERSAL = "reversal"
    OPENING = "opening"


class PaymentStatus(enum.StrEnum):
    """How a payment stands. HELD is what a hold is between: its amount is reserved, nothing has moved yet."""

    INITIATED = "INITIATED"
    HELD = "HELD"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    VOIDED = "VOIDED"  # a hold that was let go
    EXPIRED = "EXPIRED"  # a hold that nobody has captured in time


FINAL = (PaymentStatus.COMPLETED, PaymentStatus.FAILED, PaymentStatus.VOIDED, PaymentStatus.EXPIRED)
HOLDABLE = (PaymentKind.SPEND, PaymentKind.TRANSFER, PaymentKind.WITHDRAWAL)  # out of a customer's wallet


class OperationKind(enum.StrEnum):
    """What a line of a payment is: the money itself, or what is taken for moving it."""

    TRANSFER = "transfer"
    COMMISSION = "commission"


def one_of(column: str, values: type[enum.StrEnum] | tuple[str, ...]) -> CheckConstraint:
    """The rule that the column has one of the values."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(value)) for value in values)})", name=column)


class Account(Base):
    """Money in one currency: of a customer (a wallet), or technical (no customer, a code)."""

    __tablename__ = "accounts"
    __table_args__ = (
        one_of("status", ACCOUNT_STATUSES),
        CheckConstraint(
            f"code IS NULL OR code IN ({', '.join(repr(code.value) for code in TechnicalCode)})", name="code"
        ),
        CheckConstraint("(customer_id IS NULL) = (code IS NOT NULL)", name="owner"),
        CheckConstraint("code IS NULL OR (status = 'open' AND overdraft_limit = 0)", name="technical"),
        CheckConstraint(f"overdraft_limit BETWEEN 0 AND {MAX_MINOR}", name="overdraft_limit"),
        UniqueConstraint("code", "currency"),
        Index(None, "customer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    code: Mapped[str | None] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(ForeignKey("currencies.code"))
    name: Mapped[str] = mapped_column(String(100), default="")
    status: Mapped[str] = mapped_column(String(10), default="open")
    overdraft_limit: Mapped[int] = mapped_column(BigId, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    customer: Mapped[Customer | None] = relationship()


class Payment(Base):
    """One movement of money: who pays whom, how much, by whose wish. It is its own audit row, and is never deleted.

    `caller` and `idempotency_key` make a request unique; `fingerprint` is the SHA-256 of what was asked.

    A hold has a `held_amount`, which is reserved before it moves. When it is captured, `amount` and `commission` become
    what was captured, which may be less; they change at no other time.
    """

    __tablename__ = "payments"
    __table_args__ = (
        one_of("kind", PaymentKind),
        CheckConstraint(
            "(status IN ('INITIATED', 'HELD') AND completed_at IS NULL AND failure_code IS NULL)"
            " OR (status IN ('COMPLETED', 'VOIDED', 'EXPIRED') AND completed_at IS NOT NULL AND failure_code IS NULL)"
            " OR (status = 'FAILED' AND completed_at IS NOT NULL AND failure_code IS NOT NULL)",
            name="status",
        ),
        CheckConstraint(
            "(held_amount IS NULL AND hold_expires_at IS NULL AND held_at IS NULL"
            " AND status NOT IN ('HELD', 'VOIDED', 'EXPIRED'))"
            " OR (held_amount IS NOT NULL AND hold_expires_at IS NOT NULL"
            " AND kind IN ('spend', 'transfer', 'withdrawal')"
            " AND amount <= held_amount AND (amount = held_amount OR status = 'COMPLETED')"
            " AND (held_at IS NULL) = (status IN ('INITIATED', 'FAILED')))",
            name="hold",
        ),
        CheckConstraint(f"amount BETWEEN 1 AND {MAX_MINOR}", name="amount"),
        CheckConstraint("commission >= 0 AND commission < amount", name="commission"),
        CheckConstraint(
            "(to_amount IS NULL AND to_currency IS NULL AND rate IS NULL AND kind <> 'conversion')"
            f" OR (to_amount BETWEEN 1 AND {MAX_MINOR} AND to_currency <> currency AND rate > 0"
            " AND to_amount IS NOT NULL AND to_currency IS NOT NULL AND rate IS NOT NULL"
            " AND kind IN ('conversion', 'reversal'))",
            name="conversion",
        ),
        CheckConstraint("(kind = 'reversal') = (reversal_of_id IS NOT NULL)", name="reversal"),
        CheckConstraint(
            "reversed_amount BETWEEN 0 AND amount"
            " AND (reversed_amount = 0 OR (status = 'COMPLETED' AND kind <> 'reversal'))",
            name="reversed_amount",
        ),
        CheckConstraint("from_account_id <> to_account_id", name="sides"),
        CheckConstraint("caller = coalesce(created_by_id, 0)", name="caller"),
        CheckConstraint(
            "kind <> 'adjustment' OR length(replace(description, ' ', '')) >= 3", name="adjustment_described"
        ),
        UniqueConstraint("caller", "idempotency_key"),
        Index(None, "from_account_id"),
        Index(None, "to_account_id"),
        Index(
            "ix_payments_reversal_of_id",
            "reversal_of_id",
            postgresql_where=text("reversal_of_id IS NOT NULL"),
            sqlite_where=text("reversal_of_id IS NOT NULL"),
        ),
        Index(
            "ix_payments_batch_id_batch_row",
            "batch_id",
            "batch_row",
            postgresql_where=text("batch_id IS NOT NULL"),
            sqlite_where=text("batch_id IS NOT NULL"),
        ),
        # By the code, which no completed payment gets: an index on the status would keep updates from being HOT.
        Index(
            "ix_payments_failed",
            "id",
            postgresql_where=text("failure_code IS NOT NULL"),
            sqlite_where=text("failure_code IS NOT NULL"),
        ),
        # Which of these are holds never changes; those that are held now are in `holds`.
        Index(
            "ix_payments_holds",
            "id",
            postgresql_where=text("held_amount IS NOT NULL"),
            sqlite_where=text("held_amount IS NOT NULL"),
        ),
        Index(
            "uq_payments_opening",
            "to_account_id",
            unique=True,
            postgresql_where=text("kind = 'opening'"),
            sqlite_where=text("kind = 'opening'"),
        ),
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    kind: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(10), default="INITIATED")
    from_account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    to_account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    source: Mapped[str | None] = mapped_column(String(20))  # the technical side's code
    amount: Mapped[int] = mapped_column(BigId)
    currency: Mapped[str] = mapped_column(String(3))  # of the account that pays; in a deposit, of the one paid
    commission: Mapped[int] = mapped_column(BigId, default=0)
    held_amount: Mapped[int | None] = mapped_column(BigId)
    hold_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    to_amount: Mapped[int | None] = mapped_column(BigId)  # of a conversion: what arrives, in `to_currency`
    to_currency: Mapped[str | None] = mapped_column(String(3))
    rate: Mapped[int | None] = mapped_column(BigId)  # scaled by 10^9
    terms: Mapped[str | None] = mapped_column(Text)  # JSON: the rule or the rate that the commission was worked out by
    reversal_of_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payments.id"))
    reversed_amount: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    description: Mapped[str] = mapped_column(String(500), default="")
    details: Mapped[str | None] = mapped_column("metadata", Text)  # JSON, kept for the program that sent it
    batch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_batches.id"))
    batch_row: Mapped[int | None]
    failure_code: Mapped[str | None] = mapped_column(String(40))
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    caller: Mapped[int] = mapped_column(BigId)
    origin: Mapped[str] = mapped_column(String(64), default="")
    idempotency_key: Mapped[str] = mapped_column(String(200))
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when it became final, whichever way

    created_by: Mapped[User | None] = relationship()
    from_account: Mapped[Account] = relationship(foreign_keys=[from_account_id])
    to_account: Mapped[Account] = relationship(foreign_keys=[to_account_id])


class Operation(Base):
    """One line of a payment on one account. `balance_after` and `sequence` are null on technical accounts.

    That payment and account are there a trigger sees to, together with all else that holds for an operation; what has
    operations cannot be deleted. Foreign keys would ask for every row once more, which is half the time of posting.
    """

    __tablename__ = "operations"
    __table_args__ = (
        one_of("kind", OperationKind),
        CheckConstraint("signed_amount <> 0", name="signed_amount"),
        CheckConstraint("(sequence IS NULL) = (balance_after IS NULL)", name="chain"),
        CheckConstraint("sequence >= 1", name="sequence"),
        UniqueConstraint("payment_id", "account_id", "kind"),
        Index(
            "uq_operations_sequence",
            "account_id",
            "sequence",
            unique=True,
            postgresql_where=text("sequence IS NOT NULL"),
            sqlite_where=text("sequence IS NOT NULL"),
        ),
        Index(None, "account_id", "created_at", "id"),
        Index(None, "created_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[uuid.UUID]
    account_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(10))
    signed_amount: Mapped[int] = mapped_column(BigId)
    balance_after: Mapped[int | None] = mapped_column(BigId)
    sequence: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
