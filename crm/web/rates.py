"""The settings of exchange rates: what is in force, how a pair went, one more rate, or a file of them."""

from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for

from crm.errors import Invalid, NotFound
from crm.extensions import limiter
from crm.forms.prices import RateFileForm, RateForm
from crm.i18n import gettext as _
from crm.i18n import ngettext
from crm.models import Permission
from crm.services import currencies, rate_columns, rates, rates_file
from crm.services.rates import RateData
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach, go, is_partial, notify
from crm.web.price_words import rate_text
from crm.web.uploads import uploaded
from crm.web.wallet_order import row_id

bp = Blueprint("rates", __name__, url_prefix="/settings/rates")


@bp.get("/")
@requires(Permission.ADMIN)
def rate_list() -> Response:
    """The rate of each pair, and the forms for more."""
    return _list(RateForm(formdata=None), RateFileForm(formdata=None))


@bp.post("/add/")
@requires(Permission.ADMIN)
def rate_add() -> Response:
    """One more rate of a pair, and the one the other way where that is wished."""
    form = RateForm()
    data = RateData(**{name: form[name].data or "" for name in RateData.__dataclass_fields__})
    try:
        made = rates.add(actor(), data, bool(form.inverse.data))
    except Invalid as error:
        attach(form, error)
        return _list(form, RateFileForm(formdata=None), 422)
    notify(_("Added: %(rates)s", rates=", ".join(rate_text(*one[:3]) for one in made)))
    return go(url_for("rates.rate_list"))


@bp.post("/upload/")
@requires(Permission.ADMIN)
@limiter.limit("60/hour")
def rate_upload() -> Response:
    """A file of rates, taken whole or not at all."""
    form = RateFileForm()
    try:
        count = rates_file.accept(actor(), *uploaded())
    except Invalid as error:
        attach(form, error)
        return _list(RateForm(formdata=None), form, 422)
    notify(ngettext("%(num)d rate was added.", "%(num)d rates were added.", count))
    return go(url_for("rates.rate_list"))


@bp.get("/<from_currency>/<to_currency>/")
@requires(Permission.ADMIN)
def rate_history(from_currency: str, to_currency: str) -> Response:
    """How the pair went, newest first, and as a chart."""
    if not {from_currency, to_currency} <= set(currencies.codes()):
        raise NotFound(_("There is no such pair of currencies."))
    page = rates.history(from_currency, to_currency, row_id(request.args.get("before", "")), limit=100)
    context = {"page": page, "pair": (from_currency, to_currency)}
    if is_partial() and request.headers.get("HX-Target") == "more":
        return make_response(render_template("rates/_history_rows.html", **context))
    return answer("rates/history.html", "rates/_history.html", **context)


def _list(form: RateForm, file_form: RateFileForm, status: int = 200) -> Response:
    codes = currencies.codes()
    form.offer(codes, current_app.config["CRM_DEFAULT_CURRENCY"])
    context: dict[str, Any] = {"pairs": rates.latest(), "form": form, "file_form": file_form}
    context["columns"] = rate_columns.REQUIRED, rate_columns.OPTIONAL
    return answer("rates/list.html", "rates/_rates.html", status, **context)
