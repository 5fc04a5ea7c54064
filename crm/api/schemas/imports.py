"""Imports of customers, as sent and as told."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Json
from spectree.model_adapter.pydantic_adapter import BaseFile

from crm.api.schemas.shapes import Cursor, Moment, RowId, Told


class ImportIn(BaseModel):
    """A table of customers: CSV, XLSX, XLS, ODS or JSON lines."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    file: BaseFile
    on_duplicate: Literal["skip", "update", "create"] = Field(
        "skip", description="What to do with those who are there."
    )
    mapping: Json[dict[str, str]] | None = Field(
        None,
        description="A JSON object: the field of columns that are not to be recognised; blank leaves one out.",
        examples=['{"Client": "name", "Fax": ""}'],
    )
    check: Literal["true", "false"] = Field("false", description="Only find out what would become of every row.")


class Import(Told):
    """An import: what it was decided to be, and how far it has come."""

    id: RowId
    status: Literal[
        "draft", "checking", "checked", "queued", "running", "done", "failed", "cancelled", "undoing", "undone"
    ] = Field(description="It is over when it is `done`, `failed`, `cancelled` or `undone`.")
    filename: str = Field(examples=["customers.csv"])
    size: int = Field(description="Bytes.")
    on_duplicate: Literal["skip", "update", "create"]
    mapping: dict[str, str | None] = Field(description="What each column is taken for; null is left out.")
    total_rows: int
    read_rows: int
    created: int
    updated: int
    unchanged: int
    skipped: int
    failed: int
    undone: int = Field(description="Rows that an undo has taken back.")
    kept: int = Field(description="Rows that it could not: somebody has changed them since.")
    error: str
    created_by: RowId | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    undo_until: Moment | None


class ImportList(Told):
    """A page of imports."""

    items: list[Import]
    next_cursor: Cursor


class ImportRowQuery(BaseModel):
    """Which rows."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["", "created", "updated", "unchanged", "skipped", "failed", "noted", "kept", "undone"] = ""
    after: int = Field(0, ge=0, le=2**31 - 1, description="`next_after` of the page before.")
    limit: int = Field(50, ge=1, le=500)


class ImportRow(Told):
    """What became of a row."""

    row: int = Field(description="As a spreadsheet numbers it.")
    outcome: Literal["created", "updated", "unchanged", "skipped", "failed"]
    customer_id: RowId | None
    message: str = Field(description="Why it was not taken, or but for what.")
    changes: dict[str, Any] = Field(
        description="By field: what was there, and what is.", examples=[{"city": ["", "Tver"]}]
    )
    cells: list[str] | None = Field(description="As they stood, of rows that were not taken.")


class ImportRowList(Told):
    """A page of rows."""

    items: list[ImportRow]
    next_after: int | None = Field(description="Send it as `after` for what follows; null on the last page.")
