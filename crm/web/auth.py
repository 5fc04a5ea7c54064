"""Signing in and out, and the language and theme of this browser."""

from flask import Blueprint, Response, request, session, url_for
from flask_login import current_user, login_user, logout_user

from crm.config import LOCALES
from crm.extensions import limiter
from crm.forms.auth import LoginForm, PreferencesForm
from crm.i18n import gettext as _
from crm.models import Permission, User
from crm.models.user import THEMES
from crm.services import users
from crm.web.guards import PUBLIC, actor, requires
from crm.web.htmx import answer, go, safe_next

bp = Blueprint("auth", __name__)


def _email_typed() -> str:
    return "login:" + request.form.get("email", "")[:254].strip().casefold()


def _was_refused(response: Response) -> bool:
    return response.status_code == 422


@bp.route("/login", methods=["GET", "POST"])
@requires(PUBLIC)
@limiter.limit("30/minute", methods=["POST"], deduct_when=_was_refused)
@limiter.limit("5/minute;30/hour", methods=["POST"], key_func=_email_typed, deduct_when=_was_refused)
def login() -> Response:
    """Sign in with e-mail and password; wrong ones are throttled by address and by e-mail."""
    form = LoginForm()
    target = safe_next(request.values.get("next"), url_for("dashboard.index"))
    if request.method == "GET":
        form.next.data = target
        return (
            go(target)
            if current_user.is_authenticated
            else answer("auth/login.html", "auth/_login_form.html", form=form)
        )
    user = users.authenticate(form.email.data or "", form.password.data or "")
    if user is None:
        form.password.errors = [_("The e-mail or the password is wrong.")]
        return answer("auth/login.html", "auth/_login_form.html", 422, form=form)
    sign_in(user)
    return go(target)


def sign_in(user: User) -> None:
    """Let the user be who acts in this browser from now on."""
    kept = {name: session[name] for name in ("locale", "theme") if name in session}
    session.clear()  # a session that somebody planted before is worth nothing now
    session.update(kept)
    session.permanent = True
    login_user(user)
    users.note_sign_in(actor())


@bp.post("/logout")
@requires(Permission.OWN)
def logout() -> Response:
    """Sign out of this browser."""
    logout_user()
    session.clear()
    return go(url_for("auth.login"))


@bp.post("/preferences")
@requires(PUBLIC)
def preferences() -> Response:
    """Choose language and theme: for the person where they are signed in, else for this browser's session."""
    form = PreferencesForm()
    locale, theme = form.locale.data or "", form.theme.data or ""
    if current_user.is_authenticated:
        users.update_profile(
            actor(),
            current_user.id,
            name=current_user.name,
            locale=locale if locale in LOCALES else current_user.locale,
            theme=theme if theme in THEMES else current_user.theme,
        )
    if locale in LOCALES:
        session["locale"] = locale
    if theme in THEMES:
        session["theme"] = theme
    return go(safe_next(form.next.data, url_for("dashboard.index")))
