"""An account as programs see it, a wallet or a technical one, and what a list of them is asked by."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, select

from crm.db import db
from crm.errors import Invalid, NotFound
from crm.i18n import gettext as _
from crm.models import Account, AccountBalance
from crm.models.ledger import ACCOUNT_STATUSES, TechnicalCode
from crm.money import to_text
from crm.services import columns, statements, technical
from crm.services.listing import Listing
from crm.services.payment_json import moment

KINDS = ("customer", "technical")
_A, _B = Account.__table__.c, AccountBalance.__table__.c
_KIND = case((_A.customer_id.is_(None), literal("technical")), else_=literal("customer"))
_STATUS = func.coalesce(_B.status, _A.status)
_LIMIT = func.coalesce(_B.overdraft_limit, 0)
_OWN = ("id", "customer_id", "kind", "code", "currency", "name", "status")
_SOURCE = select(
    _A.id, _A.customer_id, _KIND.label("kind"), _A.code, _A.currency, _A.name, _STATUS.label("status"),
    _LIMIT.label("overdraft_limit"), _B.balance, _B.held, _A.created_at, _B.last_at,
).select_from(Account.__table__.outerjoin(AccountBalance.__table__, _B.account_id == _A.id))  # fmt: skip
LISTING = Listing(
    "accounts",
    _SOURCE,
    _A.id,
    {
        "id": columns.number(_A.id),
        "customer_id": columns.number(_A.customer_id, nullable=True),
        "kind": columns.word(_KIND, KINDS),
        "code": columns.word(_A.code, tuple(TechnicalCode), nullable=True),
        "currency": columns.text(_A.currency),
        "name": columns.text(_A.name),
        "status": columns.word(_STATUS, ACCOUNT_STATUSES),
        "balance": columns.amount(_B.balance, _A.currency, nullable=True),
        "held": columns.amount(_B.held, _A.currency, nullable=True),
        "available": columns.amount(_B.balance - _B.held + _B.overdraft_limit, _A.currency, nullable=True),
        "overdraft_limit": columns.amount(_LIMIT, _A.currency),
        "created_at": columns.moment(_A.created_at),
        "last_at": columns.moment(_B.last_at, nullable=True),
    },
)


def page(asked: Mapping[str, Sequence[str]], owner: int | None = None) -> dict[str, Any]:
    """Accounts as `Listing.page` says, of one customer alone where `owner` is none: one statement, and three more where
    technical accounts are among them. Raises `Invalid` by parameter.
    """
    found = LISTING.page(asked, *_within(owner))
    return {"items": _told(found.items), "next_cursor": found.next_cursor}


def one(pk: int, owner: int | None = None, at: datetime | None = None) -> dict[str, Any]:
    """The account under this id, with its balance now or `at` a moment. Raises `NotFound`, for other customers' too,
    and `Invalid` (`at`) for a technical account, which keeps no balance of every moment.
    """
    rows = list(db.session.execute(_SOURCE.where(_A.id == pk, *_within(owner))))
    if not rows:
        raise NotFound(_("There is no such account."))
    (told,) = _told(rows)
    if at is None:
        return told
    if told["kind"] == "technical":
        raise Invalid({"at": [_("Only wallets tell their balance at a moment; ask for the report of a period.")]})
    return told | {"balance": to_text(statements.balance(pk, at), told["currency"])}


def _within(owner: int | None) -> list[ColumnElement[bool]]:
    return [] if owner is None else [_A.customer_id == owner]


def _told(rows: Sequence[Any]) -> list[dict[str, Any]]:
    of_technical = technical.balances() if any(row.customer_id is None for row in rows) else {}
    return [_as_json(row, of_technical) for row in rows]


def _as_json(row: Any, of_technical: Mapping[int, int]) -> dict[str, Any]:
    is_wallet = row.customer_id is not None
    balance, held = (row.balance, row.held) if is_wallet else (of_technical.get(row.id, 0), 0)
    available = to_text(balance - held + row.overdraft_limit, row.currency) if is_wallet else None
    return {name: getattr(row, name) for name in _OWN} | {
        "balance": to_text(balance, row.currency),
        "held": to_text(held, row.currency),
        "available": available,
        "overdraft_limit": to_text(row.overdraft_limit, row.currency),
        "created_at": moment(row.created_at),
        "last_at": row.last_at and moment(row.last_at),
    }
