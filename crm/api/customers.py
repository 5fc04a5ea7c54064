"""Customers for programs, and the ways to reach them."""

from typing import Any

from flask import url_for
from pydantic import Field

from crm.api import bp
from crm.api.calls import call
from crm.api.etags import etag, wanted_version
from crm.api.listing import asked, query_of
from crm.api.schemas.customers import Channel, Customer, CustomerIn, CustomerList, CustomerPatch, NewChannel
from crm.models import Permission
from crm.services import channels, customer_json, customers
from crm.web.guards import actor, owner, requires

QUERY = query_of(
    customer_json.LISTING, q=(str | None, Field(None, description="Searches names, channels and more, as pages do."))
)


@bp.get("/customers")
@requires(Permission.READ, own=True)
@call({200: CustomerList}, query=QUERY)
def customer_list() -> Any:
    """List customers

    Filtered and sorted by any field, a page at a time; by a field of your own as `attributes.colour`,
    `attributes.colour__contains`. Who is a customer sees themselves alone.
    """
    return customer_json.page(asked(), owner())


@bp.post("/customers")
@requires(Permission.WRITE)
@call({201: Customer}, tells=("ETag", "Location"))
def customer_create(json: CustomerIn) -> Any:
    """Create a customer

    Another customer with one of the channels is refused, unless `allow_duplicate` is set.
    """
    pk = customers.create(actor(), json.data(), json.allow_duplicate).id
    return _told(pk, 201, Location=url_for("api.customer_get", pk=pk))


@bp.get("/customers/<int:pk>")
@requires(Permission.READ, own=True)
@call({200: Customer}, tells=("ETag",))
def customer_get(pk: int) -> Any:
    """Get a customer"""
    return _told(pk, own=owner())


@bp.patch("/customers/<int:pk>")
@requires(Permission.WRITE)
@call({200: Customer}, refuses=(412, 428), sends=("If-Match",), tells=("ETag",))
def customer_update(pk: int, json: CustomerPatch) -> Any:
    """Change a customer

    `If-Match` has the ETag of what was read: somebody else's change in between is a 412.
    """
    customers.change(actor(), pk, wanted_version(), json.changes())
    return _told(pk)


@bp.delete("/customers/<int:pk>")
@requires(Permission.WRITE)
@call({204: None})
def customer_delete(pk: int) -> Any:
    """Delete a customer

    One whose money has moved is archived instead, and can still be read.
    """
    customers.delete(actor(), pk)
    return "", 204


@bp.post("/customers/<int:pk>/channels")
@requires(Permission.WRITE)
@call({201: Channel})
def channel_create(pk: int, json: NewChannel) -> Any:
    """Add a channel to a customer"""
    return customer_json.channel_json(channels.add(actor(), pk, json.data(), json.allow_duplicate)), 201


@bp.delete("/channels/<int:pk>")
@requires(Permission.WRITE)
@call({204: None})
def channel_delete(pk: int) -> Any:
    """Delete a channel"""
    channels.remove(actor(), pk)
    return "", 204


def _told(pk: int, status: int = 200, own: int | None = None, **headers: str) -> Any:
    told = customer_json.one(pk, own)
    return told, status, etag(told["version"]) | headers
