"""Proof that operations are still what they were when they were chained, and that none is missing from the chain.

A chain that was rewritten whole is sound in itself: heads that were noted before tell (`chain.has`).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import text

from crm.db import db, end_reading, is_postgresql
from crm.ledger.chain import at, head, line, link, settled

_LOWEST = -(2**63)  # id: the rules give none below 1, but somebody else may have
_WINDOW = 200_000  # links or operations that are looked at by one statement
_WORDS = {
    "postgresql": {
        "base": "CAST(:base AS bytea)",
        "hash": "sha256(convert_to(encode(before, 'hex') || '|' || line, 'UTF8'))",
    },
    "sqlite": {"base": ":base", "hash": "sha256(lower(hex(before)) || '|' || line)"},
}
# Each link goes on from the one before as that is STORED: so one change names one link, not all after it.
_BREAKS = """
        SELECT position, operation_id, hash, position_before, before, line FROM (
            SELECT chain.position, chain.operation_id, chain.hash, {line} AS line,
                lag(chain.position, 1, :since) OVER links AS position_before,
                lag(chain.hash, 1, {base}) OVER links AS before
            FROM operation_chain AS chain LEFT JOIN operations ON operations.id = chain.operation_id
            WHERE chain.position > :since AND chain.position <= :until
            WINDOW links AS (ORDER BY chain.position)
        ) AS linked
        WHERE position <> position_before + 1 OR line IS NULL OR hash <> {hash}
        ORDER BY position"""
_LEFT_OUT = """
        SELECT operations.id FROM operations
        WHERE operations.id > :after AND operations.id <= :until
            AND NOT EXISTS (SELECT 1 FROM operation_chain WHERE operation_id = operations.id)
        ORDER BY operations.id"""


def _breaks_in(engine: str) -> str:
    return _BREAKS.format(line=line(engine), **_WORDS[engine])


# For people who want to ask themselves.
BREAKS_IN_SQL = f"""
        -- PostgreSQL; :base is the hash at position :since, 32 zero bytes before the first{_breaks_in("postgresql")};
        -- SQLite has no sha256: the program brings it along{_breaks_in("sqlite")}"""
LEFT_OUT_IN_SQL = f"""
        -- :until is the last operation that must be in the chain (docs/ledger.md){_LEFT_OUT}"""
GAP = "the link is gone"
GONE = "the operation is gone"
CHANGED = "the operation is not what was chained, or the link before was made anew"
RELINKED = "the link has another hash than it was given"


class Break(NamedTuple):
    """What is wrong at a position of the chain."""

    position: int
    operation_id: int | None
    fault: str

    @property
    def row(self) -> dict[str, Any]:
        """By names, as differences are shown."""
        operation = {} if self.operation_id is None else {"operation": self.operation_id}
        return {**operation, "position": self.position, "fault": self.fault}


def links(since: int = 0, until: int | None = None) -> int:
    """How many links there are after position `since`, up to `until` or to the end."""
    counted = text("SELECT count(*) FROM operation_chain WHERE position > :since AND position <= :until")
    return db.session.scalar(counted, {"since": since, "until": head().position if until is None else until}) or 0


def breaks(since: int = 0, until: int | None = None) -> Iterator[Break]:
    """What is wrong with the links after position `since`, up to `until` or to the end: each is worked out anew, and
    gaps are looked for. Memory stays flat, and no statement goes through more than `_WINDOW` of them.
    """
    yield from _named(_suspects(since, head().position if until is None else until))


def left_out(since: int = 0, until: int | None = None) -> tuple[int, Iterator[dict[str, Any]]]:
    """How many operations must be in the chain as it was continued from position `since` to `until`, from the beginning
    to the end by default; and those of them that are not.
    """
    first, last = settled(since) if since else _LOWEST, settled(until)
    counted = text("SELECT count(*) FROM operations WHERE id > :first AND id <= :last")
    return db.session.scalar(counted, {"first": first, "last": last}) or 0, _left_out(first, last)


def _suspects(since: int, last: int) -> Iterator[Any]:
    statement = text(_breaks_in("postgresql" if is_postgresql() else "sqlite"))
    until = since
    while until < last:
        before, until = at(until), min(until + _WINDOW, last)
        values = {"since": before.position, "base": before.hash, "until": until}
        found = db.session.execute(statement, values).all()
        end_reading()
        yield from found


def _named(suspects: Iterator[Any]) -> Iterator[Break]:
    """Tell whose fault it is: where the next link goes on from the hash that should be there, that hash was changed."""
    held = None
    for row in suspects:
        if held is not None:
            relinked = row.line is not None and link(link(held.before, held.line), row.line) == row.hash
            yield Break(held.position, held.operation_id, RELINKED if relinked else CHANGED)
            held = None
            if relinked:
                continue
        yield from (Break(gone, None, GAP) for gone in range(row.position_before + 1, row.position))
        if row.line is None:
            yield Break(row.position, row.operation_id, GONE)
        elif row.position == row.position_before + 1:
            held = row
    if held is not None:
        yield Break(held.position, held.operation_id, CHANGED)


def _left_out(after: int, last: int) -> Iterator[dict[str, Any]]:
    statement = text(f"{_LEFT_OUT} LIMIT :many")
    while found := db.session.scalars(statement, {"after": after, "until": last, "many": _WINDOW}).all():
        end_reading()
        yield from ({"operation": operation_id} for operation_id in found)
        after = found[-1]
