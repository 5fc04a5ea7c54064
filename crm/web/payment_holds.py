"""What is held for a payment: captured or let go; dialogs with HTMX, pages without."""

import uuid

from flask import Response, make_response, render_template, request

from crm.errors import DomainError, Invalid
from crm.forms.payments import CaptureForm, ReleaseForm
from crm.i18n import gettext as _
from crm.models import Permission
from crm.money import to_text
from crm.services import holds
from crm.services.amounts import typed_amount
from crm.services.holds import Foreseen
from crm.services.paying import detail as details
from crm.services.paying.detail import Detail
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach
from crm.web.money_text import money
from crm.web.payment_answers import done


@requires(Permission.WRITE)
def payment_capture(pk: uuid.UUID) -> Response:
    """Move what is held, or a part of it."""
    payment, form = details.detail(pk), CaptureForm()
    if request.method == "GET":
        form.amount.data = to_text(payment.held_amount or 0, payment.row.currency)
        return _capture_form(payment, form)
    try:
        captured = holds.capture(actor(), pk.hex, _amount(form, payment))
    except Invalid as error:
        attach(form, error)
        return _capture_form(payment, form, error.status)
    return done(pk, _("%(amount)s was captured.", amount=money(captured.amount, captured.currency)))


@requires(Permission.WRITE)
def capture_preview(pk: uuid.UUID) -> Response:
    """What capturing the amount that is being typed will do; what is no amount yet is no fault."""
    payment, form = details.detail(pk), CaptureForm(request.args, meta={"csrf": False})
    return make_response(
        render_template("payments/_captured.html", payment=payment, **_foreseen(payment, form)),
    )


@requires(Permission.WRITE)
def payment_release(pk: uuid.UUID) -> Response:
    """Let go of what is held."""
    payment, form = details.detail(pk), ReleaseForm()
    if request.method == "GET":
        return _release_form(payment, form)
    try:
        holds.void(actor(), pk.hex, form.description.data or "")
    except Invalid as error:
        attach(form, error)
        return _release_form(payment, form, error.status)
    freed = money(payment.held_amount or 0, payment.row.currency)
    return done(pk, _("%(amount)s is available again.", amount=freed))


def _amount(form: CaptureForm, payment: Detail) -> int:
    try:
        return typed_amount(form.amount.data or "", payment.row.currency)
    except ValueError as error:
        raise Invalid({"amount": [str(error)]}) from error


def _foreseen(payment: Detail, form: CaptureForm) -> dict[str, Foreseen | str | None]:
    """What will be done, and why it cannot be."""
    if not (form.amount.data or "").strip():
        return {"foreseen": None, "problem": ""}
    try:
        return {"foreseen": holds.foresee(payment.row.id.hex, _amount(form, payment)), "problem": ""}
    except DomainError as error:
        return {"foreseen": None, "problem": error.message}


def _capture_form(payment: Detail, form: CaptureForm, status: int = 200) -> Response:
    part = "payments/_capture_form.html"
    context = {"payment": payment, "form": form, "part": part, **_foreseen(payment, form)}
    return answer("payments/form.html", part, status, title=_("Capture"), **context)


def _release_form(payment: Detail, form: ReleaseForm, status: int = 200) -> Response:
    part = "payments/_release_form.html"
    context = {"payment": payment, "form": form, "part": part}
    return answer("payments/form.html", part, status, title=_("Release"), **context)
