"""Another password for who forgot theirs, and a first one for who was invited, both by a link out of a mail."""

from flask import Blueprint, Response, request, url_for

from crm.errors import Invalid
from crm.extensions import limiter
from crm.forms.signup import EmailForm, NewPasswordForm
from crm.i18n import gettext as _
from crm.services import links, signup
from crm.web.auth import sign_in
from crm.web.dates import language
from crm.web.guards import PUBLIC, requires
from crm.web.htmx import answer, attach, go, notify
from crm.web.signup import anybody, dead, email_typed

bp = Blueprint("reset", __name__)


@bp.route("/reset/", methods=["GET", "POST"])
@requires(PUBLIC)
@limiter.limit("30/hour", methods=["POST"])
@limiter.limit("10/hour", methods=["POST"], key_func=email_typed)
def ask() -> Response:
    """Have a link sent; what follows is the same whether anybody has this e-mail or not."""
    form = EmailForm()
    if request.method == "GET":
        return answer("auth/reset.html", "auth/_email_form.html", form=form, action=url_for("reset.ask"))
    try:
        signup.ask_reset(form.email.data or "", language())
    except Invalid as error:
        attach(form, error)
        return answer("auth/reset.html", "auth/_email_form.html", 422, form=form, action=url_for("reset.ask"))
    return go(url_for("reset.sent"))


@bp.get("/reset/sent/")
@requires(PUBLIC)
def sent() -> Response:
    """Look into the mailbox."""
    return answer("auth/sent.html", "auth/_sent.html", again=url_for("reset.ask"))


@bp.route("/reset/<token>/", methods=["GET", "POST"])
@requires(PUBLIC)
@limiter.limit("30/minute", methods=["POST"])
def choose(token: str) -> Response:
    """The link out of the letter: a new password, and in."""
    return _choose("reset", token, url_for("reset.choose", token=token))


@bp.route("/welcome/<token>/", methods=["GET", "POST"])
@requires(PUBLIC)
@limiter.limit("30/minute", methods=["POST"])
def welcome(token: str) -> Response:
    """The link of an invitation: a first password, and in."""
    return _choose("invite", token, url_for("reset.welcome", token=token))


def _choose(purpose: str, token: str, here: str) -> Response:
    form = NewPasswordForm()
    try:
        user = links.user_of(purpose, token)
        if request.method == "POST":
            sign_in(signup.choose_password(anybody(), purpose, token, form.password.data or ""))
            notify(_("The password was changed. Other sessions were signed out."))
            return go("/")
    except Invalid as error:
        if "token" in error.fields:
            return dead(error, url_for("reset.ask"))
        attach(form, error)
    status = 422 if form.errors else 200
    return answer("auth/choose.html", "auth/_choose_form.html", status, form=form, action=here, email=user.email)
