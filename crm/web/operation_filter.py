"""The list of operations' state in its address: what was typed made criteria, and criteria made addresses."""

from collections.abc import Iterable
from typing import Any

from flask import current_app

from crm.forms.operations import OperationFilter
from crm.i18n import gettext as _
from crm.services import operations
from crm.services.operations import SORTS, Criteria
from crm.web import filters
from crm.web.account_names import CODE_NAMES
from crm.web.addresses import address
from crm.web.periods import today, typed_day
from crm.web.wallet_words import kind_names

_BLANK = vars(Criteria())


def offered(form: OperationFilter, currencies: Iterable[str]) -> OperationFilter:
    """The form with what may be chosen; a choice that is none of them is as if it were not there."""
    parts = {"transfer": _("The money itself"), "commission": _("Commission")}
    directions = {"in": _("Came to the account"), "out": _("Left the account")}
    choices: dict[str, dict[str, Any]] = {
        "code": CODE_NAMES,
        "kind": kind_names(),
        "part": parts,
        "currency": {code: code for code in currencies},
        "direction": directions,
    }
    filters.offer(form, choices)
    return form


def asked(form: OperationFilter, sort: str) -> Criteria:
    """What the form asks for; `Invalid` by field. Amounts are compared in one currency and over some days: the
    product's own and this month, where nothing else is said. There is no index of amounts, which would double the
    time of posting on SQLite.
    """
    account, customer = filters.account(form), filters.customer(form)
    sort = sort if sort.removeprefix("-") in SORTS else Criteria.sort
    if sort.endswith("amount") and account is None:
        form.currency.data = form.currency.data or current_app.config["CRM_DEFAULT_CURRENCY"]
        if customer is None and not form.first.data and not form.last.data:
            form.first.data, form.last.data = today().replace(day=1).isoformat(), today().isoformat()
    chosen = {name: form[name].data for name in ("code", "kind", "part", "currency", "direction")}
    first, last = typed_day(form, "first"), typed_day(form, "last")
    criteria = Criteria(account=account, customer=customer, **chosen, first=first, last=last, sort=sort)
    operations.check(criteria)
    return criteria


def state(criteria: Criteria, **changes: Any) -> dict[str, str]:
    """The query string's fields, without those that are as they are by default."""
    wanted = vars(criteria) | changes
    return {name: str(value) for name, value in wanted.items() if value and value != _BLANK.get(name)}


def list_url(criteria: Criteria, **changes: Any) -> str:
    """The address of the list in this state, or with something changed."""
    return address("accounts.operation_list", **state(criteria, **changes))


def sort_url(criteria: Criteria, column: str) -> str:
    """The address of the list sorted by the column, the newest or largest first; a second time, the other way round."""
    return list_url(criteria, sort=column if criteria.sort == f"-{column}" else f"-{column}")
