"""Rates, commission rules and currencies as programs see them, and what lists of them are asked by."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from crm.db import db
from crm.models import CommissionRule, Currency, ExchangeRate
from crm.models.currency import CHARGED_KINDS
from crm.models.ledger import SOURCES
from crm.money import scaled_text, to_text
from crm.services import columns
from crm.services.listing import Listing
from crm.services.payment_json import moment

_R, _C = ExchangeRate.__table__.c, CommissionRule.__table__.c
RATES = Listing(
    "rates",
    select(ExchangeRate.__table__),
    _R.id,
    {
        "id": columns.number(_R.id),
        "from_currency": columns.text(_R.from_currency),
        "to_currency": columns.text(_R.to_currency),
        "rate": columns.scaled(_R.rate),
        "spread": columns.scaled(_R.spread),
        "valid_from": columns.moment(_R.valid_from),
        "created_by": columns.number(_R.created_by_id, nullable=True),
        "created_at": columns.moment(_R.created_at),
    },
    ordering="-valid_from",
)
RULES = Listing(
    "commission_rules",
    select(CommissionRule.__table__),
    _C.id,
    {
        "id": columns.number(_C.id),
        "payment_kind": columns.word(_C.payment_kind, CHARGED_KINDS),
        "currency": columns.text(_C.currency, nullable=True),
        "source": columns.word(_C.source, tuple(SOURCES), nullable=True),
        "percent": columns.scaled(_C.percent),
        "fixed": columns.amount(_C.fixed, _C.currency),
        "min": columns.amount(_C.minimum, _C.currency),
        "max": columns.amount(_C.maximum, _C.currency, nullable=True),
        "valid_from": columns.moment(_C.valid_from),
        "ended_at": columns.moment(_C.ended_at, nullable=True),
        "created_by": columns.number(_C.created_by_id, nullable=True),
        "created_at": columns.moment(_C.created_at),
    },
    ordering="-valid_from",
)


def rates(asked: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Rates as `Listing.page` says, in one statement; raises `Invalid` by parameter."""
    found = RATES.page(asked)
    return {"items": [rate(row) for row in found.items], "next_cursor": found.next_cursor}


def rules(asked: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Commission rules, those that are past and to come too, as `Listing.page` says, in one statement."""
    found = RULES.page(asked)
    return {"items": [rule(row) for row in found.items], "next_cursor": found.next_cursor}


def rate(row: Any) -> dict[str, Any]:
    """A row of the listing, or an `ExchangeRate`."""
    return {name: getattr(row, name) for name in ("id", "from_currency", "to_currency")} | {
        "rate": scaled_text(row.rate),
        "spread": scaled_text(row.spread),
        "valid_from": moment(row.valid_from),
        "created_by": row.created_by_id,
        "created_at": moment(row.created_at),
    }


def rule(row: Any) -> dict[str, Any]:
    """A row of the listing, or a `CommissionRule`; amounts are null where it holds for all currencies."""
    amounts = (("fixed", row.fixed), ("min", row.minimum), ("max", row.maximum))
    told = {
        name: to_text(minor, row.currency) if row.currency and minor is not None else None for name, minor in amounts
    }
    return {name: getattr(row, name) for name in ("id", "payment_kind", "currency", "source")} | {
        "percent": scaled_text(row.percent),
        **told,
        "valid_from": moment(row.valid_from),
        "ended_at": row.ended_at and moment(row.ended_at),
        "created_by": row.created_by_id,
        "created_at": moment(row.created_at),
    }


def currencies() -> dict[str, Any]:
    """The currencies in use, in order."""
    found = db.session.execute(select(Currency.__table__).order_by(Currency.code))
    return {"items": [{"code": row.code, "exponent": row.exponent} for row in found], "next_cursor": None}
