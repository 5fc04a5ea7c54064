"""Reports and statements as programs see them."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from crm.errors import Invalid
from crm.ledger.days import moments
from crm.money import to_text
from crm.services import account_json, statements, technical
from crm.services.payment_json import moment


def technical_report(first: date, last: date) -> dict[str, Any]:
    """All technical accounts over the days, both included; raises `Invalid` (`to`)."""
    try:
        found = technical.turnovers(first, last)
    except Invalid as error:
        raise _renamed(error) from error
    return _period(first, last) | {"items": [_turnover(one) for one in found]}


def statement(account_id: int, first: date, last: date, owner: int | None = None) -> dict[str, Any]:
    """The wallet over the days, both included, but for the lines: `operations` has the parameters
    of the list of them. Raises `NotFound`, for other customers' too, and
    `Invalid` (`to`).
    """
    account = account_json.one(account_id, owner)
    try:
        found = statements.statement(account_id, first, last)
    except Invalid as error:
        raise _renamed(error) from error
    sums = {name: getattr(found, name) for name in ("opening", "incoming", "outgoing", "closing", "held")}
    told = {name: to_text(minor, account["currency"]) for name, minor in sums.items()}
    begins, ends = map(moment, moments(first, last))
    within = urlencode({"ordering": "id", "commission": "true", "created_at__gte": begins, "created_at__lt": ends})
    return {"account": account, **_period(first, last), **told, "count": found.count, "operations": within}


def _turnover(one: technical.Turnover) -> dict[str, Any]:
    amounts = {"in": one.incoming, "out": one.outgoing, "net": one.net}
    told = {name: to_text(minor, one.currency) for name, minor in amounts.items()}
    return {"account": one.account_id, "code": one.code, "currency": one.currency, "count": one.count, **told}


def _period(first: date, last: date) -> dict[str, str]:
    return {"from": first.isoformat(), "to": last.isoformat()}


def _renamed(error: Invalid) -> Invalid:
    """With the field's name as programs have it."""
    return Invalid({"to" if name == "last" else name: messages for name, messages in error.fields.items()})
