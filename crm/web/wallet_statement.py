"""A wallet's statement for a period: on a page, on paper, and as a file."""

from itertools import islice

from flask import Response, request
from wtforms.fields.choices import SelectChoice

from crm.errors import Invalid
from crm.forms.wallet import StatementForm
from crm.i18n import gettext as _
from crm.models import Customer, Permission
from crm.services import accounts, customers, statements
from crm.services.accounts import Wallet
from crm.services.exporting.statements import Criteria
from crm.services.statements import Statement
from crm.web.downloads import download
from crm.web.guards import requires
from crm.web.htmx import answer, attach
from crm.web.periods import asked, periods, today
from crm.web.wallet_order import label, row_id

SHOWN = 500  # operations on the page; the file has all of them


@requires(Permission.READ)
def wallet_statement(pk: int) -> Response:
    """What the wallet held, what came in and went out, and what it holds."""
    customer, wallets, form = customers.get(pk), accounts.of_customer(pk), StatementForm(request.args)
    try:
        statement = asked_of(form, wallets) if wallets else None
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
        statement = asked_of(form, wallets)
    except Invalid as error:
        return _refused(customer, form, error)
    return download("statement", Criteria(statement.account.id, statement.first, statement.last))


def asked_of(form: StatementForm, wallets: list[Wallet]) -> Statement:
    """The first wallet's of this month, unless something else is asked for; `Invalid` by field."""
    form.account.choices = [SelectChoice(str(wallet.id), label(wallet)) for wallet in wallets]
    wanted = row_id(form.account.data) if form.account.data else next((wallet.id for wallet in wallets), None)
    if wanted not in [wallet.id for wallet in wallets]:
        raise Invalid({"account": [_("There is no such wallet.")]})
    form.account.data = str(wanted)
    return statements.statement(wanted, *asked(form))


def _refused(customer: Customer, form: StatementForm, error: Invalid) -> Response:
    attach(form, error)
    context = {"customer": customer, "form": form, "statement": None, "lines": [], "periods": periods(today())}
    return answer("wallet/statement.html", "wallet/_statement.html", 422, **context)
