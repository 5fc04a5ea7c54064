"""Imports of customers, as sent and as told."""

import json
from dataclasses import fields
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, Json
from spectree.model_adapter.pydantic_adapter import BaseFile

from crm.api.schemas.shapes import Cursor, Moment, RowId, Told
from crm.services.importing.choices import DELIMITERS, Choices
from crm.services.importing.plan import MATCH, MatchKey, Policy
from crm.services.tables import HEADER_ROWS, Reading

Flag = Literal["true", "false"]
Delimiter = Literal["comma", "semicolon", "tab", "bar"]
OfColumns = Json[dict[str, str]]


def _given(what: str, example: str) -> Any:
    """A field that is a JSON object."""
    return Field("{}", validate_default=True, description=f"A JSON object: {what}", examples=[example])


class ImportIn(BaseModel):
    """A table of customers: CSV, XLSX, XLS, ODS or JSON lines."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    file: BaseFile
    on_duplicate: Literal["skip", "update", "create"] = Field(
        "skip", description="What to do with those who are there."
    )
    mapping: OfColumns = _given(
        "the field of columns that are not to be recognised; blank leaves one out.", '{"Client": "name", "Fax": ""}'
    )
    policies: Json[dict[str, Policy]] = _given(
        "what columns may do to customers who are there; they overwrite by default.", '{"City": "fill"}'
    )
    currencies: OfColumns = _given("the currencies of columns of balances.", '{"Saldo": "EUR"}')
    labels: OfColumns = _given("the labels of columns of contacts.", '{"Phone 2": "Work"}')
    defaults: OfColumns = _given(
        "what stands in for blanks of a field, or for a column that is not there.", '{"tags": "fair 2026"}'
    )
    match: Json[list[MatchKey]] = Field(
        json.dumps(MATCH),
        validate_default=True,
        description="A JSON list: what customers are recognised by, in this order; `channel` is any other contact.",
        examples=['["email", "phone"]'],
    )
    restore: Flag = Field("false", description="Make archived customers who are recognised active again.")
    repair: Flag = Field("false", description="Put right what is found to be spoilt, where it is certain what it was.")
    encoding: str | None = Field(
        None, max_length=40, description="How the text is written, where that is not found out.", examples=["cp1251"]
    )
    delimiter: Delimiter | None = Field(None, description="What stands between cells, where that is not found out.")
    sheet: str | None = Field(
        None, max_length=200, description="The sheet of a workbook, instead of the first with customers."
    )
    header: int | None = Field(
        None, ge=1, le=HEADER_ROWS, description="The row with the names of the columns, where that is not found out."
    )
    check: Flag = Field("false", description="Only find out what would become of every row.")

    def choices(self) -> Choices:
        """What is decided about the file."""
        above = self.header and self.header - 1
        reading = Reading(self.encoding, self.delimiter and DELIMITERS[self.delimiter], self.sheet, above)
        decided = self.model_dump(include={field.name for field in fields(Choices)}) | {
            "restore": self.restore == "true",
            "repair": self.repair == "true",
        }
        return Choices(**decided, reading=reading)


class SpoiltCell(Told):
    """A cell that was spoilt before it came here."""

    row: int = Field(description="As a spreadsheet numbers it.")
    before: str
    after: str = Field(description="What it was; where it cannot be repaired, nobody can tell, and this is blank.")


class Damage(Told):
    """What has been spoilt in one way in one column."""

    kind: str = Field(examples=["decimal"])
    column: str
    count: int = Field(description="Cells.")
    can_be_repaired: bool = Field(description="With `repair`.")
    is_repaired: bool
    samples: list[SpoiltCell]


class ReadAs(Told):
    """How the file is read."""

    kind: str = Field(examples=["csv"])
    encoding: str = Field(examples=["utf-8"])
    delimiter: Delimiter
    sheet: str = Field(description="Of a workbook, or blank.")
    sheets: list[str]
    header: int = Field(description="The row with the names of the columns.")


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
    policies: dict[str, str] = Field(description="Of columns that do not simply overwrite.")
    currencies: dict[str, str] = Field(description="Of columns of balances that have one of their own.")
    labels: dict[str, str] = Field(description="Of columns of contacts that have one.")
    defaults: dict[str, str]
    match: list[str]
    restore: bool
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


class ImportOpening(Told):
    """What an import has brought into new wallets of a currency, or would bring."""

    currency: str = Field(examples=["RUB"])
    wallets: int
    amount: str = Field(examples=["1250.50"])


class ImportWhole(Import):
    """An import, and what its file is like."""

    read_as: ReadAs
    uploaded_before: RowId | None = Field(description="An earlier import of the very same file, which is still in.")
    openings: list[ImportOpening]
    notes: list[str] = Field(description="Sentences about the file, in the language in which it was sent.")
    damage: list[Damage] = Field(description="The first hundred kinds of it.")


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
    undo: Literal["undone", "kept"] | None = Field(description="What an undo has made of it.")
    undo_message: str = Field(description="Why it was kept.")


class ImportRowList(Told):
    """A page of rows."""

    items: list[ImportRow]
    next_after: int | None = Field(description="Send it as `after` for what follows; null on the last page.")


class KeptRow(Told):
    """A row that an undo would leave, and why."""

    row: int
    customer: str
    message: str


class ImportUndo(Told):
    """What an undo would do."""

    rows: int = Field(description="That have made or changed somebody.")
    undone: int
    kept: int = Field(description="Rows of which something would stay: somebody has changed it since.")
    removed: int = Field(description="Customers who would be deleted.")
    archived: int = Field(description="Customers who would be put away, since the ledger remembers them.")
    restored: int = Field(description="Customers who would get values back.")
    fields: int = Field(description="Values that they would get back.")
    reversals: int = Field(description="Of openings.")
    returned: dict[str, str] = Field(description="What the reversals take back, by currency.")
    staying: dict[str, str] = Field(description="What stays in wallets, by currency.")
    kept_rows: list[KeptRow]
