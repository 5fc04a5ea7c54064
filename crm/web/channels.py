"""Contact channels, inside the customer's page."""

from flask import Blueprint, Response, make_response, render_template, request, url_for

from crm.errors import DuplicateChannel, Invalid
from crm.forms.customer import ChannelForm
from crm.i18n import gettext as _
from crm.models import Customer, Permission
from crm.services import channels, customers
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach, go, is_partial, notify

bp = Blueprint("channels", __name__, url_prefix="/customers")


@bp.route("/<int:customer_pk>/channels/add/", methods=["GET", "POST"])
@requires(Permission.WRITE)
def add_contact_channel(customer_pk: int) -> Response:
    """One more way to reach the customer."""
    customer, form, owner = customers.get(customer_pk), ChannelForm(), None
    if request.method == "GET":
        return answer("channels/add.html", "channels/_channels.html", customer=customer, form=form)
    try:
        channels.add(actor(), customer_pk, form.data_given(), bool(form.allow_duplicate.data))
    except Invalid as error:
        attach(form, error)
        owner = error if isinstance(error, DuplicateChannel) else None
        context = {"customer": customers.get(customer_pk), "form": form, "owner": owner}
        return answer("channels/add.html", "channels/_channels.html", 422, **context)
    return _changed(customers.get(customer_pk), _("The contact was added."))


@bp.post("/channels/<int:pk>/delete/")
@requires(Permission.WRITE)
def delete_contact_channel(pk: int) -> Response:
    """One way less to reach the customer."""
    return _changed(channels.remove(actor(), pk), _("The contact was removed."))


@bp.post("/channels/<int:pk>/primary/")
@requires(Permission.WRITE)
def make_primary_channel(pk: int) -> Response:
    """The one to use first among those of its type."""
    return _changed(channels.make_primary(actor(), pk), _("This is the main contact now."))


def _changed(customer: Customer, message: str) -> Response:
    if not is_partial():
        notify(message)
        return go(url_for("customers.customer_detail", pk=customer.id))
    form = ChannelForm(formdata=None)
    response = make_response(render_template("channels/_channels.html", customer=customer, form=form))
    notify(message, response=response)
    return response
