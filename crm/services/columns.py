"""Columns of what is listed for programs: what each is filtered by, how it sorts, and how its values are written."""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, case, cast, func, literal, select

from crm.db import is_postgresql
from crm.i18n import gettext as _
from crm.money import MAX_MINOR, codes_with
from crm.services.amounts import typed_scaled
from crm.text import fold, has_control

COMPARED = ("gt", "gte", "lt", "lte")
LARGEST = 2**63 - 1
TEXT_LIMIT = 1000
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,3})?", re.ASCII)
_FINEST = 3  # decimals that amounts of different currencies are compared with

Holds = Callable[[Any], ColumnElement[bool]]


@dataclass(frozen=True)
class Column:
    """One field of a resource: `sorts` is the SQL that is compared and sorted by, `read` makes its value of what
    stands in an address (ValueError has the sentence).

    `equals` and `contains` are there where the comparison is not that of `sorts`; `kind` is its JSON type for the
    description of the API, `words` are all its values where they are few. A column of no order has no `sorts`.
    """

    sorts: Any
    read: Callable[[str], Any]
    kind: str
    nullable: bool = False
    words: tuple[str, ...] = ()
    operators: tuple[str, ...] = ("", *COMPARED, "in")
    equals: Holds | None = None
    contains: Holds | None = None
    by_code_point: bool = False  # PostgreSQL would else sort by the database's own language


def number(column: Any, nullable: bool = False) -> Column:
    """An id or a count."""
    return Column(column, _integer, "integer", nullable)


def text(column: Any, nullable: bool = False) -> Column:
    """Text that is compared as it is written, by code point."""
    return Column(column, _text, "string", nullable, (), _WITH_PIECES, contains=_piece(column), by_code_point=True)


def member(document: Any, name: str) -> Column:
    """The text that a JSON object of texts has under the name, of any characters; missing where it has none."""
    if is_postgresql():
        return text(document.op("->>", return_type=Text())(name), nullable=True)
    pairs = func.json_each(document).table_valued("key", "value")
    return text(select(pairs.c.value).where(pairs.c.key == name).scalar_subquery(), nullable=True)


def folded_text(key: Any) -> Column:
    """Text that is compared without regard to case, by its folded column."""
    return Column(key, lambda given: fold(_text(given)), "string", operators=_WITH_PIECES, contains=_piece(key))


def word(column: Any, words: Sequence[str], nullable: bool = False) -> Column:
    """One of a few words."""

    def read(given: str) -> str:
        if given not in words:
            raise ValueError(_("This is one of %(names)s.", names=", ".join(words)))
        return given

    return Column(
        column, read, "string", nullable, tuple(words), _WITH_PIECES, contains=_piece(column), by_code_point=True
    )


def flag(column: Any) -> Column:
    """True or false."""
    return Column(column, _flag, "boolean", words=("true", "false"))


def moment(column: Any, nullable: bool = False) -> Column:
    """A moment, by RFC 3339 with its zone."""
    return Column(column, _moment, "date-time", nullable)


def identifier(column: Any, nullable: bool = False) -> Column:
    """A UUID."""
    return Column(column, _uuid, "uuid", nullable)


def amount(column: Any, currency: Any, nullable: bool = False) -> Column:
    """Minor units, written as decimals; amounts of several currencies compare by their figures."""
    scaled = case(
        (currency.in_(codes_with(0)), column * 10**_FINEST),
        (currency.in_(codes_with(3)), column),
        (currency.in_(codes_with(4)), column / literal(10, BigInteger)),
        else_=column * 10 ** (_FINEST - 2),
    )
    return Column(cast(scaled, BigInteger), _scaled, "decimal", nullable)


def scaled(column: Any, nullable: bool = False) -> Column:
    """A percent or a rate, kept as an integer scaled by 10^9, written as a decimal."""
    return Column(column, typed_scaled, "decimal", nullable)


_WITH_PIECES = ("", *COMPARED, "in", "contains")


def _piece(column: Any) -> Holds:
    def contains(value: str) -> ColumnElement[bool]:
        position = func.strpos if is_postgresql() else func.instr
        return position(column, value) > 0

    return contains


def _integer(given: str) -> int:
    if not re.fullmatch(r"-?\d{1,19}", given, re.ASCII) or abs(int(given)) > LARGEST:
        raise ValueError(_("This must be a whole number."))
    return int(given)


def _text(given: str) -> str:
    if has_control(given):
        raise ValueError(_("This has characters that cannot be shown."))
    if len(given) > TEXT_LIMIT:
        raise ValueError(_("This is longer than %(count)d characters.", count=TEXT_LIMIT))
    return given


def _flag(given: str) -> bool:
    if given not in ("true", "false"):
        raise ValueError(_("This must be true or false."))
    return given == "true"


def _moment(given: str) -> datetime:
    try:
        if not _MOMENT.fullmatch(given):
            raise ValueError(given)
        return datetime.fromisoformat(given.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = _("Write the moment with its zone, like %(example)s.", example="2026-01-31T09:00:00Z")
        raise ValueError(message) from error


def _uuid(given: str) -> uuid.UUID:
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", given, re.ASCII):
        raise ValueError(_("This must be a UUID."))
    return uuid.UUID(given)


def _scaled(given: str) -> int:
    if not _AMOUNT.fullmatch(given) or abs(Decimal(given)) > MAX_MINOR:
        raise ValueError(_("Write the amount like %(example)s.", example="1250.00"))
    return int(Decimal(given).scaleb(_FINEST))
