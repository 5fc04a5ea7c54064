"""The list's state in its address: search, filters and order, and the addresses that change one of them."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from flask import current_app, request

from crm import money
from crm.channel_types import ChannelType
from crm.models.customer import STATUSES
from crm.services.search import SORTS, Criteria
from crm.text import has_control, squeeze
from crm.web.addresses import address
from crm.web.periods import day_of

_BLANK = vars(Criteria()) | {"cursor": ""}


def current_criteria() -> Criteria:
    """What the address asks for; a value that makes no sense is as if it were not there."""
    return _criteria(request.args)


def shown_criteria() -> Criteria:
    """What the list shows in the browser that sends this HTMX request."""
    _path, _mark, query = request.headers.get("HX-Current-URL", "").partition("?")
    return _criteria(dict(parse_qsl(query)))


def _criteria(fields: Mapping[str, str]) -> Criteria:
    texts = {name: _plain(fields.get(name, "")) for name in ("q", "tag", "city")}
    currency = fields.get("currency", "").upper()
    if not money.is_currency(currency) or currency == current_app.config["CRM_DEFAULT_CURRENCY"]:
        currency = ""  # the product's own needs no word in the address
    return Criteria(
        **texts,
        status=_one_of(fields.get("status"), ("", *STATUSES), "active"),
        channel=_one_of(fields.get("channel"), tuple(type_.value for type_ in ChannelType), ""),
        created_from=day_of(fields.get("created_from", "")),
        created_to=day_of(fields.get("created_to", "")),
        currency=currency,
        balance_from=_amount(fields.get("balance_from", ""), currency),
        balance_to=_amount(fields.get("balance_to", ""), currency),
        debt=fields.get("debt") == "1",
        sort=_one_of(fields.get("sort"), (*SORTS, *(f"-{name}" for name in SORTS)), "name"),
    )


def state(criteria: Criteria, **changes: Any) -> dict[str, Any]:
    """The query string's fields, without those that are as they are by default."""
    wanted = vars(criteria) | changes
    currency = wanted["currency"] or current_app.config["CRM_DEFAULT_CURRENCY"]
    return {name: _written(value, currency) for name, value in wanted.items() if value != _BLANK[name]}


def _written(value: Any, currency: str) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "1"
    return money.to_text(value, currency) if isinstance(value, int) else value


def list_url(criteria: Criteria, **changes: Any) -> str:
    """The address of the list in this state, or with something changed."""
    return address("customers.customer_list", **state(criteria, **changes))


def sort_url(criteria: Criteria, column: str) -> str:
    """The address of the list sorted by the column; a second time, the other way round."""
    return list_url(criteria, sort=f"-{column}" if criteria.sort == column else column)


def _plain(value: str) -> str:
    return squeeze("".join(" " if has_control(character) else character for character in value[:300]))


def _one_of(value: str | None, allowed: tuple[str, ...], default: str) -> str:
    return value if value in allowed else default


def _amount(value: str, currency: str) -> int | None:
    try:
        return money.parse_signed(value, currency or current_app.config["CRM_DEFAULT_CURRENCY"])
    except money.AmountError:
        return None
