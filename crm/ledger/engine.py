"""The only writer of operations and balances: a batch of payments, one or thousands, in the present transaction."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import Any

from uuid_utils.compat import uuid7

from crm.db import db, is_postgresql, utcnow
from crm.errors import DuplicateRequest
from crm.i18n import gettext as _
from crm.ledger import postgresql, sqlite
from crm.ledger.posting import Decisions, Order, decide
from crm.models.ledger import SYSTEM


@dataclass(slots=True)
class Draft:
    """A payment to be stored: checked already, amounts in minor units of `currency`.

    `created_by_id` and `key` make the request unique; `commission_account` is the technical account that gets the
    commission.
    """

    kind: str
    from_account: int
    to_account: int
    amount: int
    currency: str
    key: str
    source: str | None = None
    description: str = ""
    commission: int = 0
    commission_account: int = 0
    created_by_id: int | None = None
    origin: str = ""
    id: str = field(default_factory=lambda: uuid7().hex)

    @property
    def caller(self) -> int:
        """Whose key it is."""
        return self.created_by_id or SYSTEM

    @property
    def order(self) -> Order:
        """What is to be posted."""
        return Order(self.id, self.from_account, self.to_account, self.amount, self.commission, self.commission_account)

    def fingerprint(self) -> bytes:
        """SHA-256 of what was asked for, as canonical JSON: the same key with another request is refused."""
        asked = [self.kind, self.from_account, self.to_account, self.amount, self.currency, self.description]
        return hashlib.sha256(json.dumps(asked, separators=(",", ":")).encode()).digest()

    def row(self, now: datetime) -> tuple[Any, ...]:
        """The payment as `rows.PAYMENT` columns."""
        return (
            self.id, self.kind, self.from_account, self.to_account, self.source, self.amount, self.currency,
            self.commission, self.description, self.created_by_id, self.caller, self.origin[:64], self.key,
            self.fingerprint(), now,
        )  # fmt: skip


def store(drafts: Sequence[Draft]) -> dict[str, str]:
    """Store the payments as INITIATED; those whose key was used before are left out and told: draft id → the
    stored payment's id.

    One statement, one more where keys were used. Raises `DuplicateRequest` where such a payment asked for
    something else. Keys are inserted in order, so that two writers never wait in a circle.
    """
    if not drafts:
        return {}
    ordered = sorted(drafts, key=lambda draft: (draft.caller, draft.key))
    connection, now = db.session.connection(), utcnow()
    if _dialect().store(connection, [draft.row(now) for draft in ordered]) == len(drafts):
        return {}
    callers = sorted({draft.caller for draft in drafts})
    found = _dialect().stored(connection, callers, [draft.key for draft in ordered])
    known = {(payment.caller, payment.key): payment for payment in found}
    repeated = {}
    for draft in drafts:
        payment = known[draft.caller, draft.key]
        if bytes(payment.fingerprint) != draft.fingerprint():
            raise DuplicateRequest(_("This was sent before with other details. Nothing was moved this time."))
        if payment.id != draft.id:
            repeated[draft.id] = payment.id
    return repeated


def post(orders: Sequence[Order]) -> Decisions:
    """Post payments that are stored as INITIATED: lock, decide, write operations, balances and statuses.

    Four statements at most, however many payments. Each becomes COMPLETED, or FAILED with a code while the others
    go on. The caller has made sure that nobody else posts them: they are new, or locked.
    """
    if not orders:
        return Decisions()
    dialect, connection = _dialect(), db.session.connection()
    sides = {side for order in orders for side in (order.from_account, order.to_account)}
    locked, at = dialect.lock(connection, sorted(sides))
    balances = {balance.account_id: balance for balance in locked}
    decisions = decide(orders, balances)
    if decisions.entries:
        dialect.write(connection, decisions.entries, [balances[pk] for pk in sorted(decisions.touched)], at)
    results = [*((pk, None) for pk in decisions.completed), *decisions.refused.items()]
    dialect.write_statuses(connection, results, at)
    return decisions


def _dialect() -> ModuleType:
    return postgresql if is_postgresql() else sqlite
