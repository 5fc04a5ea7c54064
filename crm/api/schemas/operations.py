"""Operations, as told."""

from typing import Literal

from pydantic import Field

from crm.api.schemas.accounts import CurrencyCode
from crm.api.schemas.shapes import Amount, Cursor, Moment, PaymentId, RowId, Told
from crm.models.ledger import PaymentKind

Part = Literal["transfer", "commission"]


class Operation(Told):
    """One double-entry line of a payment, with the payment's kind and description."""

    id: RowId
    payment_id: PaymentId
    account: RowId
    customer_id: RowId | None
    kind: Part
    payment_kind: Literal[tuple(PaymentKind)]  # type: ignore[valid-type]
    signed_amount: Amount
    currency: str = CurrencyCode
    balance_after: Amount | None = Field(description="Null on technical accounts.")
    sequence: int | None = Field(description="1, 2, 3 … of each wallet; null on technical accounts.")
    description: str
    created_at: Moment


class OperationList(Told):
    """A page of operations."""

    items: list[Operation]
    next_cursor: Cursor
