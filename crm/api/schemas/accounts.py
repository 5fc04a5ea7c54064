"""Accounts, as sent and as told."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from crm.api.schemas.shapes import Amount, AmountIn, Cursor, Moment, RowId, Sent, Told
from crm.models.ledger import TechnicalCode

Status = Literal["open", "frozen", "closed"]
CurrencyCode = Field(description="By ISO 4217.", examples=["RUB"])


class AccountIn(Sent):
    """A new wallet of a customer."""

    customer_id: RowId
    currency: str = CurrencyCode
    name: str = Field("", examples=["Savings"])


class AccountPatch(Sent):
    """What is to change; what is not named stays. Status and overdraft are for administrators."""

    name: str = Field("", examples=["Savings"])
    status: Status = "open"
    overdraft_limit: AmountIn = "0"


class AccountQuery(BaseModel):
    """What one account is asked by."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime | None = Field(None, description="The moment that the balance is told of, by RFC 3339.")


class Account(Told):
    """A wallet of a customer, or a technical account."""

    id: RowId
    customer_id: RowId | None = Field(description="Null on technical accounts.")
    kind: Literal["customer", "technical"]
    code: Literal[tuple(TechnicalCode)] | None = Field(description="Of a technical account.")  # type: ignore[valid-type]
    currency: str = CurrencyCode
    name: str
    status: Status
    balance: Amount
    held: Amount
    available: Amount | None = Field(description="What may be taken, the overdraft counted in.")
    overdraft_limit: Amount
    created_at: Moment
    last_at: Moment | None = Field(description="Of a wallet's last operation.")


class AccountList(Told):
    """A page of accounts."""

    items: list[Account]
    next_cursor: Cursor
