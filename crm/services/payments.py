"""Accepting payments: stored as INITIATED, all of them or none, and posted by a worker soon after."""

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import delete, insert
from uuid_utils.compat import uuid7

from crm.db import atomic, db, on_commit, retrying
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.ledger import engine, pending
from crm.ledger.engine import Draft
from crm.ledger.rows import Stored
from crm.models import PaymentBatch
from crm.models.ledger import PaymentStatus
from crm.queue import ring
from crm.services import posting, reversals
from crm.services.audit import Actor
from crm.services.movements import Movement, Scene, check_open, draft, scene

BATCH_LIMIT = 10_000


class Accepted(NamedTuple):
    """A payment that is stored: by this call, or `replayed`, by an earlier one with the same key."""

    payment_id: str
    key: str
    status: str
    replayed: bool


class AcceptedBatch(NamedTuple):
    """The payments in the order of what was asked for; `batch_id` is None where every one was stored before."""

    batch_id: str | None
    payments: list[Accepted]


@retrying
def accept(actor: Actor, movement: Movement) -> Accepted:
    """Store one payment to be posted in the background.

    Raises `Invalid` by field (`amount`, `from_account`, `to_account`, `source`, `description`, `idempotency_key`),
    `PaymentRefused` for what can never be posted so, `DuplicateRequest` where the key was used for something else. A
    lack of money is found when it is posted: the payment is FAILED then.
    """
    with atomic():
        known = scene([movement])
        made = draft(actor, movement, known)
        (accepted,) = _stored([made])
        if not accepted.replayed:  # what was accepted is told, even if the wallets are frozen or closed since
            check_open(movement, known)
        return accepted


@retrying
def accept_reversal(actor: Actor, payment_id: str, amount: int | None, description: str, key: str) -> Accepted:
    """Store a reversal to be posted in the background; `WalletService.reverse` says of what, and what it raises."""
    with atomic():
        return _stored([reversals.draft(actor, payment_id, amount, description, key)])[0]


@retrying
def accept_batch(actor: Actor, movements: Sequence[Movement], name: str = "") -> AcceptedBatch:
    """Store many payments, all of them or none, to be posted in the order in which they are given.

    `name` is that of the file they come from. Raises `Invalid` with fields as `payments.17.amount`, numbered from 0,
    for every one that cannot be taken, and `DuplicateRequest` with the places of those whose key was used before.
    """
    if not 0 < len(movements) <= BATCH_LIMIT:
        raise Invalid({"payments": [_("Send from 1 to %(count)d payments at once.", count=BATCH_LIMIT)]})
    with atomic():
        known = scene(movements)
        drafts = _drafts(actor, movements, known)
        batch_id = uuid7()
        rows = {"id": batch_id, "name": name[:200], "count": len(drafts), "created_by_id": actor.user_id}
        db.session.execute(insert(PaymentBatch).values(rows))
        for row, made in enumerate(drafts):
            made.batch_id, made.batch_row = batch_id.hex, row
        payments = _stored(drafts)
        _check_open(movements, payments, known)
        if all(payment.replayed for payment in payments):
            db.session.execute(delete(PaymentBatch).where(PaymentBatch.id == uuid.UUID(batch_id.hex)))
            return AcceptedBatch(None, payments)
    return AcceptedBatch(batch_id.hex, payments)


def _drafts(actor: Actor, movements: Sequence[Movement], known: Scene) -> list[Draft]:
    drafts, problems, keys = [], {}, set()
    for place, movement in enumerate(movements):
        try:
            if movement.key in keys:
                raise Invalid({"idempotency_key": [_("This key stands in the batch twice.")]})
            drafts.append(draft(actor, movement, known))
        except Invalid as error:
            problems.update(_at(place, error))
        if movement.key:
            keys.add(movement.key)
    if problems:
        raise Invalid(problems)
    return drafts


def _check_open(movements: Sequence[Movement], payments: Sequence[Accepted], known: Scene) -> None:
    """Raise `Invalid` for those new payments whose wallets are frozen or closed."""
    problems = {}
    for place, (movement, payment) in enumerate(zip(movements, payments, strict=True)):
        try:
            if not payment.replayed:
                check_open(movement, known)
        except Invalid as error:
            problems.update(_at(place, error))
    if problems:
        raise Invalid(problems)


def _at(place: int, error: Invalid) -> dict[str, list[str]]:
    return {f"payments.{place}.{field}": messages for field, messages in error.fields.items()}


def _stored(drafts: list[Draft]) -> list[Accepted]:
    """Store what is new and have a worker called for it."""
    repeated = engine.store(drafts)
    fresh = [made.id for made in drafts if made.id not in repeated]
    if fresh:
        pending.add(fresh)
        on_commit(lambda: ring(posting.JOB))
    return [_accepted(made, repeated) for made in drafts]


def _accepted(made: Draft, repeated: dict[str, Stored]) -> Accepted:
    before = repeated.get(made.id)
    if before:
        return Accepted(before.id, made.key, before.status, replayed=True)
    return Accepted(made.id, made.key, PaymentStatus.INITIATED.value, replayed=False)
