"""A name for every request: in its answer, in what is logged meanwhile, and in problems that programs are told."""

import logging
import re
import secrets
from typing import Any

from flask import Flask, Response, g, has_request_context, request

HEADER = "X-Request-Id"
_FIT = re.compile(r"[A-Za-z0-9._-]{1,64}")


def init_app(app: Flask) -> None:
    """Send the id along with every answer, and hand it to whoever formats a line of the log."""
    tell_the_log()

    @app.after_request
    def say(response: Response) -> Response:
        response.headers[HEADER] = request_id()
        return response


def request_id() -> str:
    """The id of the present request: the one that a client or a proxy gave, where it is fit to stand in a log."""
    if "request_id" not in g:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _FIT.fullmatch(given) else secrets.token_hex(12)
    return str(g.request_id)


def tell_the_log() -> None:
    """Give every record of the log a `request_id`, "-" outside of requests."""
    make = logging.getLogRecordFactory()
    if getattr(make, "tells_requests", False):
        return

    def record(*arguments: Any, **named: Any) -> logging.LogRecord:
        made = make(*arguments, **named)
        made.request_id = request_id() if has_request_context() else "-"
        return made

    vars(record)["tells_requests"] = True
    logging.setLogRecordFactory(record)
