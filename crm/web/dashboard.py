"""The first page: what there is, what is new, what is running."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask_login import current_user

from crm.models import Permission
from crm.services import imports, proofs, reports
from crm.services.overview import Overview, overview
from crm.services.running import running
from crm.web.guards import requires
from crm.web.htmx import answer, go, is_partial

bp = Blueprint("dashboard", __name__)


@bp.get("/")
@requires(Permission.OWN)
def index() -> Response:
    """Figures that link to the list behind them; customers are sent to their own money."""
    if not current_user.may(Permission.READ):
        return go(url_for("portal.index"))
    context: dict[str, Any] = {"money": _money()}
    if is_partial() and request.headers.get("HX-Target") == "money":
        return make_response(render_template("dashboard/_money.html", **context))
    context |= {
        "figures": reports.customer_figures(),
        "payments": reports.payment_figures(),
        "running": running(current_user.id, current_user.may(Permission.ADMIN)),
        "recent": imports.recent(5),
        "proof": proofs.standing(),
    }
    return answer("dashboard/index.html", "dashboard/_figures.html", **context)


def _money() -> Overview | None:
    """In the currency that the address asks for; None where it takes long, and the page is not to wait for it."""
    anew = "anew" in request.args
    return overview(request.args.get("currency", ""), anew or "money" in request.args, anew)
