"""The list of payments' state in its address: what was typed made criteria, and criteria made addresses."""

import uuid
from datetime import date
from typing import Any

from flask import current_app

from crm import money
from crm.errors import Invalid
from crm.forms.payments import PaymentFilter
from crm.i18n import gettext as _
from crm.models.ledger import SYSTEM
from crm.services import currencies, search, users
from crm.services.amounts import typed_limit
from crm.services.paying.criteria import SORTS, Criteria, check
from crm.text import has_control, squeeze
from crm.web import filters
from crm.web.account_names import CODE_NAMES
from crm.web.addresses import address
from crm.web.payment_words import status_names
from crm.web.periods import typed_day
from crm.web.wallet_words import kind_names

_BLANK = vars(Criteria())
_CHOSEN = ("status", "kind", "source", "currency")


def offered(form: PaymentFilter) -> PaymentFilter:
    """The form with what may be chosen; a choice that is none of them is as if it were not there."""
    people = {str(SYSTEM): _("Nobody: by itself")} | {str(user.id): user.display_name for user in users.list_users()}
    choices: dict[str, dict[str, Any]] = {
        "status": status_names(),
        "kind": kind_names(),
        "source": {code: name for code, name in CODE_NAMES.items() if code not in ("commission", "conversion")},
        "currency": {code: code for code in currencies.codes()},
        "who": people,
    }
    filters.offer(form, choices)
    return form


def asked(form: PaymentFilter, sort: str) -> Criteria:
    """What the form asks for; `Invalid` by field, all of them at once. Amounts are in the product's own currency where
    none is chosen.
    """
    problems: dict[str, list[str]] = {}

    def read(name: str, reader: Any) -> Any:
        try:
            return reader(form, name)
        except Invalid as error:
            problems.update(error.fields)
            return None

    if (form.amount_from.data or form.amount_to.data) and not form.currency.data:
        form.currency.data = current_app.config["CRM_DEFAULT_CURRENCY"]
    typed: dict[str, Any] = {name: read(name, reader) for name, reader in _READERS.items()}
    if problems:
        raise Invalid(problems)
    chosen: dict[str, Any] = {name: form[name].data or "" for name in _CHOSEN}
    criteria = Criteria(
        **typed,
        **chosen,
        who=int(form.who.data) if form.who.data else None,
        sort=sort if sort.removeprefix("-") in SORTS else Criteria.sort,
    )
    check(criteria)
    return criteria


def state(criteria: Criteria, **changes: Any) -> dict[str, str]:
    """The query string's fields, without those that are as they are by default."""
    wanted = vars(criteria) | changes
    shown = {name: value for name, value in wanted.items() if value not in ("", None, _BLANK.get(name))}
    return {name: _written(value, criteria.currency, name) for name, value in shown.items()}


def list_url(criteria: Criteria, **changes: Any) -> str:
    """The address of the list in this state, or with something changed."""
    return address("payments.payment_list", **state(criteria, **changes))


def sort_url(criteria: Criteria, column: str) -> str:
    """The address of the list sorted by the column: the newest, the largest or A first, a second time the other way."""
    first = f"-{column}" if column in ("time", "amount", "commission") else column
    other = column if first.startswith("-") else f"-{column}"
    return list_url(criteria, sort=other if criteria.sort == first else first)


def _written(value: Any, currency: str, name: str) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return money.to_text(value, currency) if name.startswith("amount_") else str(value)


def _text(form: PaymentFilter, name: str) -> str:
    text = squeeze(form[name].data or "")
    if has_control(text):
        raise Invalid({name: [_("This has characters that cannot be shown.")]})
    return text[: search.QUERY_LIMIT]


def _amount(form: PaymentFilter, name: str) -> int | None:
    text, currency = (form[name].data or "").strip(), form.currency.data
    try:
        return typed_limit(text, currency) if text else None
    except ValueError as error:
        raise Invalid({name: [str(error)]}) from error


def _batch(form: PaymentFilter, name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(form[name].data or "")
    except ValueError:
        return None


_READERS = {
    "q": _text,
    "customer": filters.customer,
    "account": filters.account,
    "amount_from": _amount,
    "amount_to": _amount,
    "created_from": typed_day,
    "created_to": typed_day,
    "batch": _batch,
}
