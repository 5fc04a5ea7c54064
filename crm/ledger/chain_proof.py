"""Proof that operations are still what they were when they were chained, and that none is missing from the chain.

A chain that was rewritten whole is sound in itself: heads that were noted before tell (`chain.has`).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import text

from crm.db import db, end_reading, is_postgresql
from crm.ledger.chain import Head, at, head, line, link, settled

_LOWEST = -(2**63)  # id: the rules give none below 1, but somebody else may have
_WINDOW = 10_000  # links or operations that are looked at by one statement
# Of a sum, or PostgreSQL would walk along the index of all operations to the first that stands in the range.
_RANGE = text("""
    SELECT min(operation_id + 0) AS lowest, max(operation_id + 0) AS highest FROM operation_chain
    WHERE position > :since AND position <= :until""")
# The range of ids keeps every plan to what is looked at: nothing else tells the database that the operations of so many
# links stand together, and it would read all there are for each window.
_LINKS = """
    SELECT chain.position, chain.operation_id, chain.hash, {line}
    FROM operation_chain AS chain LEFT JOIN operations ON operations.id = chain.operation_id
        AND operations.id >= {lowest} AND operations.id <= {highest}
    WHERE chain.position > {since} AND chain.position <= {until} ORDER BY chain.position"""
_LEFT_OUT = """
        SELECT operations.id FROM operations
        WHERE operations.id > :after AND operations.id <= :until
            AND NOT EXISTS (SELECT 1 FROM operation_chain WHERE operation_id = operations.id)
        ORDER BY operations.id"""
_BREAKS = f"""
        SELECT position, operation_id, hash, position_before, before, line FROM (
            SELECT chain.position, chain.operation_id, chain.hash,
                lag(chain.position, 1, :since) OVER links AS position_before,
                lag(chain.hash, 1, :hash_at_since) OVER links AS before, {line("postgresql")} AS line
            FROM operation_chain AS chain LEFT JOIN operations ON operations.id = chain.operation_id
                AND operations.id >= :lowest AND operations.id <= :highest
            WHERE chain.position > :since AND chain.position <= :until
            WINDOW links AS (ORDER BY chain.position)
        ) AS linked
        WHERE position <> position_before + 1 OR line IS NULL OR hash IS NULL
            OR hash <> sha256(convert_to(encode(before, 'hex') || '|' || line, 'UTF8'))
        ORDER BY position"""  # noqa: S608  (own words)
BREAKS_IN_SQL = f"""
        -- PostgreSQL, for {_WINDOW} links at a time, whose operations have ids from :lowest to :highest;
        -- SQLite has no SHA-256, docs/ledger.md has a program for both{_BREAKS}"""
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


class _Suspect(NamedTuple):
    position: int
    operation_id: int
    hash: bytes
    position_before: int
    before: bytes
    line: str | None  # None: there is no such operation


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


def _suspects(since: int, last: int) -> Iterator[_Suspect]:
    """Links that do not go on from the one before as that is STORED: so one change is found once, not ever after."""
    until = since
    while until < last:
        before, until = at(until), min(until + _WINDOW, last)
        ids = db.session.execute(_RANGE, {"since": before.position, "until": until}).one()
        found = []
        if ids.lowest is not None:
            found = list((_told if is_postgresql() else _worked_out)(before, until, ids.lowest, ids.highest))
        end_reading()
        yield from found


def _told(before: Head, until: int, lowest: int, highest: int) -> Iterator[_Suspect]:
    """By a server that has SHA-256 itself."""
    values = {"since": before.position, "hash_at_since": before.hash, "until": until}
    for row in db.session.execute(text(_BREAKS), {**values, "lowest": lowest, "highest": highest}):
        yield _Suspect(*row)


def _worked_out(before: Head, until: int, lowest: int, highest: int) -> Iterator[_Suspect]:
    """By the driver alone: SQLAlchemy's rows would cost as much as the rest."""
    driver: Any = db.session.connection().connection.driver_connection
    words = _LINKS.format(line=line("sqlite"), since=before.position, until=until, lowest=lowest, highest=highest)
    place, hash_before = before
    for position, operation_id, made, told in driver.execute(words):
        if position != place + 1 or told is None or link(hash_before, told) != made:
            yield _Suspect(position, operation_id, made, place, hash_before, told)
        place, hash_before = position, made


def _named(suspects: Iterator[_Suspect]) -> Iterator[Break]:
    """Tell whose fault it is: where the next link goes on from the hash that should be there, that hash was changed."""
    held = None
    for row in suspects:
        if held is not None:
            relinked = row.line is not None and link(link(held.before, held.line or ""), row.line) == row.hash
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
