"""Currencies that wallets may hold, and what it costs to move money: commission rules and exchange rates.

Percents and rates are integers scaled by 10^9 (`SCALE`); amounts are in minor units of the rule's currency.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.db import Base, BigId, UtcDateTime, utcnow
from crm.models.user import User
from crm.money import MAX_MINOR

SCALE = 10**9
MAX_PERCENT = 100 * SCALE
MAX_RATE = 10**9 * SCALE - 1
CHARGED_KINDS = ("deposit", "withdrawal", "spend", "transfer")  # payments that a commission may be taken for
_SOURCED = "source IN ('bank_transfer', 'cash', 'card', 'e_wallet', 'crypto')"


class Currency(Base):
    """A currency in use; `exponent` is how many decimals its minor unit has (ISO 4217: RUB 2, JPY 0, KWD 3)."""

    __tablename__ = "currencies"
    __table_args__ = (CheckConstraint("exponent BETWEEN 0 AND 4", name="exponent"),)

    code: Mapped[str] = mapped_column(String(3), primary_key=True)
    exponent: Mapped[int]


class CommissionRule(Base):
    """What is taken for payments of a kind from `valid_from` on: percent + fixed, but no less than the minimum and no
    more than the maximum. Without a currency it holds for all, without a source for every way. Never changed: a newer
    one takes its place, or it is ended.
    """

    __tablename__ = "commission_rules"
    __table_args__ = (
        CheckConstraint(f"payment_kind IN ({', '.join(map(repr, CHARGED_KINDS))})", name="payment_kind"),
        CheckConstraint(f"source IS NULL OR ({_SOURCED} AND payment_kind IN ('deposit', 'withdrawal'))", name="source"),
        CheckConstraint(f"percent BETWEEN 0 AND {MAX_PERCENT}", name="percent"),
        CheckConstraint(
            f"fixed BETWEEN 0 AND {MAX_MINOR} AND minimum BETWEEN 0 AND {MAX_MINOR}"
            f" AND (maximum IS NULL OR maximum BETWEEN minimum AND {MAX_MINOR})",
            name="bounds",
        ),
        CheckConstraint(
            "currency IS NOT NULL OR (fixed = 0 AND minimum = 0 AND maximum IS NULL)",
            name="amounts_have_a_currency",
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_kind: Mapped[str] = mapped_column(String(12))
    currency: Mapped[str | None] = mapped_column(ForeignKey("currencies.code"))
    source: Mapped[str | None] = mapped_column(String(20))
    percent: Mapped[int] = mapped_column(BigId, default=0)
    fixed: Mapped[int] = mapped_column(BigId, default=0)
    minimum: Mapped[int] = mapped_column(BigId, default=0)
    maximum: Mapped[int | None] = mapped_column(BigId)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    created_by: Mapped[User | None] = relationship()


class ExchangeRate(Base):
    """How much of `to_currency` one unit of `from_currency` buys from `valid_from` on; `spread` is the percent of what
    is paid that is kept as commission. The other direction is a rate of its own.
    """

    __tablename__ = "exchange_rates"
    __table_args__ = (
        CheckConstraint("from_currency <> to_currency", name="pair"),
        CheckConstraint(f"rate BETWEEN 1 AND {MAX_RATE}", name="rate"),
        CheckConstraint(f"spread BETWEEN 0 AND {MAX_PERCENT - 1}", name="spread"),
        UniqueConstraint("from_currency", "to_currency", "valid_from"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    from_currency: Mapped[str] = mapped_column(ForeignKey("currencies.code"))
    to_currency: Mapped[str] = mapped_column(ForeignKey("currencies.code"))
    rate: Mapped[int] = mapped_column(BigId)
    spread: Mapped[int] = mapped_column(BigId, default=0)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    created_by: Mapped[User | None] = relationship()
