"""One URL, two sizes: the partial for HTMX, the full page for everybody else."""

import json
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, flash, make_response, redirect, render_template, request
from werkzeug.urls import iri_to_uri

from crm.errors import DomainError, Invalid


def is_partial() -> bool:
    """True where HTMX asks for a piece; boosted and history-restoring requests want the whole page."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and not (
        headers.get("HX-Boosted") == "true" or headers.get("HX-History-Restore-Request") == "true"
    )


def answer(page: str, partial: str, status: int = 200, /, **context: Any) -> Response:
    """Render the partial or the page with the same context."""
    template = partial if is_partial() else page
    return make_response(render_template(template, **context), status)


def notify(message: str, level: str = "success", response: Response | None = None) -> Response | None:
    """Show a toast: with this answer where it is a partial, on the next page otherwise."""
    if response is None or not is_partial():
        flash(message, level)
        return response
    # Header values are Latin-1 at most: JSON escapes the rest.
    response.headers["HX-Trigger"] = json.dumps({"toast": {"message": message, "level": level}})
    return response


def go(location: str) -> Response:
    """Send the browser on: a redirect, which HTMX is told of in its own way."""
    if is_partial():
        return Response(status=204, headers={"HX-Redirect": iri_to_uri(location)})
    return make_response(redirect(location, 303))


def attach(form: Any, error: DomainError) -> None:
    """Put the messages of a domain error beside the form's fields; what has no field there goes above them."""
    fields = error.fields if isinstance(error, Invalid) else {"": [error.message]}
    for name, messages in fields.items():
        if name in form:
            form[name].errors = [*form[name].errors, *messages]
        else:
            form.form_errors.extend(messages)


def safe_next(target: str | None, default: str) -> str:
    """The target where it is a path on this site, else the default (an open redirect would serve phishing)."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return default
    if any(ord(character) < 32 for character in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target


def init_app(app: Flask) -> None:
    """Say that an answer depends on who asks for it, so that no cache mixes partials and pages."""

    @app.after_request
    def vary(response: Response) -> Response:
        if request.endpoint != "static":
            response.vary.add("HX-Request")
        return response
