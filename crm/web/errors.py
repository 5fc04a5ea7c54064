"""What went wrong, as a page, as a toast or as JSON; never a stack trace."""

import json
import logging
import time
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError

from crm.db import is_out_of_reach
from crm.errors import Busy, DomainError, DuplicateChannel, DuplicateRequest, Invalid, PaymentRefused, StaleVersion
from crm.extensions import limiter
from crm.i18n import gettext as _
from crm.web.htmx import is_partial
from crm.web.problems import problem

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Answer every error in the form the asker expects."""
    _answer_for_the_database(app)

    @app.errorhandler(DomainError)
    def domain(error: DomainError) -> Response:
        fields = error.fields if isinstance(error, Invalid) else None
        if not request.path.startswith("/api/"):
            return respond(error.status, error.message, fields)
        # What programs changed without having read it fails their own precondition (RFC 9110, 15.5.13).
        return problem(412 if isinstance(error, StaleVersion) else error.status, error.message, fields, _more(error))

    @app.errorhandler(CSRFError)
    def csrf(_error: CSRFError) -> Response:
        return respond(400, _("This page has grown old. Reload it and try again; nothing was changed."))

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = error.code or 500
        response = respond(status, _sentence(error))
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After"):
                response.headers[name] = value
        if status == 429 and limiter.current_limit:
            response.headers["Retry-After"] = str(max(1, limiter.current_limit.reset_at - int(time.time())))
        return response

    @app.errorhandler(InternalServerError)
    def fault(_error: InternalServerError) -> Response:
        return respond(500, sentences()[500])


def _sentence(error: HTTPException) -> str:
    """What was said of it here, else what is said of the status."""
    own = error.description if error.description != type(error).description else None
    general = sentences().get(error.code or 500) or _("This request cannot be answered.")
    return own if own and request.path.startswith("/api/") else general


def _more(error: DomainError) -> dict[str, Any]:
    """What programs are told beside the sentences."""
    if isinstance(error, PaymentRefused):
        return {"code": error.code}
    if isinstance(error, DuplicateRequest):
        return {"indexes": error.places}
    if isinstance(error, DuplicateChannel):
        url = url_for("api.customer_get", pk=error.owner_id)
        return {"owner": {"id": error.owner_id, "name": error.owner_name, "url": url}}
    return {}


def _answer_for_the_database(app: Flask) -> None:
    """What it cannot do now it may do in a moment: 503, and when to try again."""

    @app.errorhandler(Busy)
    def busy(error: Busy) -> Response:
        return _later(error.message)

    @app.errorhandler(PoolTimeout)
    def crowded(_error: PoolTimeout) -> Response:
        return _later(sentences()[503])

    @app.errorhandler(DBAPIError)
    def unreachable(error: DBAPIError) -> Response:
        if not is_out_of_reach(error):
            raise error  # a fault of ours
        log.warning("The database does not answer: %s", error.orig)
        return _later(_("The database does not answer at the moment. Please try again."))


def _later(message: str) -> Response:
    response = respond(503, message)
    response.headers["Retry-After"] = "2"
    return response


def sentences() -> dict[int, str]:
    """A sentence for each status that a person may meet."""
    return {
        400: _("This request could not be understood."),
        403: _("Your role does not allow this."),
        404: _("There is nothing here. It may have been deleted."),
        405: _("This cannot be done this way."),
        412: _("Somebody else has changed this meanwhile."),
        413: _("This is larger than the server takes."),
        415: _("Send JSON: Content-Type: application/json."),
        429: _("Too many attempts. Wait a minute and try again."),
        503: _("The server has no room for this at the moment. Please try again."),
        500: _("Something went wrong on our side. Nothing was changed; please try again."),
    }


def respond(status: int, message: str, fields: dict[str, list[str]] | None = None) -> Response:
    """The message as a toast, as JSON or as a page, by what the asker expects."""
    if request.path.startswith("/api/"):
        return problem(status, message, fields)
    if is_partial():
        response = make_response("", status)
        response.headers["HX-Trigger"] = json.dumps({"toast": {"message": message, "level": "danger"}})
        response.headers["HX-Reswap"] = "none"
        return response
    wants_json = request.path.startswith("/customers/api/") or request.accept_mimetypes.best == "application/json"
    if wants_json:
        body = {"errors": fields} if fields else {"error": message}
        return make_response(jsonify(body), status)
    return make_response(render_template("errors/error.html", status=status, message=message), status)
