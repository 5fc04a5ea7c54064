"""The own tokens: made, shown once, taken back."""

from typing import Any

from flask import Blueprint, Response, url_for
from flask_login import current_user

from crm.db import utcnow
from crm.errors import Invalid
from crm.forms.tokens import TokenForm
from crm.i18n import gettext as _
from crm.models import Permission
from crm.services import tokens
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach, go, notify

bp = Blueprint("tokens", __name__, url_prefix="/settings/tokens")


@bp.get("/")
@requires(Permission.OWN)
def token_list() -> Response:
    """What signs programs in in one's own name."""
    return _page(TokenForm(formdata=None))


@bp.post("/")
@requires(Permission.OWN)
def token_create() -> Response:
    """One more; the answer is the only place where its secret stands."""
    form = TokenForm()
    try:
        given = (form.name.data or "", form.scopes.data or (), form.expires_at())
        _token, secret = tokens.create(actor(), current_user.id, *given)
    except Invalid as error:
        attach(form, error)
        return _page(form, 422)
    return _page(TokenForm(formdata=None), secret=secret)


@bp.post("/<int:pk>/revoke/")
@requires(Permission.OWN)
def token_revoke(pk: int) -> Response:
    """It signs nobody in any more."""
    tokens.revoke(actor(), current_user.id, pk)
    notify(_("The token was revoked."))
    return go(url_for("tokens.token_list"))


def _page(form: TokenForm, status: int = 200, secret: str = "") -> Response:
    context: dict[str, Any] = {"form": form, "secret": secret, "now": utcnow()}
    return answer("tokens/list.html", "tokens/_list.html", status, tokens=tokens.of_user(current_user.id), **context)
