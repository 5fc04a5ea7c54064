"""Accepting payments: stored as INITIATED, all of them or none, and posted by a worker soon after."""

import uuid
from collections.abc import Mapping, Sequence
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
_INITIATED = PaymentStatus.INITIATED.value


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

    Raises `Invalid` by field (`amount`, `from_account`, `to_account`, `source`, `description`, `idempotency_key`,
    `hold`, `expires_at`), `PaymentRefused` for what can never be posted so, `DuplicateRequest` where the key was used
    for something else. A lack of money is found when it is posted: the payment is FAILED then.
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
        made = reversals.draft(actor, payment_id, amount, description, key)
        (accepted,) = _stored([made])
        if not accepted.replayed:
            reversals.check_open(made)
        return accepted


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
        drafts, problems = _drafts(actor, movements, known)
        if problems:
            raise Invalid(_placed(problems))
        batch_id = uuid7()
        rows = {"id": batch_id, "name": name[:200], "count": len(drafts), "created_by_id": actor.user_id}
        db.session.execute(insert(PaymentBatch).values(rows))
        for row, made in drafts.items():
            made.batch_id, made.batch_row = batch_id.hex, row
        payments = _stored(list(drafts.values()))
        fresh = {place: movements[place] for place, payment in enumerate(payments) if not payment.replayed}
        if closed := _closed(fresh, known):
            raise Invalid(_placed(closed))
        if all(payment.replayed for payment in payments):
            db.session.execute(delete(PaymentBatch).where(PaymentBatch.id == uuid.UUID(batch_id.hex)))
            return AcceptedBatch(None, payments)
    return AcceptedBatch(batch_id.hex, payments)


Problems = dict[int, dict[str, list[str]]]  # place in the batch, from 0: messages by field


class Checked(NamedTuple):
    """What would become of a batch: the payments without a problem, priced; the problems; and which of the payments,
    by id, are stored already.
    """

    drafts: list[Draft]
    problems: Problems
    stored: dict[str, Stored]


def check_batch(actor: Actor, movements: Sequence[Movement]) -> Checked:
    """Say what `accept_batch` would, and write nothing. Three statements, however many movements."""
    known = scene(movements)
    drafts, problems = _drafts(actor, movements, known)
    stored, others = engine.used(list(drafts.values()))
    places = list(drafts)
    for other in others:
        problems[places[other]] = {"idempotency_key": [_("This key was used before, for another payment.")]}
    fresh = {place: movements[place] for place, made in drafts.items() if made.id not in stored}
    problems |= _closed(fresh, known)
    return Checked([made for place, made in drafts.items() if place not in problems], problems, stored)


def _drafts(actor: Actor, movements: Sequence[Movement], known: Scene) -> tuple[dict[int, Draft], Problems]:
    drafts: dict[int, Draft] = {}
    problems: Problems = {}
    keys: set[str] = set()
    for place, movement in enumerate(movements):
        try:
            if movement.key in keys:
                raise Invalid({"idempotency_key": [_("This key stands in the batch twice.")]})
            drafts[place] = draft(actor, movement, known)
        except Invalid as error:
            problems[place] = error.fields
        if movement.key:
            keys.add(movement.key)
    return drafts, problems


def _closed(movements: Mapping[int, Movement], known: Scene) -> Problems:
    """The problems of those whose wallets are frozen or closed."""
    problems: Problems = {}
    if all(side.status == "open" for side in known.by_id.values()):
        return problems
    for place, movement in movements.items():
        try:
            check_open(movement, known)
        except Invalid as error:
            problems[place] = error.fields
    return problems


def _placed(problems: Problems) -> dict[str, list[str]]:
    return {
        f"payments.{place}.{field}": messages
        for place, fields in problems.items()
        for field, messages in fields.items()
    }


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
    return Accepted(made.id, made.key, _INITIATED, replayed=False)
