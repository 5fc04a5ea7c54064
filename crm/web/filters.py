"""What the filters of several lists have: choices, an account, a customer."""

from collections.abc import Mapping
from typing import Any

from wtforms.fields.choices import SelectChoice

from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.services import accounts, customers, search
from crm.services.search import Hit
from crm.text import squeeze
from crm.web.account_names import CODE_NAMES
from crm.web.wallet_order import row_id

ALIKE = 8  # customers that are offered where several are meant


def offer(form: Any, choices: Mapping[str, Mapping[str, Any]]) -> None:
    """Let each field be one of its choices, or blank; a choice that is none of them is as if it were not there."""
    for name, named in choices.items():
        field = form[name]
        field.choices = [SelectChoice("", _("Any")), *(SelectChoice(value, text) for value, text in named.items())]
        field.data = field.data if field.data in named else ""


def account(form: Any, name: str = "account") -> int | None:
    """The account of the number in the field, which then says whose it is; None for a blank one, `Invalid` at it."""
    given = (form[name].data or "").strip()
    if not given:
        return None
    pk = row_id(given)
    found = accounts.whose(pk) if pk is not None else None
    if found is None:
        raise Invalid({name: [_("There is no such account.")]})
    code, owner = found
    form[name].description = str(CODE_NAMES[code]) if code else owner
    return pk


def customer(form: Any, name: str = "customer") -> int | None:
    """The customer of the number in the field, or the only one who is like what it says; None for a blank one,
    `Invalid` at it.
    """
    given = squeeze(form[name].data or "")
    if not given:
        return None
    pk = row_id(given)
    called = customers.name_of(pk) if pk is not None else None
    if called is None:
        found = alike(form, name)
        if len(found) != 1:
            several = _("Several customers are like that; choose one.")
            raise Invalid({name: [several if found else _("There is no such customer.")]})
        pk, called = found[0].id, found[0].name
    form[name].data, form[name].description = str(pk), called
    return pk


def alike(form: Any, name: str = "customer") -> list[Hit]:
    """Who may be meant by what the field says."""
    query = squeeze(form[name].data or "")[: search.QUERY_LIMIT]
    return search.find(search.Criteria(q=query, status=""), ALIKE, tags=False).items if query else []
