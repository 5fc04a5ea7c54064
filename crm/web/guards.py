"""Who may open what: one check before every request, one declaration at every view."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, abort, g, jsonify, make_response, redirect, request, url_for
from flask_babel import get_locale
from flask_login import current_user
from sqlalchemy.exc import OperationalError

from crm.models import Permission, Role, User
from crm.services import users
from crm.services.audit import Actor
from crm.web.htmx import is_partial

View = TypeVar("View", bound=Any)
PUBLIC = "public"


def requires(permission: Permission | str) -> Callable[[View], View]:
    """Declare what the view asks for: a permission, or `PUBLIC`. A view without a declaration is refused."""

    def declare(view: View) -> View:
        view.permission = permission
        return view

    return declare


def person(id_string: str) -> User | None:
    """Whom the session remembers; where the database cannot say, the page about that is written for nobody."""
    if "unreachable" in g:
        return None
    try:
        return users.by_session(id_string)
    except OperationalError:
        g.unreachable = True
        raise


def actor() -> Actor:
    """The person at the keyboard, for the services."""
    return Actor(current_user.id, request.remote_addr or "")


def init_app(app: Flask) -> None:
    """Check every request, before the CSRF protection does: a stranger learns nothing about forms."""
    vars(app.view_functions["static"])["permission"] = PUBLIC

    @app.before_request
    def check() -> Response | None:
        if request.endpoint is None:
            return None  # no such page, or not by this method: the router says so
        needed = getattr(app.view_functions[request.endpoint], "permission", None)
        if needed == PUBLIC:
            return None
        if not current_user.is_authenticated:
            return _sign_in_first()
        if needed is None or not current_user.may(needed):
            abort(404 if current_user.role == Role.CUSTOMER else 403)
        get_locale()  # kept for the request: a refusal is put into words where the database answers nothing any more
        return None


def _sign_in_first() -> Response:
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    login = url_for("auth.login", next=here)
    if is_partial():
        return Response(status=401, headers={"HX-Redirect": url_for("auth.login")})
    if request.path.startswith("/customers/api/"):
        return make_response(jsonify(error="Sign in first."), 401)
    return make_response(redirect(login, 302))
