"""Who may open what: one check before every request, one declaration at every view."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from flask import Flask, Request, Response, abort, current_app, g, jsonify, make_response, redirect, request, url_for
from flask_babel import get_locale
from flask_login import current_user
from sqlalchemy.exc import OperationalError

from crm.i18n import gettext as _
from crm.models import Permission, Role, Scope, User
from crm.services import bearers, users
from crm.services.audit import Actor
from crm.services.bearers import Bearer
from crm.web.htmx import is_partial
from crm.web.problems import problem

View = TypeVar("View", bound=Any)
PUBLIC = "public"
_SCOPES: dict[str, tuple[Scope, ...]] = {
    Permission.READ: (Scope.READ,),
    Permission.WRITE: (Scope.WRITE,),
    Permission.ADMIN: (Scope.ADMIN,),
}
_BY_TOKEN = "token "  # noqa: S105  (no session's identity has a blank)
_CHALLENGE = 'Bearer realm="api"'


def requires(
    permission: Permission | str,
    *scopes: Scope,
    own: bool = False,
    session: bool = False,
    token_later: bool = False,
) -> Callable[[View], View]:
    """Declare what the view asks for: a permission, or `PUBLIC`. A view without a declaration is refused.

    For programs `scopes` says how far a token must reach (one of them; the permission's own where none is given), `own`
    lets customers in too, to what is theirs (the view narrows by `owner()`), and `session` takes a page's cookie.
    `token_later` lets a WebSocket in without any: its first message is to be the token, and the view holds it to that.
    """

    def declare(view: View) -> View:
        view.permission, view.scopes = permission, scopes or _SCOPES.get(permission, ())
        view.is_open_to_owners, view.takes_session, view.takes_token_later = own, session, token_later
        return view

    return declare


def person(id_string: str) -> User | None:
    """Whom the session remembers; where the database cannot say, the page about that is written for nobody.

    Programs sign in by a token: a cookie, which browsers send for anybody, counts where the view says so alone.
    """
    if "unreachable" in g or (_is_for_programs() and not _takes_session()):
        return None
    try:
        return users.by_session(id_string)
    except OperationalError:
        g.unreachable = True
        raise


def bearer(asked: Request) -> Bearer | None:
    """Who the token in the header stands for (RFC 6750), under /api/v1 alone."""
    kind, _blank, secret = asked.headers.get("Authorization", "").partition(" ")
    if "unreachable" in g or not _is_for_programs() or kind.lower() != "bearer":
        return None
    try:
        g.bearer = bearers.by_secret(secret.strip(), asked.remote_addr or "")
    except OperationalError:
        g.unreachable = True
        raise
    return g.bearer


def present_bearer() -> Bearer | None:
    """Whom a token has signed in here; None for a page's session and for nobody."""
    return g.get("bearer") if current_user.is_authenticated else None


def demand(permission: Permission, scope: Scope | None = None) -> None:
    """Refuse, with 403, what a part of a request asks for beyond the view's own declaration."""
    by_token, scopes = present_bearer(), (scope,) if scope else _SCOPES[permission]
    if not current_user.may(permission):
        abort(403)
    if by_token and not by_token.reaches(*scopes):
        abort(_too_narrow(scopes))


def owner() -> int | None:
    """The customer to whose own things the person is kept; None for staff, who see all, and 0, which is nobody, for
    somebody who is no customer yet, or whose e-mail is not confirmed.
    """
    if current_user.role != Role.CUSTOMER:
        return None
    return current_user.customer_id or 0 if current_user.is_trusted else 0


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
        view: Any = app.view_functions[request.endpoint]
        needed = getattr(view, "permission", None)
        if needed == PUBLIC or _is_preflight():
            return None
        if not current_user.is_authenticated:
            waits = getattr(view, "takes_token_later", False) and "Authorization" not in request.headers
            return None if waits else _sign_in_first()
        if needed is None or not _role_may(view, needed):
            abort(404 if current_user.role == Role.CUSTOMER else 403)
        if (by_token := present_bearer()) and not by_token.reaches(*view.scopes):
            return _too_narrow(view.scopes)
        if request.url_rule and request.url_rule.websocket and not _is_from_here():
            abort(403)
        if "bearer" not in g:  # kept for the request: a refusal is put into words where the database answers no more
            get_locale()
        return None


def identity() -> str:
    """Who is signed in and by what, for `still_may`."""
    by_token = present_bearer()
    return f"{_BY_TOKEN}{by_token.token_id}" if by_token else str(current_user.get_id())


def still_may(identity: str, permission: Permission = Permission.READ) -> bool:
    """Whether the person that was signed in as `identity` may go on with what began some time ago.

    It asks in a database session of its own. Where the database does not answer, it is as it was.
    """
    with current_app.app_context():
        try:
            if not identity.startswith(_BY_TOKEN):
                user = users.by_session(identity)
                return user is not None and user.may(permission)
            by_token = bearers.by_token(int(identity.removeprefix(_BY_TOKEN)))
            return by_token is not None and _may_follow(by_token, permission)
        except OperationalError:
            return True


class Known(NamedTuple):
    """Somebody whom a token names: `identity` as for `still_may`, `owner` as `owner()` has it."""

    identity: str
    owner: int | None


def known_by(secret: str, address: str) -> Known | None:
    """Who may read by this token, where it does not come with the request but later."""
    found = bearers.by_secret(secret, address)
    if found is None or not _may_follow(found, Permission.READ):
        return None
    own = (found.customer_id or 0) if found.role == Role.CUSTOMER else None
    return Known(f"{_BY_TOKEN}{found.token_id}", own)


def _may_follow(found: Bearer, permission: Permission) -> bool:
    is_owner = found.role == Role.CUSTOMER
    return found.reaches(*_SCOPES.get(permission, ())) and (is_owner or found.may(permission))


def _role_may(view: Any, needed: Permission) -> bool:
    is_owner = current_user.role == Role.CUSTOMER and getattr(view, "is_open_to_owners", False)
    return is_owner or bool(current_user.may(needed))


def _is_for_programs() -> bool:
    return request.path.startswith("/api/")


def _takes_session() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "takes_session", False) and "Authorization" not in request.headers


def _is_preflight() -> bool:
    """Browsers ask without any token whether a page from elsewhere may ask at all."""
    return request.method == "OPTIONS" and _is_for_programs()


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
        return _no_token()
    if request.path.startswith("/customers/api/"):
        return make_response(jsonify(error="Sign in first."), 401)
    return make_response(redirect(login, 302))


def _no_token() -> Response:
    given = "Authorization" in request.headers
    detail = _("The token is unknown, expired or revoked.") if given else _("Send a token: Authorization: Bearer …")
    response = problem(401, detail)
    response.headers["WWW-Authenticate"] = f'{_CHALLENGE}, error="invalid_token"' if given else _CHALLENGE
    return response


def _too_narrow(scopes: Sequence[Scope]) -> Response:
    response = problem(403, _("The token lacks the scope %(name)s.", name=" / ".join(scopes)))
    response.headers["WWW-Authenticate"] = f'{_CHALLENGE}, error="insufficient_scope", scope="{" ".join(scopes)}"'
    return response
