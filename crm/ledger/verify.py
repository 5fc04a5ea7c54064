"""Proof that the money is right: every law of the ledger, asked of everything or of what is new.

Each law is one statement where it can be, so it sees one moment of a database that goes on working.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import text

from crm.db import db, is_postgresql
from crm.ledger.laws import LAWS
from crm.ledger.laws.law import Law, Looked, Program, Query, Row, Span

Answer = tuple[Law, Query | Program, tuple[Looked, int]]  # what was asked, what it has found, in so many milliseconds
_AT_ONCE, _LONGEST = 2, "links"  # laws that are proved beside each other, and the one that begins
# PostgreSQL's 4 MB send every sum over many payments to the disk; one proof is made at a time, of two laws.
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
    """Check the laws, in their order, on the database as it is; nothing is written and nothing is locked.

    With a span, only what its operations have touched, and only the laws that can be proved so.
    """
    for law, ask, (looked, milliseconds) in _everything() if span is None else _what_is_new(span):
        yield Finding(law.code, str(law.sentence), looked.rows, looked.differences, looked.found, milliseconds, ask.sql)


def _everything() -> Iterator[Answer]:
    """Two laws at a time, each on a connection of its own, the one that takes longest from the beginning on."""
    app, counted = current_app._get_current_object(), {}  # type: ignore[attr-defined, var-annotated]

    def ask(law: Law) -> tuple[Looked, int]:
        with app.app_context():
            return _timed(law.whole, None, counted)

    db.session.rollback()
    side_by_side = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="law")
    try:
        asked = {law: side_by_side.submit(ask, law) for law in sorted(LAWS, key=lambda law: law.code != _LONGEST)}
        yield from ((law, law.whole, asked[law].result()) for law in LAWS)
    finally:  # a worker that is to stop does not wait for the laws in hand
        side_by_side.shutdown(wait=False, cancel_futures=True)


def _what_is_new(span: Span) -> Iterator[Answer]:
    counted: dict[str, int] = {}
    yield from ((law, law.new, _timed(law.new, span, counted)) for law in LAWS if law.new is not None)


def _timed(ask: Query | Program, span: Span | None, counted: dict[str, int]) -> tuple[Looked, int]:
    """What is found, and in how many milliseconds."""
    begun = time.perf_counter_ns()
    if is_postgresql():
        db.session.execute(_ROOM)
    looked = ask.look(span, counted)
    db.session.rollback()  # no snapshot is kept longer than one law needs it
    return looked, (time.perf_counter_ns() - begun) // 1_000_000
