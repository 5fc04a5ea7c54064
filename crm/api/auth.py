"""Signing up, confirming the e-mail, signing in for a token, and choosing another password."""

from datetime import timedelta
from typing import Any

from flask import Response, abort, current_app, request
from flask_login import current_user

from crm.api import bp
from crm.api.calls import call
from crm.api.schemas.auth import Confirmation, Confirmed, EmailSent, LetterOnItsWay, Login, NewPassword, SignUp
from crm.api.schemas.tokens import NewToken
from crm.db import utcnow
from crm.extensions import limiter
from crm.i18n import gettext as _
from crm.models import Permission, User
from crm.services import signup, token_json, tokens, users
from crm.services.audit import Actor
from crm.web.dates import language
from crm.web.guards import PUBLIC, actor, present_bearer, requires

LIFETIME = timedelta(days=30)  # of a token that nobody has said more of


def _anybody() -> Actor:
    return Actor(None, request.remote_addr or "")


def _mailbox() -> str:
    """Whom a request is about: what is limited by that is limited from all addresses together."""
    sent = request.get_json(force=True, silent=True) if (request.content_length or 0) < 10_000 else None
    email = sent.get("email") if isinstance(sent, dict) else None
    return "api:" + (email[:254].strip().casefold() if isinstance(email, str) else "")


def _was_refused(response: Response) -> bool:
    return response.status_code == 401


def _sent() -> Any:
    return {"detail": _("A letter is on its way. Open the link that is in it.")}, 202


@bp.post("/auth/signup")
@requires(PUBLIC)
@limiter.limit("30/hour")
@limiter.limit("10/hour", key_func=_mailbox)
@call({202: LetterOnItsWay})
def auth_signup(json: SignUp) -> Any:
    """Sign up as a customer

    The answer is the same for an e-mail that has an account already. Nothing can be done until it is confirmed.
    """
    if not current_app.config["CRM_SIGNUP"]:
        abort(404)
    signup.sign_up(_anybody(), json.name, json.email, json.password, language())
    return _sent()


@bp.post("/auth/resend")
@requires(PUBLIC)
@limiter.limit("30/hour")
@limiter.limit("10/hour", key_func=_mailbox)
@call({202: LetterOnItsWay})
def auth_resend(json: EmailSent) -> Any:
    """Have the letter that confirms the e-mail sent once more"""
    signup.resend(json.email, language())
    return _sent()


@bp.post("/auth/confirm")
@requires(PUBLIC)
@limiter.limit("30/minute")
@call({200: Confirmed})
def auth_confirm(json: Confirmation) -> Any:
    """Confirm the e-mail

    Wallets in the default currencies are opened in the background.
    """
    return _confirmed(signup.confirm(_anybody(), json.token))


@bp.post("/auth/login")
@requires(PUBLIC)
@limiter.limit("30/minute", deduct_when=_was_refused)
@limiter.limit("5/minute;30/hour", key_func=_mailbox, deduct_when=_was_refused)
@call({200: NewToken})
def auth_login(json: Login) -> Any:
    """Sign in for a token

    A customer whose e-mail is not confirmed gets a 403.
    """
    user = users.authenticate(json.email, json.password)
    if user is None:
        abort(401, _("The e-mail or the password is wrong."))
    until = json.expires_at or utcnow() + LIFETIME
    person = Actor(user.id, request.remote_addr or "")
    token, secret = tokens.create(person, user.id, json.name, json.scopes, until)
    users.note_sign_in(person)
    return token_json.as_json(token) | {"token": secret}


@bp.post("/auth/logout")
@requires(Permission.OWN)
@call({204: None})
def auth_logout() -> Any:
    """Revoke the token that this is called with"""
    if by_token := present_bearer():
        tokens.revoke(actor(), current_user.id, by_token.token_id)
    return "", 204


@bp.post("/auth/reset")
@requires(PUBLIC)
@limiter.limit("30/hour")
@limiter.limit("10/hour", key_func=_mailbox)
@call({202: LetterOnItsWay})
def auth_reset(json: EmailSent) -> Any:
    """Have a link for another password sent"""
    signup.ask_reset(json.email, language())
    return _sent()


@bp.post("/auth/reset/confirm")
@requires(PUBLIC)
@limiter.limit("30/minute")
@call({200: Confirmed})
def auth_reset_confirm(json: NewPassword) -> Any:
    """Choose another password

    All sessions of the person end. Tokens stay.
    """
    return _confirmed(signup.choose_password(_anybody(), "reset", json.token, json.password))


def _confirmed(user: User) -> Any:
    return {"email": user.email, "customer_id": user.customer_id}
