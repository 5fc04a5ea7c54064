"""For whoever watches the server: is the process alive, can it work."""

import redis
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from crm.db import db
from crm.services import proof_metrics
from crm.web.guards import PUBLIC, requires

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@requires(PUBLIC)
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
@requires(PUBLIC)
def readyz() -> tuple[Response, int]:
    """Database, Redis and migrations, each `ok` or in a word what is wrong; 503 unless all are."""
    state = {"database": "ok", "migrations": _migrations(), "redis": _redis()}
    if state["migrations"] == "unreachable":
        state["database"] = "unreachable"
    return jsonify(state), 200 if set(state.values()) == {"ok"} else 503


@bp.get("/metrics")
@requires(PUBLIC)
def metrics() -> Response:
    """For Prometheus: whether the money is right, and how long ago that was proved. Nothing in it is anybody's."""
    return Response(proof_metrics.exposition(), mimetype="text/plain; version=0.0.4")


def _migrations() -> str:
    try:
        with db.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError:
        return "unreachable"
    script = ScriptDirectory(current_app.extensions["migrate"].directory)
    return "ok" if current == script.get_current_head() else "pending"


def _redis() -> str:
    url = current_app.config["REDIS_URL"]
    try:
        with redis.Redis.from_url(url, socket_timeout=0.2, socket_connect_timeout=0.2) as connection:
            connection.ping()
    except redis.RedisError:
        return "unreachable"
    return "ok"
