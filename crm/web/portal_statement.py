"""The statement of a customer's own wallet: as the office sees it, but for who of the staff did what."""

from itertools import islice

from flask import Response, request
from flask_login import current_user

from crm.errors import Invalid
from crm.forms.wallet import StatementForm
from crm.models import Customer, Permission
from crm.services import accounts, portal
from crm.services.exporting.statements import Criteria
from crm.services.statements import Statement
from crm.web.downloads import download
from crm.web.guards import requires
from crm.web.htmx import answer, attach
from crm.web.periods import periods, today
from crm.web.wallet_statement import SHOWN, asked_of


@requires(Permission.PORTAL)
def statement() -> Response:
    """What the wallet held, what came in and went out, and what it holds."""
    customer, form = portal.customer_of(current_user), StatementForm(request.args)
    wallets = accounts.of_customer(customer.id)
    try:
        found = asked_of(form, wallets) if wallets else None
    except Invalid as error:
        return _refused(customer, form, error)
    return answer("portal/statement.html", "portal/_statement.html", **_context(customer, form, found))


@requires(Permission.PORTAL)
def statement_file() -> Response:
    """The same as a file, however long."""
    customer, form = portal.customer_of(current_user), StatementForm(request.args)
    try:
        found = asked_of(form, accounts.of_customer(customer.id))
    except Invalid as error:
        return _refused(customer, form, error)
    return download("statement", Criteria(found.account.id, found.first, found.last, own=True), at_once=True)


def _refused(customer: Customer, form: StatementForm, error: Invalid) -> Response:
    attach(form, error)
    return answer("portal/statement.html", "portal/_statement.html", 422, **_context(customer, form, None))


def _context(customer: Customer, form: StatementForm, found: Statement | None) -> dict[str, object]:
    lines = list(islice(found.lines(), SHOWN)) if found else []
    return {"customer": customer, "form": form, "statement": found, "lines": lines, "periods": periods(today())}
