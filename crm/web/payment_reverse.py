"""Giving back what a payment moved: a dialog with HTMX, a page without."""

import uuid

from flask import Response, make_response, render_template, request

from crm.errors import DomainError, DuplicateRequest, Invalid
from crm.forms.payments import ReverseForm
from crm.i18n import gettext as _
from crm.models import Permission
from crm.money import to_text
from crm.services import reversals
from crm.services.amounts import typed_amount
from crm.services.paying import detail as details
from crm.services.paying.detail import Detail
from crm.services.reversals import Foreseen
from crm.services.wallet import Receipt, WalletService
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach
from crm.web.money_text import money
from crm.web.payment_answers import done
from crm.web.wallet_order import given_key, renew_key


@requires(Permission.ADMIN)
def payment_reverse(pk: uuid.UUID) -> Response:
    """Reverse what the payment moved, or a part of it."""
    payment, form = details.detail(pk), ReverseForm()
    if request.method == "GET":
        form.amount.data = to_text(payment.left, payment.row.currency) if payment.left else ""
        return _form(payment, form)
    try:
        key, amount = given_key(form), _amount(form, payment)
        receipt = WalletService(actor()).reverse(pk.hex, amount, form.description.data or "", key)
    except (Invalid, DuplicateRequest) as error:
        return _refused(payment, form, error)
    return done(pk, _said(payment, amount, receipt))


@requires(Permission.ADMIN)
def reverse_preview(pk: uuid.UUID) -> Response:
    """What giving back the amount that is being typed will do; what is no amount yet is no fault."""
    payment, form = details.detail(pk), ReverseForm(request.args, meta={"csrf": False})
    foreseen, problem = _foreseen(payment, form)
    return make_response(
        render_template("payments/_foreseen.html", payment=payment, foreseen=foreseen, problem=problem)
    )


def _amount(form: ReverseForm, payment: Detail) -> int:
    try:
        return typed_amount(form.amount.data or "", payment.row.currency)
    except ValueError as error:
        raise Invalid({"amount": [str(error)]}) from error


def _foreseen(payment: Detail, form: ReverseForm) -> tuple[Foreseen | None, str]:
    """What will be done, and why it cannot be."""
    if not payment.left or not (form.amount.data or "").strip():
        return None, ""
    try:
        return reversals.foresee(payment.row.id.hex, _amount(form, payment)), ""
    except Invalid as error:
        return None, error.message


def _refused(payment: Detail, form: ReverseForm, error: DomainError) -> Response:
    attach(form, error)
    return _form(payment, form, error.status)


def _form(payment: Detail, form: ReverseForm, status: int = 200) -> Response:
    renew_key(form)
    foreseen, problem = _foreseen(payment, form)
    context = {"payment": payment, "form": form, "foreseen": foreseen, "problem": problem}
    part = "payments/_reverse_form.html"
    return answer("payments/form.html", part, status, title=_("Reverse"), part=part, **context)


def _said(payment: Detail, amount: int, receipt: Receipt) -> str:
    said = _("%(amount)s was reversed.", amount=money(amount, payment.row.currency))
    return _("This was done already: %(what)s", what=said) if receipt.replayed else said
