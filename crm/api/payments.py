"""Payments for programs: ordered one by one or by the thousand, read, reversed, followed until they are final."""

import uuid
from typing import Any

from flask import Response, abort, url_for
from flask_login import current_user

from crm.api import bp, headers
from crm.api.calls import call
from crm.api.listing import asked, query_of
from crm.api.schemas.payments import (
    AcceptedBatch,
    BatchIn,
    CaptureIn,
    Payment,
    PaymentIn,
    PaymentList,
    ReversalIn,
    VoidIn,
)
from crm.api.sockets import follow, follow_by_token, upgrade
from crm.api.waiting import until_posted, wanted_wait
from crm.i18n import gettext as _
from crm.models import Permission, Scope
from crm.models.ledger import PaymentKind, PaymentStatus
from crm.services import holds, payment_json, payments
from crm.services.paying import listing
from crm.services.paying import orders as payment_orders
from crm.services.payments import Accepted
from crm.web.guards import actor, demand, owner, requires

QUERY = query_of(listing.LISTING)
SENDS, TELLS = ("Idempotency-Key", "Prefer"), ("Location", "Idempotent-Replayed", "Preference-Applied")


@bp.get("/payments")
@requires(Permission.READ, own=True)
@call({200: PaymentList}, query=QUERY)
def payment_list() -> Any:
    """List payments

    The newest first, unless another order is asked for. A customer's token sees those of the own wallets.
    """
    return listing.page(asked(), owner())


@bp.post("/payments")
@requires(Permission.WRITE, Scope.MONEY, own=True)
@call({201: Payment, 202: Payment}, refuses=(409,), sends=SENDS, tells=TELLS)
def payment_create(json: PaymentIn) -> Any:
    """Order a payment

    It needs an `Idempotency-Key`: the same one again tells of the payment that there is, `Idempotent-Replayed: true`.
    It is stored as INITIATED and posted within moments; with `Prefer: wait=5` the answer waits for that, and is a 201
    with the final state if it comes in time. With `hold` it ends up HELD: the money is reserved until it is captured,
    voided, or `expires_at` has come.
    """
    key, wait = _key(), wanted_wait()
    if json.kind == PaymentKind.ADJUSTMENT:
        demand(Permission.ADMIN, Scope.MONEY)
    (movement,) = payment_orders.movements([json.ordered(key)], owner())
    return _told(payments.accept(actor(), movement), wait)


@bp.post("/payments/batch")
@requires(Permission.WRITE, Scope.MONEY, own=True)
@call({202: AcceptedBatch}, refuses=(409,))
def payment_batch(json: BatchIn) -> Any:
    """Order many payments

    All of them are accepted, or none: messages are at `payments.17.amount`, a 409 names the `indexes` of those whose
    key was used for something else.
    """
    if any(one.kind == PaymentKind.ADJUSTMENT for one in json.payments):
        demand(Permission.ADMIN, Scope.MONEY)
    orders = [one.ordered(one.idempotency_key) for one in json.payments]
    done = payments.accept_batch(actor(), payment_orders.movements(orders, owner(), many=True))
    told = [{"id": _dashed(one.payment_id), "idempotency_key": one.key, "status": one.status} for one in done.payments]
    return {"batch_id": done.batch_id and _dashed(done.batch_id), "payments": told}, 202


@bp.get("/payments/<uuid:pk>")
@requires(Permission.READ, own=True, session=True)
@call({200: Payment})
def payment_get(pk: uuid.UUID) -> Any:
    """Get a payment

    With its operations, once it is completed.
    """
    return payment_json.one(pk, owner())


@bp.post("/payments/<uuid:pk>/reverse")
@requires(Permission.ADMIN, Scope.MONEY)
@call({201: Payment, 202: Payment}, refuses=(409,), sends=SENDS, tells=TELLS)
def payment_reverse(pk: uuid.UUID, json: ReversalIn) -> Any:
    """Reverse a payment

    Whole, or up to what is left of it; commission is given back in the same share. It is a payment of its own, and
    needs a key as any other.
    """
    key, wait = _key(), wanted_wait()
    amount = payment_orders.part_of(pk, json.amount)
    return _told(payments.accept_reversal(actor(), pk.hex, amount, json.description, key), wait)


@bp.post("/payments/<uuid:pk>/capture")
@requires(Permission.WRITE, Scope.MONEY)
@call({200: Payment}, refuses=(409,))
def payment_capture(pk: uuid.UUID, json: CaptureIn) -> Any:
    """Capture a hold

    Moves what is held, or a part of it, once: the rest is let go. The commission is that of the part, by the rule that
    held when the payment was ordered. It never fails for lack of money.
    """
    holds.capture(actor(), pk.hex, payment_orders.part_of(pk, json.amount))
    return payment_json.one(pk)


@bp.post("/payments/<uuid:pk>/void")
@requires(Permission.WRITE, Scope.MONEY)
@call({200: Payment}, refuses=(409,))
def payment_void(pk: uuid.UUID, json: VoidIn) -> Any:
    """Void a hold

    Nothing moves, and what was reserved is available again.
    """
    holds.void(actor(), pk.hex, json.description)
    return payment_json.one(pk)


@bp.get("/payments/<uuid:pk>/ws", websocket=True)
@requires(Permission.READ, own=True, session=True, token_later=True)
def payment_follow(pk: uuid.UUID) -> Response:
    """The payment as it is now, then with each change of its status; closed after the final one. The token comes in the
    header, or as the first message: `{"token": "…"}`.
    """
    if not current_user.is_authenticated:
        return upgrade(follow_by_token(pk))
    payment_json.one(pk, owner())
    return upgrade(follow([str(pk)]))


@bp.get("/payments/ws", websocket=True)
@requires(Permission.READ, session=True)
def payments_follow() -> Response:
    """The same for all payments of a page by one socket: the client says which, as a JSON list of ids, and may say
    it again; closed when all of them are final.
    """
    return upgrade(follow())


def _key() -> str:
    key = headers.idempotency_key()
    if not key:
        abort(400, _("Send an Idempotency-Key: a name of your own for this payment, the same when you send it again."))
    return key


def _told(accepted: Accepted, wait: int | None) -> Any:
    pk, who = uuid.UUID(accepted.payment_id), owner()
    headers = {"Location": url_for("api.payment_get", pk=pk)}
    if accepted.replayed:
        headers["Idempotent-Replayed"] = "true"
    if wait:
        headers["Preference-Applied"] = f"wait={wait}"
        until_posted(accepted.payment_id, wait)
    told = payment_json.one(pk, who)
    is_posted = wait is not None and told["status"] != PaymentStatus.INITIATED
    return told, 201 if is_posted else 202, headers


def _dashed(pk: str) -> str:
    return f"{pk[:8]}-{pk[8:12]}-{pk[12:16]}-{pk[16:20]}-{pk[20:]}"
