"""What it costs to move money: rates, commission rules, and the currencies they are about."""

from typing import Annotated, Literal

from pydantic import Field

from crm.api.schemas.accounts import CurrencyCode
from crm.api.schemas.shapes import Amount, AmountIn, Cursor, Moment, MomentIn, RowId, Sent, Told
from crm.models.currency import CHARGED_KINDS
from crm.models.ledger import SOURCES

DecimalIn = Annotated[str, Field(pattern=r"^\d{1,10}(\.\d{1,9})?$")]
Decimal = Annotated[str, Field(pattern=r"^\d+(\.\d+)?$")]
BEGINS = Field(None, description="Now, where nothing is said.", examples=["2099-01-31T09:00:00Z"])


class RateIn(Sent):
    """A new rate, of the pair in this direction alone."""

    from_currency: str = CurrencyCode
    to_currency: str = Field(examples=["USD"])
    rate: DecimalIn = Field(description="How much of the one a unit of the other buys.", examples=["0.0108"])
    spread: DecimalIn = Field("0", description="The percent that is kept as commission.")
    valid_from: MomentIn | None = Field(
        None, description="Now, where nothing is said.", examples=["2099-01-31T09:00:00Z"]
    )


class Rate(Told):
    """A rate."""

    id: RowId
    from_currency: str
    to_currency: str
    rate: Decimal
    spread: Decimal
    valid_from: Moment
    created_by: RowId | None
    created_at: Moment


class RateList(Told):
    """A page of rates, the newest first."""

    items: list[Rate]
    next_cursor: Cursor


class RuleIn(Sent):
    """A new commission rule: percent + fixed, but no less than the minimum and no more than the maximum."""

    payment_kind: Literal[CHARGED_KINDS] = Field(examples=["transfer"])  # type: ignore[valid-type]
    currency: str | None = Field(None, description="Null for all.", examples=["RUB"])
    source: Literal[tuple(SOURCES)] | None = Field(None, description="Null for all.")  # type: ignore[valid-type]
    percent: DecimalIn = Field("0", examples=["1.5"])
    fixed: AmountIn | None = None
    min: AmountIn | None = None
    max: AmountIn | None = None
    valid_from: MomentIn | None = Field(
        None, description="Now, where nothing is said.", examples=["2099-01-31T09:00:00Z"]
    )


class Rule(Told):
    """A commission rule."""

    id: RowId
    payment_kind: Literal[CHARGED_KINDS]  # type: ignore[valid-type]
    currency: str | None
    source: Literal[tuple(SOURCES)] | None  # type: ignore[valid-type]
    percent: Decimal
    fixed: Amount | None
    min: Amount | None
    max: Amount | None
    valid_from: Moment
    ended_at: Moment | None
    created_by: RowId | None
    created_at: Moment


class RuleList(Told):
    """A page of commission rules, the newest first."""

    items: list[Rule]
    next_cursor: Cursor


class Currency(Told):
    """A currency in use."""

    code: str = CurrencyCode
    exponent: int = Field(description="How many decimals its amounts have.", examples=[2])


class CurrencyList(Told):
    """All of them."""

    items: list[Currency]
    next_cursor: Cursor
