"""Proof that the money is right: every law of the ledger, asked of everything or of what is new.

Each law is one statement where it can be, so it sees one moment of a database that goes on working.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text

from crm.db import db, is_postgresql
from crm.ledger.laws import LAWS
from crm.ledger.laws.law import Row, Span

# PostgreSQL's 4 MB send every sum over many payments to the disk; one proof is made at a time.
_ROOM = text("SET LOCAL work_mem = '128MB'")
SHOWN = 20  # differences that are named on a terminal


@dataclass(frozen=True)
class Finding:
    """One law: how many rows were looked at, how many break it, the first of them, and the SQL that tells."""

    code: str
    law: str
    rows: int
    differences: int
    found: list[Row]
    milliseconds: int
    sql: str

    @property
    def examples(self) -> list[str]:
        """Some of the differences in words."""
        return [", ".join(f"{name} {value}" for name, value in row.items()) for row in self.found[:SHOWN]]


def verify(span: Span | None = None) -> Iterator[Finding]:
    """Check one law after another on the database as it is; nothing is written and nothing is locked.

    With a span, only what its operations have touched, and only the laws that can be proved so.
    """
    counted: dict[str, int] = {}
    for law in LAWS:
        ask = law.whole if span is None else law.new
        if ask is None:
            continue
        begun = time.perf_counter_ns()
        if is_postgresql():
            db.session.execute(_ROOM)
        looked = ask.look(span, counted)
        db.session.rollback()  # no snapshot is kept longer than one law needs it
        milliseconds = (time.perf_counter_ns() - begun) // 1_000_000
        yield Finding(law.code, str(law.sentence), looked.rows, looked.differences, looked.found, milliseconds, ask.sql)
