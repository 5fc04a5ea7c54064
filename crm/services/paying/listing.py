"""What a list of payments is asked by, for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from crm.models import Payment
from crm.models.ledger import PaymentKind, PaymentStatus, TechnicalCode
from crm.services import columns, payment_json
from crm.services.listing import Listing
from crm.services.paying.criteria import Criteria, conditions

_P = Payment.__table__.c
_TO_CURRENCY = func.coalesce(_P.to_currency, _P.currency)
LISTING = Listing(
    "payments",
    select(_P.id),
    _P.id,
    {
        "id": columns.identifier(_P.id),
        "kind": columns.word(_P.kind, tuple(PaymentKind)),
        "status": columns.word(_P.status, tuple(PaymentStatus)),
        "from_account": columns.number(_P.from_account_id),
        "to_account": columns.number(_P.to_account_id),
        "source": columns.word(_P.source, tuple(TechnicalCode), nullable=True),
        "amount": columns.amount(_P.amount, _P.currency),
        "currency": columns.text(_P.currency),
        "commission": columns.amount(_P.commission, _P.currency),
        "to_amount": columns.amount(func.coalesce(_P.to_amount, _P.amount - _P.commission), _TO_CURRENCY),
        "to_currency": columns.text(_TO_CURRENCY),
        "rate": columns.scaled(_P.rate, nullable=True),
        "description": columns.text(_P.description),
        "failure_code": columns.text(_P.failure_code, nullable=True),
        "created_at": columns.moment(_P.created_at),
        "completed_at": columns.moment(_P.completed_at, nullable=True),
        "held_amount": columns.amount(_P.held_amount, _P.currency, nullable=True),
        "held_at": columns.moment(_P.held_at, nullable=True),
        "hold_expires_at": columns.moment(_P.hold_expires_at, nullable=True),
        "created_by": columns.number(_P.created_by_id, nullable=True),
        "reversal_of": columns.identifier(_P.reversal_of_id, nullable=True),
        "reversed_amount": columns.amount(_P.reversed_amount, _P.currency),
        "batch_id": columns.identifier(_P.batch_id, nullable=True),
    },
    ordering="-id",
)


def page(asked: Mapping[str, Sequence[str]], owner: int | None = None) -> dict[str, Any]:
    """Payments as `Listing.page` says, of one customer's wallets alone where `owner` is given: as `payment_json` has
    them, in three statements (five for an owner). Raises `Invalid` by parameter.
    """
    within = [] if owner is None else conditions(Criteria(customer=owner))
    found = LISTING.page(asked, *within)
    told = {payment["id"]: payment for payment in payment_json.many([row.id for row in found.items])}
    items = [told[str(row.id)] for row in found.items]
    return {"items": payment_json.kept_to(owner, items), "next_cursor": found.next_cursor}
