"""Customers: find, create, change, archive, delete."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from crm.channel_types import ChannelError, normalize
from crm.db import atomic, db, is_postgresql, locked, retrying, utcnow
from crm.errors import Invalid, NotFound, StaleVersion
from crm.i18n import gettext as _
from crm.models import Account, ContactChannel, Customer, Payment, Tag, User
from crm.services import audit
from crm.services.audit import Actor
from crm.services.channels import refuse_taken
from crm.services.customer_data import CustomerData, clean, merged
from crm.services.importing.plan import ATTRIBUTE
from crm.text import fold, has_control, squeeze

_TAG_NAMES = select(Tag.__table__.c.name).order_by(Tag.__table__.c.key).limit(500)
FIELDS = ("name", "kind", "company", "city", "notes", "external_id")


@dataclass(frozen=True)
class Likeness:
    """A customer who may be the one being typed, and what they share: `phone`, `email` or `name`."""

    id: int
    name: str
    shares: str
    value: str


def get(pk: int) -> Customer:
    """The customer with channels and tags, or `NotFound`."""
    customer = db.session.scalar(
        select(Customer)
        .where(Customer.id == pk)
        .options(selectinload(Customer.channels), selectinload(Customer.tags))
        .execution_options(populate_existing=True)
    )
    if customer is None:
        raise NotFound(_("There is no such customer."))
    return customer


def name_of(pk: int) -> str | None:
    """What the customer is called, None where there is none."""
    return db.session.scalar(select(Customer.name).where(Customer.id == pk))


@retrying
def create(actor: Actor, data: CustomerData, allow_duplicate: bool = False) -> Customer:
    """Store a new customer with channels and tags.

    Raises `Invalid` by field (an external id that is taken too), and `DuplicateChannel` where another customer has
    one of the channels and `allow_duplicate` is not set.
    """
    cleaned = clean(data, current_app.config["CRM_DEFAULT_REGION"])
    with atomic() as session, unique_external_id(cleaned.external_id):
        if not allow_duplicate:
            refuse_taken({(channel.type, channel.normalized): channel.field for channel in cleaned.channels})
        customer = Customer(
            tags=tags_named(cleaned.tags), attributes=merged({}, cleaned.attributes), **_columns(cleaned)
        )
        customer.channels = [
            ContactChannel(
                type=channel.type,
                value=channel.value,
                normalized=channel.normalized,
                label=channel.label,
                is_primary=channel.is_primary,
            )
            for channel in cleaned.channels
        ]
        customer.refresh_keys()
        session.add(customer)
        session.flush()
        audit.record(actor, "customer.created", "customer", customer.id, audit.difference({}, snapshot(customer)))
    return customer


@retrying
def update(actor: Actor, pk: int, version: int, data: CustomerData) -> Customer:
    """Change the customer's own fields and tags (channels are left alone).

    Raises `StaleVersion` when somebody saved since `version` was read, `Invalid` by field, `NotFound`.
    """
    cleaned = clean(data, current_app.config["CRM_DEFAULT_REGION"])
    with atomic(), unique_external_id(cleaned.external_id):
        customer = _unchanged(pk, version)
        _write(actor, customer, cleaned)
    return customer


@retrying
def change(actor: Actor, pk: int, version: int | None, changes: Mapping[str, Any]) -> Customer:
    """Change the named fields and leave the rest: those of `FIELDS`, `tags`, `attributes` (those that are named; blank
    ones go) and `status`; any version where it is None.

    Raises as `update`.
    """
    with atomic():
        customer = _unchanged(pk, version)
        before: dict[str, Any] = {name: getattr(customer, name) or "" for name in FIELDS}
        before["tags"] = [tag.name for tag in customer.tags]
        wanted = {name: value for name, value in changes.items() if name != "status"}
        cleaned = clean(CustomerData(**before | wanted), current_app.config["CRM_DEFAULT_REGION"])
        with unique_external_id(cleaned.external_id), atomic():
            _write(actor, customer, cleaned)
        if "status" in changes:
            _set_archived(actor, customer, changes["status"] == "archived")
    return customer


def _unchanged(pk: int, version: int | None) -> Customer:
    customer = locked(Customer, pk)
    if version is not None and customer.version != version:
        message = _("Somebody else has changed this customer meanwhile.")
        raise StaleVersion(message, snapshot(customer), customer.version)
    return customer


def _write(actor: Actor, customer: Customer, cleaned: CustomerData) -> None:
    before = snapshot(customer)
    for name, value in _columns(cleaned).items():
        setattr(customer, name, value)
    try:
        customer.attributes = merged(customer.attributes, cleaned.attributes)
    except ValueError as error:
        raise Invalid({"attributes": [str(error)]}) from error
    customer.tags = tags_named(cleaned.tags)
    if changes := audit.difference(before, snapshot(customer)):
        touch(customer)
        audit.record(actor, "customer.updated", "customer", customer.id, changes)


@retrying
def set_archived(actor: Actor, pk: int, archived: bool) -> Customer:
    """Put the customer away, or bring them back; nothing else changes."""
    with atomic():
        return _set_archived(actor, locked(Customer, pk), archived)


def _set_archived(actor: Actor, customer: Customer, archived: bool) -> Customer:
    status = "archived" if archived else "active"
    if customer.status != status:
        audit.record(actor, f"customer.{status}", "customer", customer.id, {"status": (customer.status, status)})
        customer.status = status
        touch(customer)
    return customer


def has_payments(pk: int) -> bool:
    """Whether money of the customer has moved, or was meant to, or they sign in themselves: then they are archived,
    never deleted.
    """
    if db.session.scalar(select(User.id).where(User.customer_id == pk).limit(1)) is not None:
        return True
    wallets = select(Account.id).where(Account.customer_id == pk)
    payments = select(Payment.id).where(or_(Payment.from_account_id.in_(wallets), Payment.to_account_id.in_(wallets)))
    return db.session.scalar(payments.limit(1)) is not None


@retrying
def delete(actor: Actor, pk: int) -> bool:
    """Remove the customer with channels, tags and unused wallets; what they were stays in the audit trail.

    A customer whose money has moved is archived instead, and False is returned.
    """
    try:
        with atomic() as session:
            customer = locked(Customer, pk)
            if has_payments(pk):
                _set_archived(actor, customer, True)
                return False
            gone = snapshot(customer) | {"channels": [f"{one.type}: {one.value}" for one in customer.channels]}
            audit.record(
                actor, "customer.deleted", "customer", pk, {name: (value, None) for name, value in gone.items()}
            )
            session.delete(customer)
    except IntegrityError:  # money began to move meanwhile
        set_archived(actor, pk, True)
        return False
    return True


def touch(customer: Customer) -> None:
    """Note that the customer changed: a new version, fresh keys, and the time."""
    customer.version += 1
    customer.updated_at = utcnow()
    customer.refresh_keys()


def snapshot(customer: Customer) -> dict[str, Any]:
    """The customer's fields as people know them, for forms and the audit trail."""
    fields: dict[str, Any] = {name: getattr(customer, name) or "" for name in FIELDS}
    attributes = {f"{ATTRIBUTE}{name}": value for name, value in customer.attributes.items()}
    return fields | attributes | {"tags": [tag.name for tag in sorted(customer.tags, key=lambda tag: tag.key)]}


def tags_named(names: list[str]) -> list[Tag]:
    """The tags of these names, made where they are new; two people making the same tag get the same row."""
    if not names:
        return []
    insert = postgresql.insert if is_postgresql() else sqlite.insert
    rows = sorted(({"name": name, "key": fold(name)} for name in names), key=lambda row: row["key"])
    db.session.execute(insert(Tag).values(rows).on_conflict_do_nothing(index_elements=["key"]))
    return list(db.session.scalars(select(Tag).where(Tag.key.in_([row["key"] for row in rows])).order_by(Tag.key)))


def all_tags() -> list[str]:
    """The names of all tags, in order (500 at most: it fills a filter)."""
    return list(db.session.scalars(_TAG_NAMES))


def alike(data: CustomerData) -> list[Likeness]:
    """Up to five customers who share a phone, an e-mail or the whole name with what has been typed so far."""
    region, wanted = current_app.config["CRM_DEFAULT_REGION"], []
    for channel in data.channels:
        try:
            wanted.append((channel.type, normalize(channel.type, channel.value, region)))
        except ChannelError:
            continue  # not complete yet
    name = squeeze(data.name)
    return _sharing(wanted, "" if has_control(name) else fold(name)[:600])[:5]


def _sharing(wanted: list[tuple[str, str]], name_key: str) -> list[Likeness]:
    found: dict[int, Likeness] = {}
    for type_, normalized in wanted:
        owners = (
            select(Customer.id, Customer.name, ContactChannel.value)
            .join(ContactChannel, ContactChannel.customer_id == Customer.id)
            .where(ContactChannel.type == type_, ContactChannel.normalized == normalized)
            .order_by(Customer.id)
            .limit(5)
        )
        for pk, name, value in db.session.execute(owners):
            found.setdefault(pk, Likeness(pk, name, type_, value))
    if len(name_key) > 2:
        namesakes = (
            select(Customer.id, Customer.name).where(Customer.name_key == name_key).order_by(Customer.id).limit(5)
        )
        for pk, name in db.session.execute(namesakes):
            found.setdefault(pk, Likeness(pk, name, "name", name))
    return list(found.values())


class unique_external_id:  # noqa: N801  (reads as a clause of `with`)
    """Turn the database's refusal of a second customer with one external id into a message at that field."""

    def __init__(self, external_id: str) -> None:
        self.external_id = external_id

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, IntegrityError) and "external_id" in str(error.orig):
            message = _("Another customer has the external ID %(value)s.", value=self.external_id)
            raise Invalid({"external_id": [message]}) from error


def _columns(cleaned: CustomerData) -> dict[str, Any]:
    return {name: getattr(cleaned, name) for name in FIELDS} | {"external_id": cleaned.external_id or None}
