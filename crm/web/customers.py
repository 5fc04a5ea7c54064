"""Customers: the list with live search, and one customer."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, render_template, request, url_for

from crm import money
from crm.errors import DuplicateChannel, Invalid, StaleVersion
from crm.forms.customer import ChannelForm, CustomerForm, NewCustomerForm, customer_from_json
from crm.i18n import gettext as _
from crm.models import Customer, Permission
from crm.services import currencies, customers, search
from crm.services.searching.cursor import BadCursor
from crm.web.criteria import current_criteria, list_url, shown_criteria, state
from crm.web.customer_invite import customer_invite, invitation
from crm.web.downloads import download
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach, go, is_partial, notify
from crm.web.trail import field_name
from crm.web.wallet_panel import panel_of

bp = Blueprint("customers", __name__, url_prefix="/customers")
bp.add_url_rule("/<int:pk>/invite/", view_func=customer_invite, methods=["POST"])


@bp.get("/")
@requires(Permission.READ)
def customer_list() -> Response:
    """The list: searched, filtered, sorted, a page at a time; all of it is in the address."""
    criteria = current_criteria()
    if request.headers.get("HX-Target") == "more" and is_partial():
        page = _page(criteria)
        return make_response(render_template("customers/_rows.html", page=page, criteria=criteria))
    page = _page(criteria)
    context: dict[str, Any] = {
        "page": page,
        "criteria": criteria,
        "state": state(criteria),
    }
    if not is_partial():
        context |= {"tags": customers.all_tags(), "currencies": currencies.codes()}
    response = answer("customers/list.html", "customers/_list.html", **context)
    if is_partial():
        typing = request.headers.get("HX-Trigger-Name") == "q"
        response.headers["HX-Replace-Url" if typing else "HX-Push-Url"] = list_url(criteria)
    return response


@bp.route("/create/", methods=["GET", "POST"])
@requires(Permission.WRITE)
def customer_create() -> Response:
    """A new customer on a page of its own; the list fetches its short form here."""
    form = NewCustomerForm()
    if request.method == "POST":
        try:
            customer = customers.create(actor(), form.data_given(), bool(form.allow_duplicate.data))
        except Invalid as error:
            return _refused(form, error, "customers/create.html", "customers/_create_form.html")
        notify(_("%(name)s was added.", name=customer.name))
        return go(url_for("customers.customer_detail", pk=customer.id))
    inline = request.headers.get("HX-Target") == "new-customer"
    return answer(
        "customers/create.html", "customers/_new_row.html" if inline else "customers/_create_form.html", form=form
    )


@bp.get("/<int:pk>/")
@requires(Permission.READ)
def customer_detail(pk: int) -> Response:
    """One customer: who they are, what they have, and how to reach them."""
    customer = customers.get(pk)
    if is_partial():
        return make_response(render_template("customers/_card.html", customer=customer))
    context = {"panel": panel_of(customer, request.args), "form": ChannelForm(), "invitation": invitation(customer)}
    return make_response(render_template("customers/detail.html", customer=customer, **context))


@bp.route("/<int:pk>/edit/", methods=["GET", "POST"])
@requires(Permission.WRITE)
def customer_update(pk: int) -> Response:
    """Change the customer in place, unless somebody else did so first."""
    customer, form = customers.get(pk), CustomerForm()
    if request.method == "GET":
        form.fill(customer)
        return answer("customers/edit.html", "customers/_edit_form.html", form=form, customer=customer)
    try:
        customer = customers.update(actor(), pk, _version(form), form.data_given())
    except Invalid as error:
        return _refused(form, error, "customers/edit.html", "customers/_edit_form.html", customer=customer)
    except StaleVersion as error:
        return _stale(form, error, customer)
    if not is_partial():
        notify(_("Saved."))
        return go(url_for("customers.customer_detail", pk=pk))
    response = make_response(render_template("customers/_card.html", customer=customers.get(pk)))
    notify(_("Saved."), response=response)
    return response


@bp.route("/<int:pk>/delete/", methods=["GET", "POST"])
@requires(Permission.WRITE)
def customer_delete(pk: int) -> Response:
    """Ask, then delete."""
    customer = customers.get(pk)
    if request.method == "GET":
        context = {"customer": customer, "has_payments": customers.has_payments(pk)}
        return answer("customers/delete.html", "customers/_delete_dialog.html", **context)
    gone = customers.delete(actor(), pk)
    said = _("%(name)s was deleted.") if gone else _("%(name)s was archived.")
    notify(said % {"name": customer.name})
    return go(url_for("customers.customer_list"))


@bp.post("/<int:pk>/archive/")
@requires(Permission.WRITE)
def customer_archive(pk: int) -> Response:
    """Put the customer away, or bring them back (`archived=0`)."""
    archived = request.form.get("archived", "1") != "0"
    customer = customers.set_archived(actor(), pk, archived)
    said = _("%(name)s was archived.") if archived else _("%(name)s is active again.")
    notify(said % {"name": customer.name})
    return go(url_for("customers.customer_detail", pk=pk))


@bp.get("/duplicates/")
@requires(Permission.WRITE)
def customer_duplicates() -> Response:
    """Who may be the customer that is being typed."""
    form = NewCustomerForm(request.args, meta={"csrf": False})
    return make_response(render_template("customers/_alike.html", alike=customers.alike(form.data_given())))


@bp.get("/export/")
@requires(Permission.READ)
def customer_export() -> Response:
    """Just what the list shows, as a file."""
    return download("customers", current_criteria())


@bp.get("/api/search/")
@requires(Permission.READ)
def api_search_customers() -> Response:
    """At most 20 hits, as JSON or as the partial under the search box."""
    criteria = search.Criteria(q=current_criteria().q, status="")
    hits = search.find(criteria, limit=20, tags=False).items if criteria.terms else []
    if is_partial():
        return make_response(render_template("customers/_hits.html", hits=hits, criteria=criteria))
    return jsonify(results=[_as_json(hit.id, hit.name, hit.phone, hit.email, hit.balance or 0) for hit in hits])


@bp.post("/api/create/")
@requires(Permission.WRITE)
def api_create_customer() -> Response:
    """Create from JSON or a form: 201 with JSON, or the new row as partial."""
    form = NewCustomerForm()
    try:
        if request.is_json:
            data, allow_duplicate = customer_from_json(_json())
        else:
            data, allow_duplicate = form.data_given(), bool(form.allow_duplicate.data)
        customer = customers.create(actor(), data, allow_duplicate)
    except Invalid as error:
        return _refused_inline(form, error)
    if is_partial():
        return _new_row(customer)
    body = _as_json(customer.id, customer.name, customer.phone_key, customer.email_key)
    response = make_response(jsonify(body), 201)
    response.headers["Location"] = body["url"]
    return response


def _json() -> Any:
    try:
        return request.get_json(silent=True)
    except RecursionError:  # lists within lists within lists
        return None


def _page(criteria: search.Criteria) -> search.Page:
    try:
        return search.find(criteria, cursor=request.args.get("cursor", ""))
    except BadCursor:
        return search.find(criteria)


def _version(form: CustomerForm) -> int:
    given = form.version.data or ""
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise Invalid({"": [_("This form is incomplete. Reload the page and try again.")]})
    return int(given)


def _refused(form: CustomerForm, error: Invalid, page: str, partial: str, customer: Customer | None = None) -> Response:
    attach(form, error)
    owner = error if isinstance(error, DuplicateChannel) else None
    return answer(page, partial, 422, form=form, customer=customer, owner=owner)


def _stale(form: CustomerForm, error: StaleVersion, customer: Customer) -> Response:
    form.version.data = str(error.version)
    stored = {name: ", ".join(value) if isinstance(value, list) else value for name, value in error.current.items()}
    typed = {name: (form[name].data or "").replace("\r\n", "\n") for name in stored if name in form}
    current = {name: stored[name] for name in typed if stored[name] != typed[name]}
    current["attributes"] = {field_name(name): value for name, value in stored.items() if name not in form}
    context = {"form": form, "customer": customer, "current": current, "message": error.message}
    return answer("customers/edit.html", "customers/_edit_form.html", 409, **context)


def _refused_inline(form: NewCustomerForm, error: Invalid) -> Response:
    if not is_partial():
        return make_response(jsonify(_as_problem(error)), 422)
    attach(form, error)
    owner = error if isinstance(error, DuplicateChannel) else None
    response = make_response(render_template("customers/_new_row.html", form=form, owner=owner), 422)
    response.headers.update({"HX-Retarget": "#new-customer", "HX-Reswap": "outerHTML"})
    return response


def _as_problem(error: Invalid) -> dict[str, object]:
    """The messages by field, and who has the channel already."""
    if not isinstance(error, DuplicateChannel):
        return {"errors": error.fields}
    url = url_for("customers.customer_detail", pk=error.owner_id)
    return {"errors": error.fields, "owner": {"id": error.owner_id, "name": error.owner_name, "url": url}}


def _new_row(customer: Customer) -> Response:
    hit = search.Hit(
        customer.id, customer.name, customer.kind, customer.status, customer.company, customer.city,
        customer.phone_key, customer.email_key, customer.created_at, customer.updated_at, None,
        [tag.name for tag in customer.tags],
    )  # fmt: skip
    blank = NewCustomerForm(formdata=None)
    shown = search.find(shown_criteria(), limit=1, tags=False)
    page = search.Page([hit], "", shown.total, shown.currency)
    html = render_template("customers/_created.html", form=blank, page=page, criteria=search.Criteria(), oob=True)
    response = make_response(html, 201)
    notify(_("%(name)s was added.", name=customer.name), response=response)
    return response


def _as_json(pk: int, name: str, phone: str, email: str, balance: int = 0) -> dict[str, object]:
    """A customer as scripts see them, with what they hold in the product's own currency."""
    currency = current_app.config["CRM_DEFAULT_CURRENCY"]
    held = {"balance": money.to_text(balance, currency), "currency": currency}
    url = url_for("customers.customer_detail", pk=pk)
    return {"id": pk, "name": name, "phone": phone, "email": email, **held, "url": url}
