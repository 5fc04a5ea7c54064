"""Files of lists, as ordered and as told."""

from typing import Any, Literal

from pydantic import Field

from crm.api.schemas.shapes import Moment, RowId, Sent, Told
from crm.services.exporting.orders import FORMATS, LISTS


class ExportIn(Sent):
    """A list as a file, with the filters that the list has on pages."""

    list: Literal[LISTS] = Field(examples=["customers"])  # type: ignore[valid-type]
    format: Literal[FORMATS] = "csv"  # type: ignore[valid-type]
    filters: dict[str, str | int | bool] = Field(
        default_factory=dict,
        description="customers: q, status, tag, city, channel, created_from, created_to, currency, balance_from,"
        " balance_to, debt · payments: kind, status, currency, source, customer, account, amount_from, amount_to,"
        " created_from, created_to, batch, who, q · operations: account, code, customer, kind, part, currency,"
        " direction, first, last · statement: account, first, last.",
        examples=[{"tag": "vip"}],
    )


class Export(Told):
    """A file and how far it has come."""

    id: RowId
    list: Literal[LISTS]  # type: ignore[valid-type]
    filters: dict[str, Any]
    format: Literal[FORMATS]  # type: ignore[valid-type]
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    filename: str = Field(examples=["customers.csv"])
    size: int = Field(description="Bytes, when it is done.")
    total_rows: int
    written_rows: int
    error: str
    created_by: RowId | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    expires_at: Moment | None = Field(description="The file is gone then.")
