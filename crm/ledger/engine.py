"""The only writer of operations and balances: a batch of payments, one or thousands, in the present transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from json.encoder import encode_basestring_ascii
from types import ModuleType
from typing import Any

from uuid_utils import uuid7

from crm.db import db, is_postgresql, utcnow
from crm.errors import DuplicateRequest
from crm.i18n import gettext as _
from crm.ledger import postgresql, reversals, sqlite
from crm.ledger.orders import Capture, Exchange, Order, Original, Release, Reversal
from crm.ledger.posting import Decisions, decide
from crm.ledger.rows import Stored
from crm.models.ledger import SYSTEM, PaymentStatus

# What an encoder makes of text too, but that takes eight times as long, for each of ten thousand payments.
_text = encode_basestring_ascii


@dataclass(slots=True)
class Draft:
    """A payment to be stored: checked already, amounts in minor units of `currency`.

    `created_by_id` and `key` make the request unique; `commission_account` is the technical account that gets the
    commission. A conversion has an `exchange` and the `to_currency` and `rate` (scaled by 10^9) of it, a reversal has
    `reversal_of_id`, the original's id. `terms` and `metadata` are JSON. A hold has `hold_expires_at`, as it was asked
    for or as is usual.
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
    exchange: Exchange | None = None
    to_currency: str | None = None
    rate: int | None = None
    terms: str | None = None
    reversal_of_id: str | None = None
    takes_rest: bool = False  # a reversal was asked for without an amount
    to_amount: int | None = None
    hold_expires_at: datetime | None = None
    expiry_asked: bool = False
    metadata: str | None = None
    batch_id: str | None = None
    batch_row: int | None = None
    created_by_id: int | None = None
    origin: str = ""
    id: str = field(default_factory=lambda: uuid7().hex)

    @property
    def caller(self) -> int:
        """Whose key it is."""
        return self.created_by_id or SYSTEM

    @property
    def order(self) -> Order | Reversal:
        """What is to be posted."""
        if self.reversal_of_id:
            return Reversal(self.id, self.reversal_of_id, self.amount)
        return Order(
            self.id, self.from_account, self.to_account, self.amount, self.commission, self.commission_account,
            self.exchange, hold=self.hold_expires_at is not None,
        )  # fmt: skip

    def fingerprint(self) -> bytes:
        """SHA-256 of what was asked for, as canonical JSON: the same key with another request is refused.

        Prices are not asked for: they may be others when the same request comes again.
        """
        amount = '"rest"' if self.takes_rest else str(self.amount)
        asked = [
            _text(self.kind), str(self.from_account), str(self.to_account), amount, _text(self.currency),
            _text(self.description),
        ]  # fmt: skip
        asked += [_text(more) for more in (self.reversal_of_id, self.metadata) if more]
        if self.hold_expires_at:
            asked.append(f'{{"hold":"{self.hold_expires_at.isoformat() if self.expiry_asked else ""}"}}')
        return hashlib.sha256(f"[{','.join(asked)}]".encode()).digest()

    def row(self, now: datetime) -> tuple[Any, ...]:
        """The payment as `rows.PAYMENT` columns."""
        return (
            self.id, self.kind, self.from_account, self.to_account, self.source, self.amount, self.currency,
            self.commission, self.exchange.amount if self.exchange else self.to_amount, self.to_currency, self.rate,
            self.terms, self.reversal_of_id, self.description, self.metadata, self.batch_id, self.batch_row,
            self.created_by_id, self.caller, self.origin[:64], self.key, self.hold_expires_at and self.amount,
            self.hold_expires_at, self.fingerprint(), now,
        )  # fmt: skip


def store(drafts: Sequence[Draft]) -> dict[str, Stored]:
    """Store the payments as INITIATED, all at one moment; those whose key was used before are left out and told:
    draft id → the payment that is stored.

    One statement, two or three more where keys were used. Raises `DuplicateRequest` where such a payment asked for
    something else. Keys are inserted in order, so that two writers never wait in a circle.
    """
    if not drafts:
        return {}
    ordered = sorted(drafts, key=lambda draft: (draft.caller, draft.key))
    connection, now = db.session.connection(), utcnow()
    if _dialect().store(connection, ordered, now) == len(drafts):
        return {}
    stored, others = used(drafts)
    if others:
        raise DuplicateRequest(_("This was sent before with other details. Nothing was moved this time."), others)
    return {draft_id: payment for draft_id, payment in stored.items() if payment.id != draft_id}


def used(drafts: Sequence[Draft]) -> tuple[dict[str, Stored], list[int]]:
    """Which of the drafts' keys are in use: draft id → the payment that is stored under its key, and the places, from
    0, of those that ask for something else. One statement.
    """
    keys = sorted(draft.key for draft in drafts)
    callers = sorted({draft.caller for draft in drafts})
    found = _dialect().stored(db.session.connection(), callers, keys)
    known = {(payment.caller, payment.key): payment for payment in found}
    stored = {draft.id: known[draft.caller, draft.key] for draft in drafts if (draft.caller, draft.key) in known}
    others = [
        place
        for place, draft in enumerate(drafts)
        if draft.id in stored and bytes(stored[draft.id].fingerprint) != draft.fingerprint()
    ]
    return stored, others


def post(orders: Sequence[Order | Reversal | Capture | Release]) -> Decisions:
    """Post payments that are stored as INITIATED, or are HELD: lock, decide, write operations, balances and statuses.

    Four statements at most, however many payments; three more where there are reversals, up to three more where there
    are holds. Each becomes COMPLETED, or FAILED with a code while the others go on; a hold becomes HELD, or ends; one
    whose capture is refused stays as it is. The caller has made sure that nobody else posts them: they are new, or
    locked.
    """
    if not orders:
        return Decisions()
    dialect, connection = _dialect(), db.session.connection()
    originals = reversals.locked(order.original_id for order in orders if isinstance(order, Reversal))
    locked, at = dialect.lock(connection, sorted(_sides(orders, originals)))
    balances = {balance.account_id: balance for balance in locked}
    decisions = decide(orders, balances, originals)
    # What is free again may be taken in the same batch, so it is written first; what is held anew comes last.
    dialect.write_holds(connection, [(one.payment_id, one.status, None, None) for one in decisions.released], at)
    if decisions.entries:
        touched = [balances[pk] for pk in sorted(decisions.touched)]
        dialect.write(connection, decisions.entries, touched, at, decisions.captured)
    reversals.count(originals[pk] for pk in sorted(decisions.reversed))
    captures = {order.payment_id for order in orders if isinstance(order, Capture)}
    failed = (result for result in decisions.refused.items() if result[0] not in captures)
    dialect.write_statuses(connection, [*((pk, None) for pk in decisions.completed), *failed], at)
    dialect.write_holds(connection, _ended_and_held(decisions), at)
    return decisions


def _sides(orders: Sequence[Order | Reversal | Capture | Release], originals: Mapping[str, Original]) -> set[int]:
    """The accounts that the orders concern."""
    sides = {side for original in originals.values() for side, _kind in original.lines}
    for order in orders:
        if isinstance(order, Release):
            sides.add(order.account_id)
        elif not isinstance(order, Reversal):
            moved = order.order if isinstance(order, Capture) else order
            sides.update((moved.from_account, moved.to_account))
    return sides


def _ended_and_held(decisions: Decisions) -> list[tuple[str, str, int | None, int | None]]:
    """Of each hold the id, the status, and what amount and commission become."""
    captured = (capture.order for capture in decisions.captured)
    return [
        *((order.payment_id, PaymentStatus.COMPLETED.value, order.amount, order.commission) for order in captured),
        *((pk, PaymentStatus.HELD.value, None, None) for pk in decisions.held),
    ]


def _dialect() -> ModuleType:
    return postgresql if is_postgresql() else sqlite
