"""Who asks."""

from typing import Any

from flask_login import current_user

from crm.api import bp
from crm.api.calls import call
from crm.api.schemas.tokens import Me
from crm.models import Permission
from crm.services import token_json, tokens
from crm.web.guards import owner, present_bearer, requires


@bp.get("/me")
@requires(Permission.OWN)
@call({200: Me})
def me() -> Any:
    """See who is signed in"""
    own = {name: getattr(current_user, name) for name in ("id", "email", "name", "role", "locale")}
    by_token: Any = present_bearer()  # nobody comes in here without one
    return own | {"customer_id": owner() or None, "token": token_json.as_json(tokens.get(by_token.token_id))}
