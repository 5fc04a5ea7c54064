"""Payments: the list of them, as a file too, and one payment with everything that belongs to it."""

import uuid
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from crm.errors import Invalid
from crm.forms.payments import PaymentFilter
from crm.models import Permission
from crm.services.paying import detail as details
from crm.services.paying import lists as listed
from crm.services.paying.criteria import BadCursor, Criteria
from crm.services.paying.lists import Page
from crm.services.paying.sums import sums
from crm.web.downloads import download
from crm.web.filters import alike
from crm.web.guards import requires
from crm.web.htmx import answer, attach, is_partial
from crm.web.payment_filter import asked, list_url, offered, sort_url, state
from crm.web.payment_holds import capture_preview, payment_capture, payment_release
from crm.web.payment_reverse import payment_reverse, reverse_preview

bp = Blueprint("payments", __name__, url_prefix="/payments")
bp.add_url_rule("/<uuid:pk>/reverse/", view_func=payment_reverse, methods=["GET", "POST"])
bp.add_url_rule("/<uuid:pk>/reverse/preview/", view_func=reverse_preview)
bp.add_url_rule("/<uuid:pk>/capture/", view_func=payment_capture, methods=["GET", "POST"])
bp.add_url_rule("/<uuid:pk>/capture/preview/", view_func=capture_preview)
bp.add_url_rule("/<uuid:pk>/release/", view_func=payment_release, methods=["GET", "POST"])
_FILLED_IN = ("customer", "currency")  # fields that the answer may know better than what was typed


@bp.get("/")
@requires(Permission.READ)
def payment_list() -> Response:
    """The payments that the address asks for, or the next ones of them."""
    form = _filter()
    try:
        criteria = asked(form, request.args.get("sort", ""))
        page = _page(criteria)
    except Invalid as error:
        return _refused(form, error)
    context: dict[str, Any] = {"criteria": criteria, "page": page, "state": state(criteria), "list_url": list_url}
    if is_partial() and request.headers.get("HX-Target") == "more":
        return make_response(render_template("payments/_rows.html", **context))
    anew = "anew" in request.args
    context |= {"form": form, "sort_url": sort_url, "sums": sums(criteria, anew or "sums" in request.args, anew)}
    if is_partial() and request.headers.get("HX-Target") == "payment-sums":
        return make_response(render_template("payments/_sums.html", **context))
    filled_in = any((form[name].data or "") != request.args.get(name, "") for name in _FILLED_IN)
    context["oob"] = is_partial() and ("wrong" in request.args or filled_in)
    response = answer("payments/list.html", "payments/_list.html", **context)
    if is_partial():
        response.headers["HX-Push-Url"] = list_url(criteria)
    return response


@bp.get("/export/")
@requires(Permission.READ)
def payment_export() -> Response:
    """All of them as a file, however many."""
    form = _filter()
    try:
        return download("payments", asked(form, ""))
    except Invalid as error:
        return _refused(form, error)


@bp.get("/<uuid:pk>/")
@requires(Permission.READ)
def payment_detail(pk: uuid.UUID) -> Response:
    """One payment; its line of the list, where that asks for itself anew."""
    if is_partial() and request.headers.get("HX-Target", "").startswith("payment-row-"):
        return make_response(render_template("payments/_row.html", row=listed.one(pk)))
    return answer("payments/detail.html", "payments/_payment.html", payment=details.detail(pk))


def _filter() -> PaymentFilter:
    return offered(PaymentFilter(request.args, meta={"csrf": False}))


def _page(criteria: Criteria) -> Page:
    try:
        return listed.find(criteria, request.args.get("cursor", ""))
    except BadCursor:
        return listed.find(criteria)


def _refused(form: PaymentFilter, error: Invalid) -> Response:
    """The filters with what is wrong beside them; the list in the browser stays as it is."""
    attach(form, error)
    meant = alike(form) if form.customer.errors else []
    context = {"form": form, "page": None, "alike": meant, "sent": _sent(), "criteria": None}
    response = answer("payments/list.html", "payments/_filters.html", 422, **context)
    response.headers.update({"HX-Retarget": "#payment-filters", "HX-Reswap": "outerHTML"})
    return response


def _sent() -> dict[str, str]:
    """The address as it was."""
    return {name: value for name, value in request.args.items() if name in vars(Criteria()) and value}
