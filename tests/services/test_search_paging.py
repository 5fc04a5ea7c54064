"""Laws of the list's order and pages: every customer once, in order, however one walks."""

import base64
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from crm.db import atomic, db
from crm.models import Customer
from crm.services import customers, search
from crm.services.search import SORTS, Criteria
from crm.services.searching.cursor import BadCursor
from tests import people

ORDERS = [direction + name for name in SORTS if name != "balance" for direction in ("", "-")]  # test_search_balances


def walked(criteria: Criteria, limit: int) -> list[int]:
    """The ids of all pages, one after another; no page may be longer than asked for, nor empty but the first."""
    ids: list[int] = []
    cursor = ""
    while True:
        page = search.find(criteria, limit=limit, cursor=cursor)
        assert len(page.items) == limit or not page.next_cursor
        assert page.items or not cursor
        ids += [hit.id for hit in page.items]
        if not page.next_cursor:
            return ids
        cursor = page.next_cursor


def in_order(rows: list[Customer], sort: str) -> list[int]:
    """The ids as the order has them: by the column and the id, values that are missing last both ways."""
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    attribute = {"created": "created_at", "updated": "updated_at"}.get(name, f"{name}_key")
    present = [row for row in rows if getattr(row, attribute) != ""]
    missing = [row for row in rows if getattr(row, attribute) == ""]
    ordered = []
    for part in (present, missing):
        ordered += sorted(part, key=lambda row: (getattr(row, attribute), row.id), reverse=descending)
    return [row.id for row in ordered]


def stored() -> list[Customer]:
    return list(db.session.scalars(select(Customer)))


@pytest.mark.parametrize("gathered", [0, search.GATHERED], ids=["order walked", "hits gathered"])
def test_every_order_walks_the_whole_list_without_loss_or_repetition(app, monkeypatch, gathered):
    monkeypatch.setattr(search, "GATHERED", gathered)
    people.crowd(100)
    rows = stored()
    searched = [row for row in rows if " ан" in row.search_text]
    assert len(searched) > 5
    for sort in ORDERS:
        assert walked(Criteria(status="", sort=sort), 7) == in_order(rows, sort), sort
        assert walked(Criteria(status="", sort=sort, q="ан"), 3) == in_order(searched, sort), sort


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 7])
def test_pages_meet_where_the_values_end(app, limit):
    for city in ["", "Орёл", "", "Тверь", "", "Орёл"]:
        people.add("Анна", city=city)
    for sort in ("city", "-city"):
        assert walked(Criteria(sort=sort), limit) == in_order(stored(), sort)


def test_order_is_by_folded_text(app):
    names = ["яна", "Ёлка", "Елена", "Жанна", "anna", "Ångström", "Bob", "йод", "Иод"]
    for name in names:
        people.add(name)
    got = [hit.name for hit in search.find(Criteria()).items]
    assert got == ["Ångström", "anna", "Bob", "Елена", "Ёлка", "Жанна", "Иод", "йод", "яна"]


def test_who_comes_or_goes_between_two_pages_disturbs_nobody_else(app):
    ids = [people.add(f"Анна {letter}").id for letter in "бвгдеж"]
    first = search.find(Criteria(), limit=3)
    customers.delete(people.CLI, ids[2])  # the one where the next page begins
    people.add("Анна а")
    rest = search.find(Criteria(), limit=3, cursor=first.next_cursor)
    assert [hit.id for hit in first.items + rest.items] == ids


def test_one_moment_is_told_from_the_next_microsecond(app):
    ids = [people.add("Анна").id for _ in range(4)]
    with atomic() as session:
        for pk, microsecond in zip(ids, (3, 1, 3, 2), strict=True):
            moment = datetime(2026, 1, 1, microsecond=microsecond, tzinfo=UTC)
            session.execute(update(Customer).where(Customer.id == pk).values(created_at=moment))
    assert walked(Criteria(sort="created"), 1) == [ids[1], ids[3], ids[0], ids[2]]


def packed(*value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


BAD = [
    *(
        "x",
        "!",
        "=",
        "😀",
        "a" * 9000,
        packed(),
        packed("Анна"),
        packed("Анна", 1, 2),
        packed("Анна", "1"),
        packed(1, 1),
    ),
    *(packed("Анна", pk) for pk in (-1, 2**63, 1.5, None, True, [1], "1")),
    *(packed(value, 1) for value in (None, ["Анна"], "А\x00", "\ud800")),
    *(base64.urlsafe_b64encode(raw).decode().rstrip("=") for raw in (b"{}", b"\xff", b"[" * 3000, b"NaN", b"9" * 5000)),
]
BAD_MOMENTS = ["", "yesterday", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00"]


@pytest.mark.parametrize("sort", ["name", "city", "-created"])
def test_a_cursor_that_nobody_gave_out_is_refused(app, sort):
    people.crowd(3)
    for cursor in BAD + [packed(moment, 1) for moment in BAD_MOMENTS if sort == "-created"]:
        with pytest.raises(BadCursor):
            search.find(Criteria(sort=sort), cursor=cursor)


def test_the_count_is_right_and_stops_at_a_cap(app, monkeypatch):
    crowd = people.crowd(60)
    monkeypatch.setattr(search, "COUNT_CAP", 20)
    active = [person for person in crowd if not person.archived]

    def total(**criteria: object) -> int:
        return search.find(Criteria(**criteria), limit=1).total

    few = [person for person in active if person.city == "Орёл"]
    assert 0 < len(few) <= 20 < len(active)
    assert (total(city="Орёл"), total(), total(q="такого нет")) == (len(few), 21, 0)
