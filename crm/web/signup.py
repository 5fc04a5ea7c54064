"""Signing up, and confirming the e-mail: pages for who has no session yet."""

from flask import Blueprint, Response, abort, current_app, request, url_for
from flask_login import current_user

from crm.errors import Invalid
from crm.extensions import limiter
from crm.forms.signup import ConfirmForm, EmailForm, SignUpForm
from crm.i18n import gettext as _
from crm.services import links, signup
from crm.services.audit import Actor
from crm.web.auth import sign_in
from crm.web.dates import language
from crm.web.guards import PUBLIC, requires
from crm.web.htmx import answer, attach, go, notify

bp = Blueprint("signup", __name__)


def email_typed() -> str:
    """Whose mailbox a request means: what is limited by that is limited from all addresses together."""
    return "mail:" + request.form.get("email", "")[:254].strip().casefold()


def anybody() -> Actor:
    """Somebody without a session."""
    return Actor(None, request.remote_addr or "")


@bp.route("/signup/", methods=["GET", "POST"])
@requires(PUBLIC)
@limiter.limit("30/hour", methods=["POST"])
@limiter.limit("10/hour", methods=["POST"], key_func=email_typed)
def sign_up() -> Response:
    """Open an account; what follows is the same for an e-mail that is known and one that is not."""
    if not current_app.config["CRM_SIGNUP"]:
        abort(404)
    form = SignUpForm()
    if request.method == "GET":
        return (
            go("/")
            if current_user.is_authenticated
            else answer("auth/signup.html", "auth/_signup_form.html", form=form)
        )
    given = (form.name.data or "", form.email.data or "", form.password.data or "")
    try:
        signup.sign_up(anybody(), *given, language())
    except Invalid as error:
        attach(form, error)
        return answer("auth/signup.html", "auth/_signup_form.html", 422, form=form)
    return go(url_for("signup.sent"))


@bp.get("/signup/sent/")
@requires(PUBLIC)
def sent() -> Response:
    """Look into the mailbox."""
    return answer("auth/sent.html", "auth/_sent.html", again=url_for("signup.resend"))


@bp.route("/confirm/", methods=["GET", "POST"])
@requires(PUBLIC)
@limiter.limit("30/hour", methods=["POST"])
@limiter.limit("10/hour", methods=["POST"], key_func=email_typed)
def resend() -> Response:
    """Have the letter sent once more."""
    form = EmailForm()
    if request.method == "GET":
        return answer("auth/resend.html", "auth/_email_form.html", form=form, action=url_for("signup.resend"))
    try:
        signup.resend(form.email.data or "", language())
    except Invalid as error:
        attach(form, error)
        return answer("auth/resend.html", "auth/_email_form.html", 422, form=form, action=url_for("signup.resend"))
    return go(url_for("signup.sent"))


@bp.route("/confirm/<token>/", methods=["GET", "POST"])
@requires(PUBLIC)
@limiter.limit("30/minute", methods=["POST"])
def confirm(token: str) -> Response:
    """The link out of the letter. It asks for the password, and only a POST confirms: mail programs open links too."""
    form = ConfirmForm()
    try:
        user = links.user_of("confirm", token)
        if request.method == "POST":
            sign_in(signup.confirm(anybody(), token, form.password.data or ""))
            notify(_("Welcome! Your e-mail is confirmed."))
            return go("/")
    except Invalid as error:
        if "token" in error.fields:
            return dead(error, url_for("signup.resend"))
        attach(form, error)
    status = 422 if form.errors else 200
    return answer("auth/confirm.html", "auth/_confirm_form.html", status, form=form, token=token, email=user.email)


def dead(error: Invalid, again: str) -> Response:
    """A link that does not work, and where there is another one."""
    return answer("auth/dead.html", "auth/_dead.html", 404, message=error.message, again=again)
