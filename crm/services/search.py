"""Finding customers: what the operator typed, the filters, the order and the page, as few statements as can be."""

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ColumnElement, Select, and_, false, func, literal_column, or_, select, text, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from crm.db import db, is_postgresql
from crm.models import ContactChannel, Customer, CustomerTag, Tag
from crm.text import digits, fold, has_control, looks_like_phone

COUNT_CAP = 1000
GATHERED = 10_000  # so many hits are sorted in about 20 ms
QUERY_LIMIT = 200  # characters of a query that are looked at
SORTS: dict[str, InstrumentedAttribute[Any]] = {
    "name": Customer.name_key,
    "phone": Customer.phone_key,
    "email": Customer.email_key,
    "city": Customer.city_key,
    "tags": Customer.tags_key,
    "created": Customer.created_at,
    "updated": Customer.updated_at,
}
_MAY_BE_MISSING = {"phone", "email", "city", "tags"}
_COLUMNS: tuple[InstrumentedAttribute[Any], ...] = (
    Customer.id, Customer.name, Customer.kind, Customer.status, Customer.company, Customer.city, Customer.phone_key,
    Customer.email_key, Customer.created_at, Customer.updated_at, Customer.name_key, Customer.city_key,
    Customer.tags_key,
)  # fmt: skip


@dataclass(frozen=True)
class Criteria:
    """What is looked for; blank means any. `sort` is a key of `SORTS`, with a leading `-` for descending."""

    q: str = ""
    status: str = "active"
    tag: str = ""
    city: str = ""
    channel: str = ""
    created_from: date | None = None
    created_to: date | None = None
    sort: str = "name"

    @property
    def terms(self) -> list[str]:
        """The folded words of the query, for highlighting."""
        return fold(self.q[:QUERY_LIMIT]).split()

    @property
    def phone_digits(self) -> str:
        """The digits that a phone is looked for by, '' for a query that is no number."""
        if not looks_like_phone(self.q):
            return ""
        number = digits(self.q)
        return "7" + number[1:] if number.startswith("8") else number


@dataclass
class Hit:
    """A customer as a line of the list."""

    id: int
    name: str
    kind: str
    status: str
    company: str
    city: str
    phone: str
    email: str
    created_at: datetime
    updated_at: datetime
    tags: list[str] = field(default_factory=list)


@dataclass
class Page:
    """One page of hits; `next_cursor` is '' on the last one. `total` is counted no further than `COUNT_CAP` + 1."""

    items: list[Hit]
    next_cursor: str
    total: int


class BadCursor(ValueError):
    """The cursor was not made by `find` for this order."""


def find(criteria: Criteria, limit: int = 50, cursor: str = "", tags: bool = True) -> Page:
    """The customers that meet the criteria, in order, `limit` at a time; raises `BadCursor`.

    Keyset paging: a page costs the same however far down it is. Two statements, one more for the tags, and one more
    where a page crosses from the customers that have the sorted value to those that lack it (they come last in both
    directions).
    """
    name, descending = criteria.sort.removeprefix("-"), criteria.sort.startswith("-")
    after = _decode(cursor, name)
    found = _count(criteria)
    if not found:
        return Page([], "", 0)
    columns, source = _source(criteria, found)
    column = columns[SORTS[name].key]
    segments: list[ColumnElement[bool]] = [column != "", column == ""] if name in _MAY_BE_MISSING else [true()]
    if after is not None and len(segments) == 2 and after[0] == "":
        segments = segments[1:]
    rows: list[Any] = []
    for index, segment in enumerate(segments):
        page = _ordered(source.where(segment), column, columns["id"], descending, after if index == 0 else None)
        rows += db.session.execute(page.limit(limit + 1 - len(rows))).all()
        if len(rows) > limit:
            break
    hits = [_hit(row) for row in rows[:limit]]
    if tags:
        _add_tags(hits)
    last = rows[limit - 1] if len(rows) > limit else None
    following = "" if last is None else _encode(getattr(last, SORTS[name].key), last.id)
    return Page(hits, following, min(found, COUNT_CAP + 1))


def _count(criteria: Criteria) -> int:
    cap = (GATHERED if criteria.q else COUNT_CAP) + 1
    # The number stands in the statement: for a parameter PostgreSQL plans as if a tenth of the rows were wanted, and
    # then rather reads the table than the index.
    capped = select(Customer.id).where(*conditions(criteria)).limit(literal_column(str(cap))).subquery()
    return db.session.scalar(select(func.count()).select_from(capped)) or 0


def _source(criteria: Criteria, found: int) -> tuple[Any, Select[Any]]:
    """Where the page is taken from, by how many there are to choose among.

    A planner cannot know how often a piece of a word occurs, nor where in the order: walking the order until
    enough are found reads nearly the whole table for a surname that sorts last. So few are gathered by the trigram
    index and sorted; only for many, which are soon met, the order is walked and the text of each row looked at.
    """
    if not criteria.q:
        return Customer.__table__.c, select(*_COLUMNS).where(*conditions(criteria))
    if found > GATHERED:
        return Customer.__table__.c, select(*_COLUMNS).where(*conditions(criteria, indexed=False))
    gathered = select(*_COLUMNS).where(*conditions(criteria)).cte("gathered").prefix_with("MATERIALIZED")
    return gathered.c, select(gathered)


def conditions(criteria: Criteria, indexed: bool = True) -> list[ColumnElement[bool]]:
    """The WHERE of the criteria: query and filters; `indexed=False` keeps the trigram index out of it."""
    clauses = [_matches(criteria.q[:QUERY_LIMIT], indexed)] if criteria.q.strip() else []
    if criteria.status:
        clauses.append(Customer.status == criteria.status)
    if criteria.tag:
        tagged = (
            select(CustomerTag.customer_id).join(Tag, Tag.id == CustomerTag.tag_id).where(Tag.key == fold(criteria.tag))
        )
        clauses.append(Customer.id.in_(tagged))
    if city := fold(criteria.city):
        clauses.append(_begins(Customer.city_key, city))
    if criteria.channel:
        reached = select(ContactChannel.customer_id).where(ContactChannel.type == criteria.channel)
        clauses.append(Customer.id.in_(reached))
    if criteria.created_from:
        clauses.append(Customer.created_at >= _midnight(criteria.created_from))
    if criteria.created_to:
        clauses.append(Customer.created_at < _midnight(criteria.created_to + timedelta(days=1)))
    return clauses


def _matches(query: str, indexed: bool) -> ColumnElement[bool]:
    words = fold(query).split()
    if not words:
        return true()  # marks that stand on no letter
    if any("\x00" in word for word in words):
        return false()
    if len(words) == 1 and len(words[0]) == 1 and not words[0].isdigit():
        return _begins(Customer.name_key, words[0])
    readings = [words]
    if looks_like_phone(query):
        number = digits(query)
        readings += [[number]] + ([["7" + number[1:]]] if number.startswith("8") else [])
    unique = [list(reading) for reading in dict.fromkeys(tuple(reading) for reading in readings)]
    patterns = [[_pattern(word) for word in reading] for reading in unique]
    found = _indexed(patterns) if indexed else _looked_at(patterns)
    if len(words) == 1 and len(words[0]) == 1:
        return or_(_begins(Customer.name_key, words[0]), found)
    return found


def _pattern(word: str) -> str:
    """What stands in the search text where the word is found: with two blanks before every word there,
    one or two characters with their blanks are a trigram of the beginning of a word.
    """
    return " " * (3 - len(word)) + word if len(word) < 3 else word


def _indexed(readings: list[list[str]]) -> ColumnElement[bool]:
    """Any of the readings, all patterns of it, by the trigram index of the engine."""
    if is_postgresql():
        column = Customer.search_text
        return or_(*(and_(*(column.contains(pattern, autoescape=True) for pattern in reading)) for reading in readings))
    expression = " OR ".join(
        "(" + " AND ".join('"{}"'.format(pattern.replace('"', '""')) for pattern in reading) + ")"
        for reading in readings
    )
    found = text("SELECT rowid FROM customer_search WHERE customer_search MATCH :match").bindparams(match=expression)
    return Customer.id.in_(found)


def _looked_at(readings: list[list[str]]) -> ColumnElement[bool]:
    """The same by the text of each row, in words that no index answers and that planners take for true of many rows."""
    position = func.strpos if is_postgresql() else func.instr
    return or_(*(and_(*(position(Customer.search_text, pattern) > 0 for pattern in reading)) for reading in readings))


def _begins(column: InstrumentedAttribute[str], prefix: str) -> ColumnElement[bool]:
    """Range by code point, so that the index of the column answers it on both engines."""
    last = ord(prefix[-1]) + 1
    following = prefix[:-1] + chr(0xE000 if last == 0xD800 else min(last, 0x10FFFF))
    return and_(column >= prefix, column < following)


def _ordered(
    statement: Select[Any], column: Any, pk: Any, descending: bool, after: tuple[Any, int] | None
) -> Select[Any]:
    if after is not None:
        place = tuple_(column, pk)
        statement = statement.where(place < after if descending else place > after)
    return statement.order_by(column.desc(), pk.desc()) if descending else statement.order_by(column, pk)


def _hit(row: Any) -> Hit:
    return Hit(
        row.id, row.name, row.kind, row.status, row.company, row.city, row.phone_key, row.email_key,
        row.created_at, row.updated_at,
    )  # fmt: skip


def _add_tags(hits: list[Hit]) -> None:
    if not hits:
        return
    by_id = {hit.id: hit for hit in hits}
    named = (
        select(CustomerTag.customer_id, Tag.name)
        .join(Tag, Tag.id == CustomerTag.tag_id)
        .where(CustomerTag.customer_id.in_(list(by_id)))
        .order_by(Tag.key)
    )
    for customer_id, name in db.session.execute(named):
        by_id[customer_id].tags.append(name)


def _midnight(day: date) -> datetime:
    zone = ZoneInfo(current_app.config["CRM_TIMEZONE"])
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _encode(value: Any, pk: int) -> str:
    plain = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([plain, pk]).encode()).decode().rstrip("=")


def _decode(cursor: str, sort: str) -> tuple[Any, int] | None:
    if not cursor:
        return None
    try:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,8000}", cursor):
            raise ValueError("not base64")
        value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(value, str) or type(pk) is not int or not 0 <= pk < 2**63 or has_control(value):
            raise ValueError("not a place in the list")
        return (_moment(value) if sort in ("created", "updated") else value), pk
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise BadCursor(cursor) from error


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its zone")
    return moment.astimezone(UTC)
