"""One's own tokens for programs."""

from typing import Any

from flask_login import current_user

from crm.api import bp
from crm.api.calls import call
from crm.api.listing import asked, query_of
from crm.api.schemas.tokens import NewToken, TokenIn, TokenList
from crm.models import Permission, Scope
from crm.services import token_json, tokens
from crm.web.guards import actor, present_bearer, requires

QUERY = query_of(token_json.LISTING)


@bp.get("/tokens")
@requires(Permission.OWN, Scope.READ)
@call({200: TokenList}, query=QUERY)
def token_list() -> Any:
    """List your tokens

    Those that expired or were revoked too.
    """
    return token_json.page(current_user.id, asked())


@bp.post("/tokens")
@requires(Permission.OWN, Scope.ADMIN)
@call({201: NewToken})
def token_create(json: TokenIn) -> Any:
    """Create a token

    The secret is in this answer alone. A token with scopes gives no others than its own.
    """
    present = present_bearer()
    within = present.scopes.split() if present else ()
    token, secret = tokens.create(actor(), current_user.id, json.name, json.scopes, json.expires_at, within)
    return token_json.as_json(token) | {"token": secret}, 201


@bp.delete("/tokens/<int:pk>")
@requires(Permission.OWN, Scope.ADMIN)
@call({204: None})
def token_delete(pk: int) -> Any:
    """Revoke a token"""
    tokens.revoke(actor(), current_user.id, pk)
    return "", 204
