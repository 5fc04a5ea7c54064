"""Tokens, as asked for and as told."""

from typing import Annotated, Literal

from pydantic import Field

from crm.api.schemas.shapes import Cursor, Moment, MomentIn, RowId, Sent, Told

ScopeName = Literal["read", "write", "money", "admin"]
SCOPES = Field(description="What it is narrowed to; without any, it may all that its person may.", examples=[["read"]])


class TokenIn(Sent):
    """A new token."""

    name: str = Field(examples=["warehouse"])
    scopes: Annotated[list[ScopeName], SCOPES] = Field(default_factory=list)
    expires_at: MomentIn | None = Field(None, examples=["2099-01-31T09:00:00Z"])


class Token(Told):
    """A token without its secret."""

    id: RowId
    name: str
    prefix: str = Field(description="What it begins with.", examples=["crm_5tGx9aQ0"])
    scopes: Annotated[list[ScopeName], SCOPES]
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None = Field(description="To the minute.")
    last_used_from: str = Field(description="The address.")


class NewToken(Token):
    """A token that was just made."""

    token: str = Field(description="The secret, shown this once.")


class TokenList(Told):
    """A page of tokens."""

    items: list[Token]
    next_cursor: Cursor


class Me(Told):
    """Who is signed in, and by which token."""

    id: RowId
    email: str
    name: str
    role: Literal["viewer", "manager", "admin", "customer"]
    locale: str | None
    customer_id: RowId | None = Field(description="The customer that the person is, for the role `customer`.")
    token: Token
