"""The shapes that the engine and its two dialects share."""

from typing import NamedTuple

PAYMENT = (
    "id", "kind", "from_account_id", "to_account_id", "source", "amount", "currency", "commission", "description",
    "created_by_id", "caller", "origin", "idempotency_key", "fingerprint", "created_at",
)  # fmt: skip


class Side(NamedTuple):
    """An account as one side of a payment."""

    id: int
    customer_id: int | None
    code: str | None
    currency: str
    status: str


class Stored(NamedTuple):
    """A payment that has the key already; `id` is the UUID's 32 hexadecimal digits."""

    caller: int
    key: str
    id: str
    fingerprint: bytes
