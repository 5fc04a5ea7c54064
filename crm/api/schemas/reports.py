"""Reports and statements, as told."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from crm.api.schemas.accounts import Account, CurrencyCode
from crm.api.schemas.shapes import Amount, RowId, Told
from crm.models.ledger import TechnicalCode

Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$", json_schema_extra={"format": "date"}, examples=["2026-01-31"])]


class PeriodQuery(BaseModel):
    """Days of the product's time zone, both included."""

    model_config = ConfigDict(extra="forbid")

    first: dt.date = Field(alias="from", description="The first day.", examples=["2026-01-01"])
    last: dt.date = Field(alias="to", description="The last day.", examples=["2026-01-31"])


class Turnover(Told):
    """What went through a technical account: into it (out of wallets), out of it (into wallets)."""

    account: RowId
    code: Literal[tuple(TechnicalCode)]  # type: ignore[valid-type]
    currency: str = CurrencyCode
    count: int
    incoming: Amount = Field(alias="in")
    outgoing: Amount = Field(alias="out")
    net: Amount


class TechnicalReport(Told):
    """All technical accounts over some days."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    items: list[Turnover]


class Statement(Told):
    """A wallet over some days: closing = opening + incoming − outgoing."""

    account: Account
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    opening: Amount
    incoming: Amount
    outgoing: Amount
    closing: Amount
    held: Amount = Field(description="What of the closing balance was reserved then.")
    count: int
    operations: str = Field(description="Where the operations of these days are listed, the oldest first.")
