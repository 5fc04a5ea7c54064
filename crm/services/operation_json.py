"""Operations as programs see them, and what a list of them is asked by."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from crm.db import db
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.models import Account, Operation, Payment
from crm.models.ledger import OperationKind, PaymentKind
from crm.money import to_text
from crm.services import columns
from crm.services.listing import Listing
from crm.services.payment_json import moment

_O, _A, _P = Operation.__table__.c, Account.__table__.c, Payment.__table__.c
Place = tuple[UUID, int]  # payment, account
_PLAIN = ("id", "account", "customer_id", "kind", "payment_kind", "currency", "sequence", "description")
LISTING = Listing(
    "operations",
    select(
        _O.id, _O.payment_id, _O.account_id.label("account"), _A.customer_id, _O.kind,
        _P.kind.label("payment_kind"), _O.signed_amount, _A.currency, _O.balance_after, _O.sequence, _P.description,
        _O.created_at,
    ).select_from(
        Operation.__table__.join(Account.__table__, _A.id == _O.account_id).join(
            Payment.__table__, _P.id == _O.payment_id
        )
    ),
    _O.id,
    {
        "id": columns.number(_O.id),
        "payment_id": columns.identifier(_O.payment_id),
        "account": columns.number(_O.account_id),
        "customer_id": columns.number(_A.customer_id, nullable=True),
        "kind": columns.word(_O.kind, tuple(OperationKind)),
        "payment_kind": columns.word(_P.kind, tuple(PaymentKind)),
        "signed_amount": columns.amount(_O.signed_amount, _A.currency),
        "currency": columns.text(_A.currency),
        "balance_after": columns.amount(_O.balance_after, _A.currency, nullable=True),
        "sequence": columns.number(_O.sequence, nullable=True),
        "description": columns.text(_P.description),
        "created_at": columns.moment(_O.created_at),
    },
    more=("commission",),
)  # fmt: skip


def page(asked: Mapping[str, Sequence[str]], owner: int | None = None, account_id: int | None = None) -> dict[str, Any]:
    """Operations as `Listing.page` says, of one customer's accounts or of one account where these are given, in two
    statements. Raises `Invalid` by parameter.

    `commission` is `true` or `false`: whether lines of commission are among them. A customer's list is without them
    unless they are asked for; a line then has the balance after the last line of its payment.
    """
    within = [] if owner is None else [_A.customer_id == owner]
    within += [] if account_id is None else [_O.account_id == account_id]
    with_commission = _wants_commission(asked.get("commission", ()), owner is None)
    if not with_commission:
        within.append(_O.kind != OperationKind.COMMISSION)
    found = LISTING.page(asked, *within)
    last = {} if with_commission else _after_the_last(found.items)
    return {"items": [_as_json(row, last) for row in found.items], "next_cursor": found.next_cursor}


def _wants_commission(asked: Sequence[str], default: bool) -> bool:
    if not asked:
        return default
    if asked[0] not in ("true", "false"):
        raise Invalid({"commission": [_("This must be true or false.")]})
    return asked[0] == "true"


def _after_the_last(rows: Sequence[Any]) -> dict[Place, int | None]:
    """The balance after the last line of each payment on each wallet."""
    wanted = select(_O.payment_id, _O.account_id, _O.balance_after).order_by(_O.sequence)
    of_them = wanted.where(_O.payment_id.in_({row.payment_id for row in rows}))
    return {(payment_id, account_id): after for payment_id, account_id, after in db.session.execute(of_them)}


def _as_json(row: Any, last: Mapping[Place, int | None]) -> dict[str, Any]:
    after = last.get((row.payment_id, row.account), row.balance_after)
    return {name: getattr(row, name) for name in _PLAIN} | {
        "payment_id": str(row.payment_id),
        "signed_amount": to_text(row.signed_amount, row.currency),
        "balance_after": None if after is None else to_text(after, row.currency),
        "created_at": moment(row.created_at),
    }
