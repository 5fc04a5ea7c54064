"""The search in SQL, each statement put together once for its criteria: that takes longer than to run it."""

from functools import lru_cache
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, literal_column, null, select, tuple_

from crm.db import db
from crm.ledger.days import moments
from crm.models import ContactChannel, Customer, CustomerTag, Tag
from crm.services.searching import balances
from crm.services.searching.criteria import QUERY_LIMIT, SORTS, Criteria, currency_of
from crm.services.searching.words import begins, matches
from crm.text import fold

TAG_SEPARATOR = "\x1f"  # a control character: no tag has one
MAY_BE_MISSING = {"phone", "email", "city", "tags"}
_CUSTOMERS, _TAGS, _TAGGED = Customer.__table__.c, Tag.__table__, CustomerTag.__table__
_SHOWN = tuple(
    _CUSTOMERS[name]
    for name in (
        *("id", "name", "kind", "status", "company", "city", "phone_key", "email_key", "created_at", "updated_at"),
    )
)


def counting(criteria: Criteria, cap: int) -> Select[int]:
    """How many customers meet the criteria, counted no further than `cap`."""
    return _counting(criteria, cap, *_place())


def listing(criteria: Criteria, many: bool, tags: bool, missing: bool, behind: bool) -> Select[Any]:
    """The customers in order as rows of `_SHOWN`, balance, tags joined by `TAG_SEPARATOR`, and `sort_key`.

    They are those that have the sorted value, or with `missing` those that lack it. The parameter `wanted` is the
    number of rows; `behind` begins behind the place that the parameters `value` and `pk` name. `many` says that more
    are found than should be gathered and sorted.
    """
    return _listing(criteria, many, tags, missing, behind, *_place())


def _place() -> tuple[str, str, str]:
    """What else decides how a statement reads: the engine, the product's own currency, and when its days begin."""
    config = current_app.config
    return db.engine.dialect.name, config["CRM_DEFAULT_CURRENCY"], config["CRM_TIMEZONE"]


@lru_cache(maxsize=256)
def _counting(criteria: Criteria, cap: int, *_where: str) -> Select[int]:
    # The number stands in the statement: for a parameter PostgreSQL plans as if a tenth of the rows were wanted, and
    # then rather reads the table than the index.
    capped = select(_CUSTOMERS.id).where(*conditions(criteria)).limit(literal_column(str(cap))).subquery()
    return select(func.count()).select_from(capped)


@lru_cache(maxsize=256)
def _listing(criteria: Criteria, many: bool, tags: bool, missing: bool, behind: bool, *_where: str) -> Select[Any]:
    source, key, pk = _source(criteria, many)
    if criteria.sorted_by in MAY_BE_MISSING:
        source = source.where(key == "" if missing else key != "")
    if behind:
        place = tuple_(key, pk)
        given = tuple_(bindparam("value", type_=key.type), bindparam("pk", type_=pk.type))
        source = source.where(place < given if criteria.descending else place > given)
    return _page(source, criteria, key, pk, tags)


def _source(criteria: Criteria, many: bool) -> tuple[Select[Any], ColumnElement[Any], ColumnElement[int]]:
    """Where the page is taken from, by how many there are to choose among, with what it is sorted by.

    A planner cannot know how often a piece of a word occurs, nor where in the order: walking the order until
    enough are found reads nearly the whole table for a surname that sorts last. So few are gathered by the trigram
    index and sorted; only for many, which are soon met, the order is walked and the text of each row looked at.
    """
    if criteria.sorted_by == "balance":
        held = balances.totals(currency_of(criteria))
        total = func.coalesce(held.c.total, 0).label("sort_key")
        customers = select(*_SHOWN, total).outerjoin(held, held.c.customer_id == _CUSTOMERS.id)
        valued = customers.where(*conditions(criteria)).cte("valued")
        return select(valued), valued.c.sort_key, valued.c.id
    key = _CUSTOMERS[SORTS[criteria.sorted_by]]
    customers = select(*_SHOWN, key.label("sort_key"))
    if not criteria.q or many:
        return customers.where(*conditions(criteria, indexed=False)), key, _CUSTOMERS.id
    gathered = customers.where(*conditions(criteria)).cte("gathered").prefix_with("MATERIALIZED")
    return select(gathered), gathered.c.sort_key, gathered.c.id


def _page(source: Select[Any], criteria: Criteria, key: Any, pk: Any, tags: bool) -> Select[Any]:
    """The first rows of the source, with what each customer holds and is tagged with, looked up for them alone."""

    def ordered(statement: Select[Any], *columns: Any) -> Select[Any]:
        return statement.order_by(*(column.desc() if criteria.descending else column for column in columns))

    rows = ordered(source, key, pk).limit(bindparam("wanted", type_=Integer)).subquery("page")
    *shown, sort_key = rows.c
    held = balances.total_of(rows.c.id, currency_of(criteria)).label("balance")
    named = (_tags_of(rows.c.id) if tags else null()).label("tags")
    return ordered(select(*shown, held, named, sort_key), sort_key, rows.c.id)


def _tags_of(customer_id: ColumnElement[int]) -> ColumnElement[str | None]:
    joined = _TAGGED.join(_TAGS, _TAGS.c.id == _TAGGED.c.tag_id)
    named = select(func.aggregate_strings(_TAGS.c.name, TAG_SEPARATOR)).select_from(joined)
    return named.where(_TAGGED.c.customer_id == customer_id).correlate_except(_TAGS, _TAGGED).scalar_subquery()


def conditions(criteria: Criteria, indexed: bool = True) -> list[ColumnElement[bool]]:
    """The WHERE of the criteria: query and filters; `indexed=False` keeps the trigram index out of it."""
    clauses = [matches(criteria.q[:QUERY_LIMIT], indexed)] if criteria.q.strip() else []
    if criteria.status:
        clauses.append(_CUSTOMERS.status == criteria.status)
    if criteria.tag:
        joined = _TAGGED.join(_TAGS, _TAGS.c.id == _TAGGED.c.tag_id)
        tagged = select(_TAGGED.c.customer_id).select_from(joined).where(_TAGS.c.key == fold(criteria.tag))
        clauses.append(_CUSTOMERS.id.in_(tagged))
    if city := fold(criteria.city):
        clauses.append(begins(Customer.city_key, city))
    if criteria.channel:
        reached = select(ContactChannel.customer_id).where(ContactChannel.type == criteria.channel)
        clauses.append(_CUSTOMERS.id.in_(reached))
    if criteria.created_from:
        clauses.append(_CUSTOMERS.created_at >= moments(criteria.created_from, criteria.created_from)[0])
    if criteria.created_to:
        clauses.append(_CUSTOMERS.created_at < moments(criteria.created_to, criteria.created_to)[1])
    least, most = criteria.balance_from, -1 if criteria.debt else criteria.balance_to
    if least is not None or most is not None:
        clauses.append(balances.within(currency_of(criteria), least, most))
    return clauses
