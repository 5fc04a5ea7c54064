"""A wallet's statement for a period: on a page, on paper, and as a file."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from flask import Response, request, stream_with_context
from wtforms.fields.choices import SelectChoice

from crm.errors import Invalid
from crm.forms.wallet import StatementForm
from crm.i18n import gettext as _
from crm.models import Customer, Permission
from crm.services import accounts, customers, statements
from crm.services.accounts import Wallet
from crm.services.statement_file import csv_lines
from crm.services.statements import Statement
from crm.web.days import day_of, today
from crm.web.guards import requires
from crm.web.htmx import answer, attach
from crm.web.wallet_order import label, row_id

SHOWN = 500  # operations on the page; the file has all of them


@dataclass(frozen=True)
class Period:
    """Days that are often asked for."""

    name: str
    first: date
    last: date


@requires(Permission.READ)
def wallet_statement(pk: int) -> Response:
    """What the wallet held, what came in and went out, and what it holds."""
    customer, wallets, form = customers.get(pk), accounts.of_customer(pk), StatementForm(request.args)
    try:
        statement = _asked(form, wallets) if wallets else None
    except Invalid as error:
        return _refused(customer, form, error)
    lines = list(islice(statement.lines(), SHOWN)) if statement else []
    context = {"customer": customer, "form": form, "statement": statement, "lines": lines, "periods": periods(today())}
    return answer("wallet/statement.html", "wallet/_statement.html", **context)


@requires(Permission.READ)
def wallet_statement_csv(pk: int) -> Response:
    """The same as a file, however long."""
    customer, wallets, form = customers.get(pk), accounts.of_customer(pk), StatementForm(request.args)
    try:
        statement = _asked(form, wallets)
    except Invalid as error:
        return _refused(customer, form, error)
    name = f"statement-{statement.account.id}-{statement.first}-{statement.last}.csv"
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(stream_with_context(csv_lines(statement)), mimetype="text/csv", headers=headers)


def periods(now: date) -> list[Period]:
    """The month and the year so far, and the whole last month."""
    month = now.replace(day=1)
    end = month - timedelta(days=1)
    return [
        Period(_("This month"), month, now),
        Period(_("Last month"), end.replace(day=1), end),
        Period(_("This year"), now.replace(month=1, day=1), now),
    ]


def _asked(form: StatementForm, wallets: list[Wallet]) -> Statement:
    """The first wallet's of this month, unless something else is asked for; `Invalid` by field."""
    form.account.choices = [SelectChoice(str(wallet.id), label(wallet)) for wallet in wallets]
    wanted = row_id(form.account.data) if form.account.data else next((wallet.id for wallet in wallets), None)
    if wanted not in [wallet.id for wallet in wallets]:
        raise Invalid({"account": [_("There is no such wallet.")]})
    last = _day(form, "last") or today()
    first = _day(form, "first") or last.replace(day=1)
    form.account.data, form.first.data, form.last.data = str(wanted), first.isoformat(), last.isoformat()
    return statements.statement(wanted, first, last)


def _day(form: StatementForm, name: str) -> date | None:
    given = form[name].data or ""
    day = day_of(given)
    if given and not day:
        raise Invalid({name: [_("Write the day like %(example)s.", example="2026-01-31")]})
    return day


def _refused(customer: Customer, form: StatementForm, error: Invalid) -> Response:
    attach(form, error)
    context = {"customer": customer, "form": form, "statement": None, "lines": [], "periods": periods(today())}
    return answer("wallet/statement.html", "wallet/_statement.html", 422, **context)
