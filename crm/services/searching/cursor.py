"""Places in a sorted list, as addresses carry them: the value of the sorted column, and the id."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

from crm.text import has_control


class BadCursor(ValueError):
    """The cursor was not made by `encode` for this order."""


def encode(value: Any, pk: int) -> str:
    """The place behind the customer with this id, whose sorted column has this value."""
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([plain, pk]).encode()).decode().rstrip("=")


def decode(cursor: str, sort: str) -> tuple[Any, int] | None:
    """The value and the id, None where there is no cursor; raises `BadCursor`."""
    if not cursor:
        return None
    try:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,8000}", cursor):
            raise ValueError("not base64")
        value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if type(pk) is not int or not 0 <= pk < 2**63:
            raise ValueError("not a customer's id")
        return _VALUES.get(sort, _text)(value), pk
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise BadCursor(cursor) from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or has_control(value):
        raise ValueError("not a text")
    return value


def _amount(value: Any) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        raise ValueError("not an amount")
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("a moment without its zone")
    return moment.astimezone(UTC)


_VALUES = {"created": _moment, "updated": _moment, "balance": _amount}
