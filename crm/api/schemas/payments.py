"""Payments, as ordered and as told."""

from typing import Annotated, Any, Literal

from pydantic import Field

from crm.api.schemas.accounts import CurrencyCode
from crm.api.schemas.shapes import Amount, AmountIn, Cursor, Moment, MomentIn, PaymentId, RowId, Sent, Told
from crm.models.ledger import OperationKind, PaymentKind, PaymentStatus, TechnicalCode
from crm.services.paying.orders import Ordered
from crm.services.payments import BATCH_LIMIT

KINDS = ("deposit", "withdrawal", "spend", "transfer", "adjustment", "conversion")  # that can be ordered
Metadata = Annotated[
    dict[str, str | int | bool | None],
    Field(description="Your own, given back as it is; no more than 4,000 characters.", examples=[{"order": "A-17"}]),
]


class PaymentIn(Sent):
    """A payment. `amount` is in the currency of the account that pays (of the one that is paid, for a deposit).

    deposit: `to_account` and `source` · withdrawal: `from_account` and `source` · spend: `from_account` · transfer and
    conversion: both accounts · adjustment: `to_account` to add, `from_account` to take, and a `description`.
    """

    kind: Literal[KINDS] = Field(examples=["deposit"])  # type: ignore[valid-type]
    amount: AmountIn
    currency: str | None = Field(None, description="Held against the wallet's, where it is given.", examples=["RUB"])
    from_account: RowId | None = None
    to_account: RowId | None = Field(None, examples=[42])
    source: str | None = Field(
        None, description="A technical code in place of the outside account.", examples=["bank_transfer"]
    )
    description: str = Field("", examples=["Prepayment of order A-17"])
    metadata: Metadata | None = None
    hold: bool = Field(
        False, description="Reserve the amount of a spend, transfer or withdrawal, to be captured or voided later."
    )
    expires_at: MomentIn | None = Field(
        None, description="Until when it is held: a week from now where nothing is said, 90 days at most."
    )

    def ordered(self, key: str) -> Ordered:
        """As the services take it, under this key."""
        return Ordered(
            self.kind, self.amount, self.from_account, self.to_account, self.currency, self.source, self.description,
            self.metadata, key, self.hold, self.expires_at,
        )  # fmt: skip


class PaymentInBatch(PaymentIn):
    """A payment among others, with a key of its own."""

    idempotency_key: str = Field(examples=["order-17"])


class BatchIn(Sent):
    """Payments that are accepted all together or not at all, and posted in this order."""

    payments: list[PaymentInBatch] = Field(min_length=1, max_length=BATCH_LIMIT)


class ReversalIn(Sent):
    """How much of it is given back: all that is left, where nothing is said."""

    amount: AmountIn | None = None
    description: str = ""


class CaptureIn(Sent):
    """How much of a hold is moved, all of it where nothing is said; the rest is let go."""

    amount: AmountIn | None = None


class VoidIn(Sent):
    """Why a hold is let go, for the audit log."""

    description: str = ""


class Line(Told):
    """One double-entry line of a payment."""

    id: RowId
    account: RowId
    kind: Literal[tuple(OperationKind)]  # type: ignore[valid-type]
    signed_amount: Amount
    currency: str = CurrencyCode
    balance_after: Amount | None = Field(description="Null on technical accounts.")
    sequence: int | None
    created_at: Moment


class Payment(Told):
    """A payment. A customer's token sees the lines of the customer's own accounts."""

    id: PaymentId
    kind: Literal[tuple(PaymentKind)]  # type: ignore[valid-type]
    status: Literal[tuple(PaymentStatus)]  # type: ignore[valid-type]
    from_account: RowId
    to_account: RowId
    source: Literal[tuple(TechnicalCode)] | None  # type: ignore[valid-type]
    amount: Amount
    currency: str = CurrencyCode
    commission: Amount
    to_amount: Amount = Field(description="What arrives.")
    to_currency: str
    rate: str | None = Field(description="Of a conversion.", examples=["0.0108"])
    description: str
    failure_code: str | None = Field(examples=["insufficient_funds"])
    failure_message: str | None
    created_at: Moment
    completed_at: Moment | None = Field(description="When it ended, in whatever way.")
    held_amount: Amount | None = Field(description="What was reserved; `amount` is what was captured of it.")
    held_at: Moment | None
    hold_expires_at: Moment | None
    created_by: RowId | None
    reversal_of: PaymentId | None
    reversed_amount: Amount
    metadata: dict[str, Any]
    operations: list[Line]


class PaymentList(Told):
    """A page of payments."""

    items: list[Payment]
    next_cursor: Cursor


class Accepted(Told):
    """A payment of a batch."""

    id: PaymentId
    idempotency_key: str
    status: Literal[tuple(PaymentStatus)]  # type: ignore[valid-type]


class AcceptedBatch(Told):
    """A batch that is stored; the payments stand in the order in which they were sent."""

    batch_id: PaymentId | None = Field(description="Null where every one of them was accepted before.")
    payments: list[Accepted]
