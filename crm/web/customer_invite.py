"""Whether a customer signs in by themselves, and inviting them to."""

from dataclasses import dataclass

from flask import Response, render_template, url_for
from wtforms.fields.choices import SelectChoice

from crm.errors import Invalid
from crm.forms.portal import InviteForm
from crm.i18n import gettext as _
from crm.models import Customer, Permission, User
from crm.services import customers, sign_ins
from crm.web.dates import language
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach, go, is_partial, notify


@dataclass(frozen=True)
class Invitation:
    """Who signs in as the customer, and the form to invite them once more."""

    people: list[User]
    form: InviteForm


def invitation(customer: Customer) -> Invitation:
    """The form offers the customer's e-mails that nobody signs in with yet, the main one first."""
    people, form = sign_ins.of_customer(customer.id), InviteForm()
    confirmed = {user.email for user in people if user.is_confirmed}
    emails = sorted((one for one in customer.channels if one.type == "email"), key=lambda one: not one.is_primary)
    form.email.choices = [SelectChoice(one.normalized, one.value) for one in emails if one.normalized not in confirmed]
    return Invitation(people, form)


@requires(Permission.WRITE)
def customer_invite(pk: int) -> Response:
    """Send the customer a link to choose a password by."""
    customer = customers.get(pk)
    form = invitation(customer).form
    try:
        user = sign_ins.invite(actor(), pk, form.email.data or "", language())
    except Invalid as error:
        attach(form, error)
        shown = Invitation(sign_ins.of_customer(pk), form)
        context = {"customer": customer, "invitation": shown}
        return answer("customers/invite.html", "customers/_sign_in.html", 422, **context)
    said = _("An invitation is on its way to %(email)s.", email=user.email)
    if not is_partial():
        notify(said)
        return go(url_for("customers.customer_detail", pk=pk))
    response = Response(render_template("customers/_sign_in.html", customer=customer, invitation=invitation(customer)))
    notify(said, response=response)
    return response
