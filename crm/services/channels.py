"""Contact channels of a customer: add, remove, choose the main one."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flask import current_app
from sqlalchemy import func, select, tuple_

from crm.channel_types import ChannelType
from crm.db import atomic, db, is_postgresql, locked, retrying, utcnow
from crm.errors import DuplicateChannel, Invalid, NotFound
from crm.i18n import gettext as _
from crm.models import ContactChannel, Customer
from crm.services import audit
from crm.services.audit import Actor
from crm.services.customer_data import ChannelData, clean_channel, clean_text


@retrying
def add(actor: Actor, customer_pk: int, data: ChannelData, allow_duplicate: bool = False) -> ContactChannel:
    """Give the customer one more channel; the first of its type becomes the main one by itself.

    Raises `Invalid` at the field `type`, `value` or `label`, `DuplicateChannel` where another customer has it and
    `allow_duplicate` is not set, `NotFound`.
    """
    cleaned = _clean(data)
    with atomic() as session:
        customer = locked(Customer, customer_pk)
        if any((c.type, c.normalized) == (cleaned.type, cleaned.normalized) for c in customer.channels):
            raise Invalid({"value": [_("This customer has it already.")]})
        if not allow_duplicate:
            refuse_taken({(cleaned.type, cleaned.normalized): "value"})
        same_type = [channel for channel in customer.channels if channel.type == cleaned.type]
        channel = ContactChannel(
            type=cleaned.type, value=cleaned.value, normalized=cleaned.normalized, label=cleaned.label, is_primary=False
        )
        customer.channels.append(channel)
        if cleaned.is_primary or not same_type:
            _make_primary(customer, channel)
        _touch(customer)
        session.flush()
        audit.record(actor, "channel.added", "customer", customer_pk, {channel.type: (None, channel.value)})
    return channel


@retrying
def remove(actor: Actor, pk: int) -> Customer:
    """Take the channel away; the oldest of its type takes its place as the main one. Returns the customer."""
    with atomic() as session:
        customer, channel = _with_customer(pk)
        customer.channels.remove(channel)
        session.flush()
        rest = [other for other in customer.channels if other.type == channel.type]
        if channel.is_primary and rest:
            _make_primary(customer, rest[0])
        _touch(customer)
        audit.record(actor, "channel.removed", "customer", customer.id, {channel.type: (channel.value, None)})
    return customer


@retrying
def make_primary(actor: Actor, pk: int) -> Customer:
    """Make it the main channel of its type. Returns the customer."""
    with atomic():
        customer, channel = _with_customer(pk)
        if not channel.is_primary:
            before = next((c.value for c in customer.channels if c.type == channel.type and c.is_primary), None)
            _make_primary(customer, channel)
            _touch(customer)
            changes = {f"main {channel.type}": (before, channel.value)}
            audit.record(actor, "channel.made_primary", "customer", customer.id, changes)
    return customer


def refuse_taken(pairs: Mapping[tuple[str, str], str]) -> None:
    """Raise `DuplicateChannel` when a customer has one of the (type, normalized value) pairs, at the field that stands
    beside it (at its type where that is blank).
    """
    if not pairs:
        return
    _take_turns(pairs)
    owner = db.session.execute(
        select(Customer.id, Customer.name, ContactChannel.type, ContactChannel.value, ContactChannel.normalized)
        .join(ContactChannel, ContactChannel.customer_id == Customer.id)
        .where(tuple_(ContactChannel.type, ContactChannel.normalized).in_(list(pairs)))
        .order_by(Customer.id)
        .limit(1)
    ).first()
    if owner is not None:
        message = _("%(name)s has %(value)s already.", name=owner.name, value=owner.value)
        raise DuplicateChannel(pairs[owner.type, owner.normalized] or owner.type, message, owner.id, owner.name)


def _take_turns(pairs: Iterable[tuple[str, str]]) -> None:
    # Two who add one channel at once would both find it free; on SQLite there is one writer at a time anyway.
    if is_postgresql():
        for key in sorted({f"{type_} {normalized}" for type_, normalized in pairs}):
            db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def _clean(data: ChannelData) -> ChannelData:
    if data.type not in set(ChannelType):
        raise Invalid({"type": [_("There is no such type of contact.")]})
    errors: dict[str, list[str]] = {}
    try:
        label = clean_text("label", data.label)
    except ValueError as error:
        label, errors["label"] = "", [str(error)]
    try:
        cleaned = clean_channel(replace(data, label=label), current_app.config["CRM_DEFAULT_REGION"])
    except ValueError as error:
        errors["value"] = [str(error)]
    if errors:
        raise Invalid(errors)
    return cleaned


def _with_customer(pk: int) -> tuple[Customer, ContactChannel]:
    customer_pk = db.session.scalar(select(ContactChannel.customer_id).where(ContactChannel.id == pk))
    if customer_pk is None:
        raise NotFound(_("There is no such contact."))
    customer = locked(Customer, customer_pk)
    channel = next((channel for channel in customer.channels if channel.id == pk), None)
    if channel is None:
        raise NotFound(_("There is no such contact."))
    return customer, channel


def _make_primary(customer: Customer, channel: ContactChannel) -> None:
    for other in customer.channels:
        if other.type == channel.type and other is not channel:
            other.is_primary = False
    db.session.flush()  # the old one gives way first: two main ones are refused by an index
    channel.is_primary = True


def _touch(customer: Customer) -> None:
    customer.version += 1  # what was read of the customer is no longer what there is
    customer.updated_at = utcnow()
    customer.refresh_keys()
