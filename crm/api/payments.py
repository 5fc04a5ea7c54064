"""Payments for programs: how one stands, and following it until it is final."""

import uuid

from flask import Response, jsonify

from crm.api import bp
from crm.api.sockets import follow, upgrade
from crm.models import Permission
from crm.services import payment_json
from crm.web.guards import requires


@bp.get("/payments/<uuid:pk>")
@requires(Permission.READ, session=True)
def payment_detail(pk: uuid.UUID) -> Response:
    """The payment as it is now."""
    return jsonify(payment_json.one(pk))


@bp.get("/payments/<uuid:pk>/ws", websocket=True)
@requires(Permission.READ, session=True)
def payment_follow(pk: uuid.UUID) -> Response:
    """The payment as it is now, then with each change of its status; closed after the final one."""
    payment_json.one(pk)
    return upgrade(follow([str(pk)]))


@bp.get("/payments/ws", websocket=True)
@requires(Permission.READ, session=True)
def payments_follow() -> Response:
    """The same for all payments of a page by one socket: the client says which, as a JSON list of ids, and may say
    it again; closed when all of them are final.
    """
    return upgrade(follow())
