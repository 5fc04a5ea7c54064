"""Who may open what: one check before every request, one declaration at every view."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, g, jsonify, make_response, redirect, request, url_for
from flask_babel import get_locale
from flask_login import current_user
from sqlalchemy.exc import OperationalError

from crm.models import Permission, Role, User
from crm.services import users
from crm.services.audit import Actor
from crm.web.htmx import is_partial
from crm.web.problems import problem

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
        if request.url_rule and request.url_rule.websocket and not _is_from_here():
            abort(403)
        get_locale()  # kept for the request: a refusal is put into words where the database answers nothing any more
        return None


def still_may(identity: str, permission: Permission = Permission.READ) -> bool:
    """Whether the person that a session remembers as `identity` may go on with what began some time ago.

    It asks in a database session of its own. Where the database does not answer, it is as it was.
    """
    with current_app.app_context():
        try:
            user = users.by_session(identity)
        except OperationalError:
            return True
        return user is not None and user.may(permission)


def _is_from_here() -> bool:
    """Browsers send cookies along when a page of anybody opens a WebSocket, and say whose page it is."""
    origin = request.headers.get("Origin")
    return origin is None or origin == f"{request.scheme}://{request.host}"


def _sign_in_first() -> Response:
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    login = url_for("auth.login", next=here)
    if is_partial():
        return Response(status=401, headers={"HX-Redirect": url_for("auth.login")})
    if request.path.startswith("/api/"):
        return problem(401, "Sign in first.")
    if request.path.startswith("/customers/api/"):
        return make_response(jsonify(error="Sign in first."), 401)
    return make_response(redirect(login, 302))
