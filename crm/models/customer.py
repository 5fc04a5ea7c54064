"""Customers, the ways to reach them, and their tags."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.channel_types import ChannelType
from crm.db import Base, BigId, UtcDateTime, folded, utcnow
from crm.text import digits, fold

KINDS = ("person", "company")
STATUSES = ("active", "archived")


class Tag(Base):
    """A word to group customers by; `key` is the folded name."""

    __tablename__ = "tags"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    key: Mapped[str] = mapped_column(folded(150), unique=True)


class CustomerTag(Base):
    """Which customer has which tag."""

    __tablename__ = "customer_tags"
    __table_args__ = (Index(None, "tag_id", "customer_id"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"), primary_key=True)


class Customer(Base):
    """A person or company the business serves.

    The `*_key` columns are what the list sorts by: folded, never NULL, '' where there is nothing. They and
    `search_text` are worked out by `derived()` whenever the customer, a channel or a tag changes.
    """

    __tablename__ = "customers"
    __table_args__ = (
        CheckConstraint("kind IN ('person', 'company')", name="kind"),
        CheckConstraint("status IN ('active', 'archived')", name="status"),
        Index(None, "name_key", "id"),
        Index(None, "city_key", "id"),
        Index(None, "phone_key", "id"),
        Index(None, "email_key", "id"),
        Index(None, "tags_key", "id"),
        Index(None, "created_at", "id"),
        Index(None, "updated_at", "id"),
        Index(
            "ix_customers_search_text",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ).ddl_if(dialect="postgresql"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), default="person")
    status: Mapped[str] = mapped_column(String(10), default="active")
    name: Mapped[str] = mapped_column(String(200))
    company: Mapped[str] = mapped_column(String(200), default="")
    city: Mapped[str] = mapped_column(String(100), default="")
    notes: Mapped[str] = mapped_column(Text, default="")
    external_id: Mapped[str | None] = mapped_column(String(100), unique=True)
    attributes: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")  # name: text
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    name_key: Mapped[str] = mapped_column(folded(600))
    city_key: Mapped[str] = mapped_column(folded(300), default="")
    phone_key: Mapped[str] = mapped_column(folded(20), default="")
    email_key: Mapped[str] = mapped_column(folded(900), default="")
    tags_key: Mapped[str] = mapped_column(folded(300), default="")
    search_text: Mapped[str] = mapped_column(Text)

    channels: Mapped[list["ContactChannel"]] = relationship(
        back_populates="customer", cascade="all, delete-orphan", passive_deletes=True, order_by="ContactChannel.id"
    )
    tags: Mapped[list[Tag]] = relationship(secondary="customer_tags", order_by="Tag.key")

    def refresh_keys(self) -> None:
        """Work out the sort keys and the search text anew from what the customer is now."""
        channels = [(channel.type, channel.normalized, channel.is_primary) for channel in self.channels]
        keys = derived(self.name, self.company, self.city, self.external_id, channels, [tag.name for tag in self.tags])
        for name, value in keys.items():
            setattr(self, name, value)


class ContactChannel(Base):
    """One way to reach a customer: the value as typed, and normalized."""

    __tablename__ = "contact_channels"
    __table_args__ = (
        UniqueConstraint("customer_id", "type", "normalized"),
        Index(None, "type", "normalized", "customer_id"),
        Index(
            "uq_contact_channels_primary",
            "customer_id",
            "type",
            unique=True,
            postgresql_where=text("is_primary"),
            sqlite_where=text("is_primary"),
        ),
        CheckConstraint(f"type IN ({', '.join(repr(type_.value) for type_ in ChannelType)})", name="type"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(300))
    normalized: Mapped[str] = mapped_column(folded(900))
    label: Mapped[str] = mapped_column(String(50), default="")
    is_primary: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utcnow)

    customer: Mapped[Customer] = relationship(back_populates="channels")


def derived(
    name: str,
    company: str,
    city: str,
    external_id: str | None,
    channels: Iterable[tuple[str, str, bool]],
    tags: Iterable[str],
) -> dict[str, str]:
    """The sort keys and the search text of a customer; `channels` are (type, normalized value, is primary).

    Two blanks stand before every word of the search text: so `'  и'` and `' ив'` are trigrams, and one or two
    characters find the words that begin with them through the same index that finds three and more anywhere.
    """
    name_key, city_key = fold(name), fold(city)
    words = [name_key, fold(company), city_key, fold(external_id or "")]
    main = {"phone": "", "email": ""}
    for type_, normalized, is_primary in channels:
        words.append(digits(normalized) if normalized.startswith("+") else normalized)
        if type_ in main and (is_primary or not main[type_]):
            main[type_] = normalized
    return {
        "name_key": name_key,
        "city_key": city_key,
        "phone_key": main["phone"],
        "email_key": main["email"],
        "tags_key": ", ".join(sorted(fold(tag) for tag in tags))[:300],
        "search_text": "  ".join(["", *" ".join(words).split()]),
    }
