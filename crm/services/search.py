"""Finding customers: what the operator typed, the filters, the order and the page, as few statements as can be."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Select, func, literal_column, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from crm.db import db
from crm.ledger.days import moments
from crm.models import ContactChannel, Customer, CustomerTag, Tag
from crm.services import search_balances
from crm.services.search_cursor import decode, encode
from crm.services.search_words import begins, matches
from crm.text import digits, fold, looks_like_phone

COUNT_CAP = 1000
GATHERED = 10_000  # so many hits are sorted in about 20 ms
QUERY_LIMIT = 200  # characters of a query that are looked at
SORTS = {
    "name": "name_key",
    "phone": "phone_key",
    "email": "email_key",
    "city": "city_key",
    "tags": "tags_key",
    "balance": "balance_key",
    "created": "created_at",
    "updated": "updated_at",
}  # what the list is sorted by, and the column that has it
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
    currency: str = ""  # of balances; the product's own where it is blank
    balance_from: int | None = None  # minor units
    balance_to: int | None = None
    debt: bool = False
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
    balance: int | None = None  # minor units of the wanted currency; None without an account in it
    tags: list[str] = field(default_factory=list)


@dataclass
class Page:
    """One page of hits; `next_cursor` is '' on the last one. `total` is counted no further than `COUNT_CAP` + 1."""

    items: list[Hit]
    next_cursor: str
    total: int
    currency: str  # of the balances


def find(criteria: Criteria, limit: int = 50, cursor: str = "", tags: bool = True) -> Page:
    """The customers that meet the criteria, in order, `limit` at a time; raises `BadCursor`.

    Keyset paging: a page costs the same however far down it is. Two statements, one more for the tags, and one more
    where a page crosses from the customers that have the sorted value to those that lack it (they come last in both
    directions).
    """
    name, descending = criteria.sort.removeprefix("-"), criteria.sort.startswith("-")
    after, currency = decode(cursor, name), currency_of(criteria)
    found = _count(criteria)
    if not found:
        return Page([], "", 0, currency)
    columns, source = _source(criteria, found)
    column = columns[SORTS[name]]
    segments: list[ColumnElement[bool]] = [column != "", column == ""] if name in _MAY_BE_MISSING else [true()]
    if after is not None and len(segments) == 2 and after[0] == "":
        segments = segments[1:]
    rows: list[Any] = []
    for index, segment in enumerate(segments):
        place = after if index == 0 else None
        page = _ordered(source.where(segment), column, columns["id"], descending, place).limit(limit + 1 - len(rows))
        rows += db.session.execute(_with_balances(page, SORTS[name], descending, currency)).all()
        if len(rows) > limit:
            break
    hits = [_hit(row) for row in rows[:limit]]
    if tags:
        _add_tags(hits)
    last = rows[limit - 1] if len(rows) > limit else None
    following = "" if last is None else encode(getattr(last, SORTS[name]), last.id)
    return Page(hits, following, min(found, COUNT_CAP + 1), currency)


def currency_of(criteria: Criteria) -> str:
    """The currency that balances are in."""
    return criteria.currency or str(current_app.config["CRM_DEFAULT_CURRENCY"])


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
    if criteria.sort.removeprefix("-") == "balance":
        held = search_balances.totals(currency_of(criteria))
        key = func.coalesce(held.c.total, 0).label("balance_key")
        customers = select(*_COLUMNS, key).outerjoin(held, held.c.customer_id == Customer.id)
        valued = customers.where(*conditions(criteria)).cte("valued")
        return valued.c, select(valued)
    if not criteria.q:
        return Customer.__table__.c, select(*_COLUMNS).where(*conditions(criteria))
    if found > GATHERED:
        return Customer.__table__.c, select(*_COLUMNS).where(*conditions(criteria, indexed=False))
    gathered = select(*_COLUMNS).where(*conditions(criteria)).cte("gathered").prefix_with("MATERIALIZED")
    return gathered.c, select(gathered)


def conditions(criteria: Criteria, indexed: bool = True) -> list[ColumnElement[bool]]:
    """The WHERE of the criteria: query and filters; `indexed=False` keeps the trigram index out of it."""
    clauses = [matches(criteria.q[:QUERY_LIMIT], indexed)] if criteria.q.strip() else []
    if criteria.status:
        clauses.append(Customer.status == criteria.status)
    if criteria.tag:
        tagged = (
            select(CustomerTag.customer_id).join(Tag, Tag.id == CustomerTag.tag_id).where(Tag.key == fold(criteria.tag))
        )
        clauses.append(Customer.id.in_(tagged))
    if city := fold(criteria.city):
        clauses.append(begins(Customer.city_key, city))
    if criteria.channel:
        reached = select(ContactChannel.customer_id).where(ContactChannel.type == criteria.channel)
        clauses.append(Customer.id.in_(reached))
    if criteria.created_from:
        clauses.append(Customer.created_at >= moments(criteria.created_from, criteria.created_from)[0])
    if criteria.created_to:
        clauses.append(Customer.created_at < moments(criteria.created_to, criteria.created_to)[1])
    least, most = criteria.balance_from, -1 if criteria.debt else criteria.balance_to
    if least is not None or most is not None:
        clauses.append(search_balances.within(currency_of(criteria), least, most))
    return clauses


def _ordered(
    statement: Select[Any], column: Any, pk: Any, descending: bool, after: tuple[Any, int] | None
) -> Select[Any]:
    if after is not None:
        place = tuple_(column, pk)
        statement = statement.where(place < after if descending else place > after)
    return statement.order_by(column.desc(), pk.desc()) if descending else statement.order_by(column, pk)


def _with_balances(page: Select[Any], key: str, descending: bool, currency: str) -> Select[Any]:
    """The page's rows with what each customer holds, looked up for them alone."""
    rows = page.subquery("page")
    order = (rows.c[key].desc(), rows.c.id.desc()) if descending else (rows.c[key], rows.c.id)
    return select(rows, search_balances.total_of(rows.c.id, currency).label("balance")).order_by(*order)


def _hit(row: Any) -> Hit:
    return Hit(
        row.id, row.name, row.kind, row.status, row.company, row.city, row.phone_key, row.email_key,
        row.created_at, row.updated_at, row.balance,
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
