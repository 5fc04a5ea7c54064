"""Imports of customers, as sent and as told."""

from typing import Literal

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
