"""The first page: what there is, what is new, what is running."""

from flask import Blueprint, Response, url_for
from flask_login import current_user

from crm.models import Permission
from crm.services import imports, proofs, reports
from crm.web.guards import requires
from crm.web.htmx import answer, go

bp = Blueprint("dashboard", __name__)


@bp.get("/")
@requires(Permission.OWN)
def index() -> Response:
    """Figures that link to the list behind them; customers are sent to their own money."""
    if not current_user.may(Permission.READ):
        return go(url_for("portal.index"))
    context = {
        "figures": reports.customer_figures(),
        "payments": reports.payment_figures(),
        "recent": imports.recent(5),
        "proof": proofs.standing(),
    }
    return answer("dashboard/index.html", "dashboard/_figures.html", **context)
