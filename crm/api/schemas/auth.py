"""Signing up and in, as asked for and as told."""

from typing import Annotated

from pydantic import Field

from crm.api.schemas.shapes import MomentIn, RowId, Sent, Told
from crm.api.schemas.tokens import SCOPES, ScopeName

Email = Annotated[str, Field(examples=["anna@example.com"])]
Password = Annotated[str, Field(description="From 10 to 200 characters.", examples=["correct horse battery"])]
Secret = Annotated[str, Field(description="Out of the link in the letter.", examples=["WzEsImVm…"])]


class SignUp(Sent):
    """Somebody who wants to be a customer who signs in."""

    name: str = Field(examples=["Anna Ivanova"])
    email: Email
    password: Password


class EmailSent(Sent):
    """Where a letter is to go."""

    email: Email


class Confirmation(Sent):
    """What the letter has that confirms the e-mail."""

    token: Secret


class NewPassword(Sent):
    """Another password, and what the letter has that allows it."""

    token: Secret
    password: Password


class Login(Sent):
    """Who signs in, and what their token is to be."""

    email: Email
    password: Password
    name: str = Field("login", description="Of the token.", examples=["phone"])
    scopes: Annotated[list[ScopeName], SCOPES] = Field(default_factory=list)
    expires_at: MomentIn | None = Field(
        None, description="In 30 days where nothing is said.", examples=["2099-01-31T09:00:00Z"]
    )


class LetterOnItsWay(Told):
    """A letter was sent, where there is somebody to send it to; the answer does not tell."""

    detail: str


class Confirmed(Told):
    """Whose e-mail is confirmed now, and which customer that is."""

    email: str
    customer_id: RowId | None
