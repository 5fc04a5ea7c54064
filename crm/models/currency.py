"""Currencies that wallets may hold."""

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.db import Base


class Currency(Base):
    """A currency in use; `exponent` is how many decimals its minor unit has (ISO 4217: RUB 2, JPY 0, KWD 3)."""

    __tablename__ = "currencies"
    __table_args__ = (CheckConstraint("exponent BETWEEN 0 AND 4", name="exponent"),)

    code: Mapped[str] = mapped_column(String(3), primary_key=True)
    exponent: Mapped[int]
