"""The hash chain over operations: extended a little after they were posted, off the hot path.

    hash(n) = SHA-256 of `hash(n-1)|operation|payment|account|kind|signed_amount|balance_after|sequence|created_at`

in ASCII: the hash before in hexadecimal (64 zeros before the first), the payment's 32 hexadecimal digits, nothing for
what is NULL, and the moment in UTC as YYYY-MM-DDTHH:MM:SS.ffffff. Nothing in it tells of a person. `chain_proof` proves
it.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import text

from crm import bulk
from crm.alone import alone, by_turns
from crm.db import atomic, db, end_reading, is_postgresql, retrying

ORIGIN = bytes(32)
LOCK = "chain"
_WINDOW = 50_000  # operations that are looked through by one statement
_BITE, _BITE_OF_ONE_WRITER = 10_000, 2_000  # links in a transaction; SQLite's keeps all other writers out
_WORDS = {
    "postgresql": (
        "encode(uuid_send(operations.payment_id), 'hex')",
        """to_char(operations.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24":"MI":"SS.US')""",
    ),
    "sqlite": ("operations.payment_id", "replace(operations.created_at, ' ', 'T')"),
}
_LINE = """
    CAST(operations.id AS TEXT) || '|' || {} || '|' || CAST(operations.account_id AS TEXT) || '|' || operations.kind
        || '|' || CAST(operations.signed_amount AS TEXT)
        || '|' || coalesce(CAST(operations.balance_after AS TEXT), '')
        || '|' || coalesce(CAST(operations.sequence AS TEXT), '') || '|' || {}"""
_HEAD = text("SELECT position, hash FROM operation_chain ORDER BY position DESC LIMIT 1")
_AT = text("""
    SELECT position, hash FROM operation_chain WHERE position >= 1 AND position <= :position
    ORDER BY position DESC LIMIT 1""")
_LAST = """
    SELECT operations.id, operations.created_at FROM operation_chain
    JOIN operations ON operations.id = operation_chain.operation_id
    WHERE {which} ORDER BY operation_chain.operation_id DESC LIMIT 1"""
_SETTLED = text("""
    SELECT id FROM operations WHERE created_at <= :moment AND id <= :last ORDER BY created_at DESC, id DESC LIMIT 1""")
# Two hours and not one: a moment is taken before the row gets its id, up to as long as a transaction may live.
_LATEST = timedelta(hours=2)
_UNTIL = text("""
    SELECT max(id) FROM (
        SELECT id FROM operations WHERE id > :after AND id <= :top ORDER BY id LIMIT :many
    ) AS following""")
_UNCHAINED = """
    SELECT operations.id, {line} FROM operations
    WHERE operations.id > :after AND operations.id <= :until AND NOT EXISTS (
        SELECT 1 FROM operation_chain
        WHERE operation_id = operations.id AND operation_id > :after AND operation_id <= :until)
    ORDER BY operations.id"""


class Head(NamedTuple):
    """The end of the chain; of an empty one 0 and 32 zero bytes."""

    position: int = 0
    hash: bytes = ORIGIN


def head() -> Head:
    """The last link, which stands for all before it: whoever has noted it can tell whether they are still the same."""
    return Head(*(db.session.execute(_HEAD).first() or ()))


def at(position: int) -> Head:
    """What was the head when the chain was so long; a link before it, where that one is gone."""
    return Head(*(db.session.execute(_AT, {"position": position}).first() or ()))


def has(noted: Head) -> bool:
    """Whether a head that was noted is still in the chain."""
    return at(noted.position) == noted


def line(engine: str) -> str:
    """SQL for what of a row of `operations` goes into its link, as text (`sqlite` or `postgresql`)."""
    return _LINE.format(*_WORDS[engine])


def link(before: bytes, line: str) -> bytes:
    """The hash of an operation that follows the link with the hash `before`."""
    return hashlib.sha256(f"{before.hex()}|{line}".encode()).digest()


def settled(position: int | None = None) -> int:
    """The id up to which all operations are in the chain since the link at the position was written, or the last one.

    Operations are chained by the order of their ids, as far as they can be seen by then. One that cannot is committed
    later, but no transaction lives an hour: whatever was numbered before an operation that was made two hours earlier
    is there. SQLite has one writer, so nothing is committed late.
    """
    which = "true" if position is None else "operation_chain.position = :position"
    last = db.session.execute(text(_LAST.format(which=which)), {"position": position} if position else {}).first()
    if last is None or not is_postgresql():
        return last.id if last else 0
    return db.session.scalar(_SETTLED, {"moment": last.created_at - _LATEST, "last": last.id}) or 0


def extend(meanwhile: Callable[[], object] = lambda: None) -> int:
    """Append every operation that is there and not in the chain, also those committed late; how many.

    In bites, each a transaction, between which `meanwhile` is called; others write between them. One process does it at
    a time, the others leave it to that one. What is posted while it runs is left to the next time.
    """
    with alone(LOCK) as is_ours:
        return _extend(meanwhile) if is_ours else 0


def _extend(meanwhile: Callable[[], object]) -> int:
    bite = _BITE if is_postgresql() else _BITE_OF_ONE_WRITER
    top = db.session.scalar(text("SELECT max(id) FROM operations")) or 0
    after, last = settled(), head()
    begun = last.position
    while until := db.session.scalar(_UNTIL, {"after": after, "top": top, "many": _WINDOW}):
        unchained = text(_UNCHAINED.format(line=line("postgresql" if is_postgresql() else "sqlite")))
        rows = db.session.execute(unchained, {"after": after, "until": until}).all()
        end_reading()
        for start in range(0, len(rows), bite):
            if last.position > begun:
                meanwhile()
            last = _append(last, [(pk, words) for pk, words in rows[start : start + bite]])
        after = until
    end_reading()
    return last.position - begun


def _append(last: Head, rows: Sequence[tuple[int, str]]) -> Head:
    """Continue the chain; were the last link another one by now, the database would refuse."""
    links, position, before = [], last.position, last.hash
    for pk, words in rows:
        position, before = position + 1, link(before, words)
        links.append((position, pk, rf"\x{before.hex()}" if is_postgresql() else before))
    with by_turns():
        _write(links)
    return Head(position, before)


@retrying
def _write(links: list[tuple[int, int, str | bytes]]) -> None:
    with atomic():
        bulk.insert("operation_chain", ("position", "operation_id", "hash"), links)
