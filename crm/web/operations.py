"""The list of all operations: filtered, sorted and continued by its address, and as a file."""

from typing import Any

from flask import Response, make_response, render_template, request

from crm.errors import Invalid
from crm.forms.operations import OperationFilter
from crm.models import Permission
from crm.services import currencies, operations
from crm.services.operations import Criteria
from crm.web.account_names import CODE_NAMES
from crm.web.downloads import download
from crm.web.filters import alike
from crm.web.guards import requires
from crm.web.htmx import answer, attach, is_partial
from crm.web.operation_filter import asked, list_url, offered, sort_url, state
from crm.web.wallet_order import row_id


@requires(Permission.READ)
def operation_list() -> Response:
    """The operations that the address asks for, or the next ones of them."""
    form = _filter()
    try:
        criteria = asked(form, request.args.get("sort", ""))
        totals = operations.totals(criteria)
        page = operations.find(criteria, row_id(request.args.get("after", "")), few=totals is not None)
    except Invalid as error:
        return _refused(form, error)
    context: dict[str, Any] = {"criteria": criteria, "page": page, "list_url": list_url, "code_names": CODE_NAMES}
    if is_partial() and request.headers.get("HX-Target") == "more":
        return make_response(render_template("operations/_rows.html", **context))
    context |= {"form": form, "totals": totals, "sort_url": sort_url, "state": state(criteria)}
    response = answer("operations/list.html", "operations/_list.html", **context)
    response.headers["HX-Push-Url"] = list_url(criteria)
    return response


@requires(Permission.READ)
def operation_export() -> Response:
    """All of them as a file, however many."""
    form = _filter()
    try:
        return download("operations", asked(form, request.args.get("sort", "")))
    except Invalid as error:
        return _refused(form, error)


def _filter() -> OperationFilter:
    return offered(OperationFilter(request.args, meta={"csrf": False}), currencies.codes())


def _refused(form: OperationFilter, error: Invalid) -> Response:
    attach(form, error)
    meant = alike(form) if form.customer.errors else []
    context = {"form": form, "page": None, "alike": meant, "sent": _sent()}
    return answer("operations/list.html", "operations/_list.html", 422, **context)


def _sent() -> dict[str, str]:
    """The address as it was."""
    return {name: value for name, value in request.args.items() if name in vars(Criteria()) and value}
