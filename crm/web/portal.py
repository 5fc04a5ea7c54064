"""A customer's own page: what they have, what happened, and money for somebody else. Everything else is not there."""

from flask import Blueprint, Response, make_response, render_template, request
from flask_login import current_user

from crm.errors import DuplicateRequest, Invalid, NotFound, Unconfirmed
from crm.extensions import limiter
from crm.forms.portal import SendForm
from crm.forms.signup import EmailForm
from crm.models import Permission
from crm.services import accounts, portal, statements
from crm.web.guards import requires
from crm.web.htmx import answer, is_partial
from crm.web.portal_send import Foreseen, agreed, asked, checked, foreseen, offered, refused, sent
from crm.web.portal_statement import statement, statement_file
from crm.web.wallet_order import row_id

bp = Blueprint("portal", __name__, url_prefix="/me")
bp.add_url_rule("/statement/", view_func=statement)
bp.add_url_rule("/statement.csv", view_func=statement_file)


def _person() -> str:
    return f"portal:{current_user.get_id()}"


@bp.get("/")
@requires(Permission.PORTAL)
def index() -> Response:
    """The own wallets, and what happened in the one that is chosen; commission has its own lines where wanted."""
    try:
        customer = portal.customer_of(current_user)
    except (Unconfirmed, NotFound) as error:
        form = EmailForm(formdata=None, data={"email": current_user.email})
        return answer("portal/closed.html", "portal/_closed.html", form=form, message=error.message)
    wallets, args = accounts.of_customer(customer.id), request.args
    wanted = row_id(args.get("account", ""))
    chosen = next((one for one in wallets if one.id == wanted), next(iter(wallets), None))
    full, before = args.get("commission") == "1", row_id(args.get("before", ""))
    history = statements.history(chosen.id, before=before, commission=full) if chosen else None
    context = {"customer": customer, "wallets": wallets, "chosen": chosen, "history": history, "full": full}
    if is_partial() and request.headers.get("HX-Target") == "more":
        return make_response(render_template("portal/_operations.html", **context))
    return answer("portal/index.html", "portal/_wallet.html", **context)


@bp.route("/transfer/", methods=["GET", "POST"])
@requires(Permission.PORTAL)
@limiter.limit("30/minute;200/hour", methods=["POST"], key_func=_person)
def transfer() -> Response:
    """Send money: typed, then shown with what it costs and who gets it, then agreed to."""
    customer = portal.customer_of(current_user)
    form = offered(customer.id, SendForm())
    if request.method == "GET":
        return asked(form)
    if "edit" in request.form:
        return asked(form, typed=True)
    try:
        wish = checked(customer.id, form)
        if not agreed(form, wish):
            return foreseen(form, wish)
        receipt = sent(form, wish)
    except (Invalid, DuplicateRequest) as error:
        return refused(form, error)
    return receipt


@bp.get("/transfer/preview/")
@requires(Permission.PORTAL)
def preview() -> Response:
    """What is being typed will cost, whoever gets it; what is no amount yet is no fault."""
    customer = portal.customer_of(current_user)
    form = offered(customer.id, SendForm(request.args, meta={"csrf": False}))
    return make_response(render_template("portal/_preview.html", preview=Foreseen.of(form)))
