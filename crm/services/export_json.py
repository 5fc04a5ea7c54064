"""A file that is made in the background, as programs order it and see it."""

import types
import uuid
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from typing import Any, get_args, get_type_hints

from flask import current_app

from crm.channel_types import ChannelType
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.models import Export
from crm.models.customer import STATUSES
from crm.models.ledger import PaymentKind, PaymentStatus, TechnicalCode
from crm.money import is_currency
from crm.services.amounts import typed_balance, typed_limit
from crm.services.exporting.orders import AMOUNTS, Order, criteria_of, restored
from crm.services.payment_json import moment
from crm.text import has_control

_AMOUNTS = dict.fromkeys(AMOUNTS, typed_limit) | dict.fromkeys(("balance_from", "balance_to"), typed_balance)
_NOT_FILTERS = ("sort", "own")
_SHOWN = ("id", "status", "format", "filename", "size", "total_rows", "written_rows", "error")
_MOMENTS = ("created_at", "started_at", "finished_at", "expires_at")


def ordered(noun: str, format_: str, filters: Mapping[str, str | int | bool]) -> Order:
    """What is wanted: `filters` are those of the list, amounts as decimals and days as ISO 8601 has them. Raises
    `Invalid` by `filters.NAME`.
    """
    kind, hints = criteria_of(noun), _hints(noun)
    currency = str(filters.get("currency") or "")
    currency = currency if is_currency(currency) else current_app.config["CRM_DEFAULT_CURRENCY"]
    found: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for name, value in filters.items():
        try:
            amount = _AMOUNTS.get(name) if name in hints else None
            read = amount(str(value), currency) if amount else _read(value, hints.get(name))
            found[name] = _word(noun, name, read)
        except ValueError as error:
            wrong[f"filters.{name}"] = [str(error)]
    needed = [field.name for field in fields(kind) if field.name in hints and field.default is MISSING]
    wrong |= {f"filters.{name}": [_("This is needed.")] for name in needed if name not in filters}
    if wrong:
        raise Invalid(wrong)
    return Order(noun, kind(**found), format_)


def of_texts(noun: str, texts: Mapping[str, str]) -> dict[str, str | int | bool]:
    """The filters of the list as `ordered` takes them, of what was typed; what cannot be read stays, to be refused.

    >>> of_texts("operations", {"account": "17", "code": "cash"})
    {'account': 17, 'code': 'cash'}
    """
    hints = _hints(noun)
    return {name: _of_text(text, _kinds(hints.get(name))) for name, text in texts.items()}


def _of_text(text: str, kinds: tuple[Any, ...]) -> str | int | bool:
    if bool in kinds and text in ("true", "false"):
        return text == "true"
    return int(text) if int in kinds and text.isascii() and text.isdecimal() and len(text) < 19 else text


def _hints(noun: str) -> dict[str, Any]:
    kind = criteria_of(noun)
    return {field.name: get_type_hints(kind)[field.name] for field in fields(kind) if field.name not in _NOT_FILTERS}


def _kinds(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if isinstance(hint, types.UnionType) else (hint,)


def as_json(export: Export) -> dict[str, Any]:
    """The file's progress; `filters` as they were sent, amounts as decimals."""
    order = Order(export.noun, restored(export.noun, export.criteria), export.format)
    told = {name: getattr(export, name) for name in _SHOWN} | {"list": export.noun, "filters": order.filters}
    told |= {name: (at := getattr(export, name)) and moment(at) for name in _MOMENTS}
    return told | {"created_by": export.created_by_id}


def _read(value: str | int | bool, hint: Any) -> Any:
    """The value as the criteria have it; ValueError has the sentence."""
    if hint is None:
        raise ValueError(_("There is no such parameter."))
    kinds = _kinds(hint)
    if date in kinds or uuid.UUID in kinds:
        return _day(value) if date in kinds else _identifier(value)
    if isinstance(value, int) and abs(value) >= 1 << 63:
        raise ValueError(_("This number is too large."))
    if type(value) not in kinds:
        raise ValueError(_TYPES[kinds[0]]())
    return value


def _word(noun: str, name: str, value: Any) -> Any:
    """The value, where it is one of those that there are, or any may be."""
    words = _WORDS.get((noun, name))
    if words is not None and value and value not in words:
        raise ValueError(_("This is one of %(names)s.", names=", ".join(words)))
    if name == "currency" and value and not is_currency(value):
        raise ValueError(_("%(value)s is not a currency; write a code such as RUB.", value=value[:40]))
    if isinstance(value, str) and has_control(value):
        raise ValueError(_("This has characters that no text can have."))
    return value


def _day(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError(_("Write the day like %(example)s.", example="2026-01-31")) from error


def _identifier(value: object) -> uuid.UUID:
    try:
        return uuid.UUID(str(value))
    except ValueError as error:
        raise ValueError(_("This must be a UUID.")) from error


_KINDS = tuple(kind.value for kind in PaymentKind)
_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("customers", "status"): STATUSES,
    ("customers", "channel"): tuple(type_.value for type_ in ChannelType),
    ("payments", "kind"): _KINDS,
    ("payments", "status"): tuple(status.value for status in PaymentStatus),
    ("operations", "kind"): _KINDS,
    ("operations", "part"): ("transfer", "commission"),
    ("operations", "direction"): ("in", "out"),
    ("operations", "code"): tuple(code.value for code in TechnicalCode),
}
_TYPES: dict[type, Callable[[], str]] = {
    str: lambda: _("This must be text."),
    int: lambda: _("This must be a whole number."),
    bool: lambda: _("This must be true or false."),
}
