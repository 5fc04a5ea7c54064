"""Technical accounts: where money comes in and goes out, per currency and period, with the operations behind it."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from flask import Blueprint, Response, make_response, render_template, request, url_for

from crm.errors import Invalid
from crm.forms.accounts import CurrencyForm, PeriodForm
from crm.i18n import gettext as _
from crm.models import Permission
from crm.services import currencies, technical
from crm.services.technical import Turnover
from crm.web.account_names import CODE_NAMES
from crm.web.accounts_chart import chart_of, chosen_chart
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach, go, is_partial, notify
from crm.web.operations import operation_export, operation_list
from crm.web.periods import asked, periods, today

bp = Blueprint("accounts", __name__, url_prefix="/accounts")
bp.add_url_rule("/operations/", view_func=operation_list)
bp.add_url_rule("/operations.csv", view_func=operation_export)


@dataclass(frozen=True)
class Group:
    """The accounts of one currency, and what is asked of them first."""

    currency: str
    accounts: list[Turnover]

    @property
    def idle(self) -> bool:
        """Whether nothing happened."""
        return not any(one.count for one in self.accounts)

    @property
    def headline(self) -> list[tuple[str, Turnover, int]]:
        """What is asked, the account that answers, and the answer in minor units. Commission that was given back is
        none; of the ways, what came in or left by them is told, whatever went the other way.
        """
        by_code = {one.code: one for one in self.accounts}
        commission, bank, e_wallet = (by_code[code] for code in ("commission", "bank_transfer", "e_wallet"))
        return [
            (_("Commission taken"), commission, commission.net),
            (_("Came in by bank transfer"), bank, bank.outgoing),
            (_("Left to e-wallets"), e_wallet, e_wallet.incoming),
        ]


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
        first, last = asked(form)
        found = technical.turnovers(first, last)
        chart = chosen_chart(found, first, last)
    except Invalid as error:
        attach(form, error)
        found, chart, status = [], None, 422
    context = {
        "form": form,
        "currency_form": currency_form,
        "groups": [Group(currency, list(group)) for currency, group in groupby(found, lambda one: one.currency)],
        "chart": chart,
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
        "name": CODE_NAMES[account.code],
        "page": page,
        "periods": periods(today()),
        "here": {"pk": account.account_id, "first": first.isoformat(), "last": last.isoformat()},
    }
    if is_partial() and request.headers.get("HX-Target") == "more":
        return make_response(render_template("accounts/_operations.html", **context))
    chart = chart_of(account, first, last)
    return answer("accounts/detail.html", "accounts/_account.html", status, **context, chart=chart)
