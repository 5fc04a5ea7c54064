"""A token as programs see it, without its secret, and what a list of them is asked by."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from crm.models import Scope, Token
from crm.services import columns
from crm.services.listing import Listing
from crm.services.payment_json import moment

_C = Token.__table__.c
_SHOWN = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at", "last_used_from")
_MOMENTS = ("created_at", "expires_at", "revoked_at", "last_used_at")
LISTING = Listing(
    "tokens",
    select(*(_C[name] for name in _SHOWN)),
    _C.id,
    {
        "id": columns.number(_C.id),
        "name": columns.text(_C.name),
        "prefix": columns.text(_C.prefix),
        "scopes": replace(columns.text(_C.scopes), equals=lambda scope: (" " + _C.scopes + " ").contains(f" {scope} ")),
        "created_at": columns.moment(_C.created_at),
        "expires_at": columns.moment(_C.expires_at, nullable=True),
        "revoked_at": columns.moment(_C.revoked_at, nullable=True),
        "last_used_at": columns.moment(_C.last_used_at, nullable=True),
        "last_used_from": columns.text(_C.last_used_from),
    },
)


def page(user_id: int, asked: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The user's tokens as `Listing.page` says, in one statement; raises `Invalid` by parameter."""
    found = LISTING.page(asked, _C.user_id == user_id)
    return {"items": [as_json(row) for row in found.items], "next_cursor": found.next_cursor}


def as_json(token: Any) -> dict[str, Any]:
    """A row of the listing or a `Token`; `scopes` is empty where it may all that its person may."""
    told = {name: getattr(token, name) for name in _SHOWN}
    told |= {name: told[name] and moment(told[name]) for name in _MOMENTS}
    return told | {"scopes": [scope.value for scope in Scope if scope in told["scopes"].split()]}
