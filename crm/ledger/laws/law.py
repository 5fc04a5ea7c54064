"""What a law of the ledger is: a sentence, and what is asked to prove it, of everything or of what is new."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from inspect import cleandoc
from typing import Any

from sqlalchemy import text

from crm.db import db, is_postgresql

_MERGE = text("SET LOCAL enable_hashjoin = off")
KEPT = 1000  # differences of a law that are named; all are counted
Row = dict[str, Any]  # names → what JSON can hold; `account`, `payment` and `operation` are ids that pages are found by


@dataclass(frozen=True)
class Span:
    """Operations at these positions of the chain: those after `since`, up to `until`. From 0 on is not "everything":
    some laws hold for what has no operations.
    """

    since: int
    until: int


@dataclass(frozen=True)
class Looked:
    """How many rows were looked at, how many of them break the law, and the first `KEPT` of these."""

    rows: int
    differences: int
    found: list[Row]


@dataclass(frozen=True)
class Query:
    """Plain SQL, the same for both engines, with `:since` and `:until` where it is about a span.

    `rows` counts what is looked at, `broken` selects what breaks the law, named by its columns; `is_ordered` where two
    large tables are best joined by `in_order`.
    """

    rows: str
    broken: str
    is_ordered: bool = False

    @property
    def sql(self) -> str:
        """For people who want to ask themselves."""
        return cleandoc(self.broken)

    def look(self, span: Span | None, counted: dict[str, int]) -> Looked:
        """Ask, in one statement: it sees one moment. What is counted already in this run is not counted again."""
        values = {} if span is None else {"since": span.since, "until": span.until}
        if self.rows not in counted:
            counted[self.rows] = db.session.scalar(text(self.rows), values) or 0
        if self.is_ordered:
            in_order()
        found = [plain(row) for row in db.session.execute(text(self.broken), values).mappings().fetchmany(KEPT)]
        number = len(found)
        if number == KEPT:
            whole = f"SELECT count(*) FROM ({self.broken}) AS broken"  # noqa: S608  (own words)
            number = db.session.scalar(text(whole), values) or 0
        return Looked(counted[self.rows], number, found)


@dataclass(frozen=True)
class Program:
    """What SQL alone cannot tell: a function that goes through it, and in words or SQL what it does."""

    function: Callable[[Span | None], Looked]
    words: str

    @property
    def sql(self) -> str:
        """For people who want to look themselves."""
        return cleandoc(self.words)

    def look(self, span: Span | None, counted: dict[str, int]) -> Looked:
        """Go through it."""
        return self.function(span)


@dataclass(frozen=True)
class Law:
    """`whole` proves it for everything, `new` for what operations at a span of the chain have touched: that takes as
    long however many are older. Without `new`, only the whole is proved.
    """

    code: str
    sentence: str  # lazy: in the language of whoever reads
    whole: Query | Program
    new: Query | Program | None


def in_order() -> None:
    """Have PostgreSQL merge, until the transaction ends, what stands in the order of an index: that takes half the time
    of a hash table of so many rows, which no processor keeps near, but counts as dearer.
    """
    if is_postgresql():
        db.session.execute(_MERGE)


def looked(rows: int, differences: Iterable[Mapping[str, Any]]) -> Looked:
    """What a program has found; of many differences the first are kept."""
    found: list[Row] = []
    number = 0
    for number, row in enumerate(differences, start=1):
        if number <= KEPT:
            found.append(plain(row))
    return Looked(rows, number, found)


def plain(row: Mapping[Any, Any]) -> Row:
    """The same on both engines, and as JSON can hold it."""
    return {name: _plain(name, value) for name, value in row.items()}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value)  # PostgreSQL sums integers so
    if isinstance(value, date | uuid.UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(uuid.UUID(value)) if name == "payment" and isinstance(value, str) else value
