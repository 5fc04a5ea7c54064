"""Technical accounts: where money comes in and goes out, per currency and period, with the operations behind it."""

from datetime import date
from itertools import groupby

from flask import Blueprint, Response, make_response, render_template, request, url_for

from crm.errors import Invalid
from crm.forms.accounts import CurrencyForm, PeriodForm
from crm.forms.wallet import SOURCE_NAMES
from crm.i18n import gettext as _
from crm.i18n import lazy_gettext as _l
from crm.models import Permission
from crm.models.ledger import TechnicalCode
from crm.services import currencies, technical
from crm.services.technical import Turnover
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach, go, is_partial, notify
from crm.web.periods import asked, periods, today

bp = Blueprint("accounts", __name__, url_prefix="/accounts")
CODE_NAMES = SOURCE_NAMES | {
    TechnicalCode.SALES: _l("Sales"),
    TechnicalCode.COMMISSION: _l("Commission"),
    TechnicalCode.ADJUSTMENT: _l("Adjustments"),
    TechnicalCode.CONVERSION: _l("Conversion"),
    TechnicalCode.OPENING: _l("Balances brought over"),
}


@bp.get("/")
@requires(Permission.READ)
def account_list() -> Response:
    """What went through each technical account in the period, by currency."""
    return _list(PeriodForm(request.args, meta={"csrf": False}), CurrencyForm(formdata=None))


@bp.get("/<int:pk>/")
@requires(Permission.READ)
def account_detail(pk: int) -> Response:
    """The operations behind one account's figures, newest first."""
    form = PeriodForm(request.args, meta={"csrf": False})
    try:
        first, last = asked(form)
        account = technical.turnover(pk, first, last)
    except Invalid as error:
        attach(form, error)
        first = last = today()
        return _detail(form, technical.turnover(pk, first, last), first, last, 422)
    return _detail(form, account, first, last)


@bp.post("/currencies/")
@requires(Permission.ADMIN)
def currency_add() -> Response:
    """One more currency that wallets may have."""
    form = CurrencyForm()
    code = (form.currency.data or "").strip().upper()
    try:
        currencies.add(actor(), code)
    except Invalid as error:
        attach(form, error)
        return _list(PeriodForm(formdata=None), form, 422)
    notify(_("%(currency)s is in use now.", currency=code))
    return go(url_for("accounts.account_list"))


def _list(form: PeriodForm, currency_form: CurrencyForm, status: int = 200) -> Response:
    try:
        found = technical.turnovers(*asked(form))
    except Invalid as error:
        attach(form, error)
        found, status = [], 422
    context = {
        "form": form,
        "currency_form": currency_form,
        "groups": [(currency, list(group)) for currency, group in groupby(found, lambda one: one.currency)],
        "code_names": CODE_NAMES,
        "periods": periods(today()),
    }
    return answer("accounts/list.html", "accounts/_turnovers.html", status, **context)


def _detail(form: PeriodForm, account: Turnover, first: date, last: date, status: int = 200) -> Response:
    before = request.args.get("before", "")
    page = technical.lines(account.account_id, first, last, int(before) if before.isdecimal() else None)
    context = {
        "form": form,
        "account": account,
        "name": CODE_NAMES[TechnicalCode(account.code)],
        "page": page,
        "periods": periods(today()),
        "here": {"pk": account.account_id, "first": first.isoformat(), "last": last.isoformat()},
    }
    if is_partial() and request.headers.get("HX-Target") == "more":
        return make_response(render_template("accounts/_operations.html", **context))
    return answer("accounts/detail.html", "accounts/_account.html", status, **context)
