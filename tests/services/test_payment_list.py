"""Laws of the list of payments: every filter, every order, sums, and the file."""

import csv
import io
import itertools
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from crm import cache
from crm.db import at, db
from crm.errors import Invalid, NotFound
from crm.ledger import pending
from crm.models import Payment, User
from crm.models.ledger import PaymentKind
from crm.money import to_text
from crm.services import payments
from crm.services.audit import Actor
from crm.services.exporting import files
from crm.services.exporting import payments as exported
from crm.services.movements import Movement
from crm.services.paying import lists, sums
from crm.services.paying.criteria import SORTS, BadCursor, Criteria
from crm.services.paying.sums import Sum
from crm.services.wallet import WalletService
from crm.tabular import writing
from tests import money, people
from tests.money import SERVICE, draft


@pytest.fixture
def office(app, boris: User) -> dict[str, int]:
    """Payments of many kinds, currencies and ends; the wallets by name."""
    anna, yan = people.add("Анна Иванова").id, people.add("Ян", phone="+79123456780").id
    wallets = {"anna": money.wallet_of(anna), "yan": money.wallet_of(yan), "euro": money.wallet_of(yan, "EUR")}
    his = WalletService(Actor(boris.id, "test"))
    SERVICE.deposit(wallets["anna"], 50_000, "cash", "Предоплата")
    his.spend(wallets["anna"], 1_000, "Заказ № 7, 100%_\\")
    his.transfer(wallets["anna"], wallets["yan"], 2_000, "Gift")
    SERVICE.deposit(wallets["euro"], 70_000, "card", "заказ № 8")
    reversed_ = his.spend(wallets["anna"], 3_000).payment_id
    SERVICE.reverse(reversed_, 1_000)
    money.post([draft(wallets["yan"], money.technical("cash"), 10**6, kind="withdrawal", source="cash")])
    payments.accept_batch(
        Actor(boris.id, "test"),
        [Movement(PaymentKind.DEPOSIT, 100 + n, None, wallets["yan"], "cash") for n in range(3)],
    )
    return wallets | {"customer": anna, "boris": boris.id}


def found(**fields: object) -> list[lists.Row]:
    return lists.find(Criteria(**fields)).items


def told(rows: list[lists.Row]) -> set[tuple[str, str, int]]:
    return {(row.kind, row.status, row.amount) for row in rows}


def test_the_newest_come_first_with_both_sides_named(office):
    rows = found()
    assert [row.id for row in rows] == sorted((row.id for row in rows), reverse=True) and len(rows) == 10
    spend = next(row for row in rows if row.amount == 1_000 and row.kind == "spend")
    assert (spend.from_name, spend.from_code, spend.to_name, spend.to_code) == ("Анна Иванова", None, None, "sales")
    assert (spend.from_customer, spend.who, spend.status) == (office["customer"], "Boris", "COMPLETED")


def test_every_filter_narrows(office):
    boris, batch = office["boris"], next(row.batch_id for row in found() if row.batch_id)
    assert told(found(kind="deposit", status="COMPLETED")) == {
        ("deposit", "COMPLETED", 50_000), ("deposit", "COMPLETED", 70_000)
    }  # fmt: skip
    assert told(found(status="FAILED")) == {("withdrawal", "FAILED", 10**6)}
    assert told(found(status="INITIATED")) == {("deposit", "INITIATED", 100 + n) for n in range(3)}
    assert told(found(currency="EUR")) == {("deposit", "COMPLETED", 70_000)}
    assert told(found(source="card")) == {("deposit", "COMPLETED", 70_000)}
    assert told(found(customer=office["customer"], kind="transfer")) == {("transfer", "COMPLETED", 2_000)}
    assert len(found(customer=office["customer"])) == 5 and len(found(account=office["euro"])) == 1
    assert {row.amount for row in found(currency="RUB", amount_from=1_000, amount_to=2_000)} == {1_000, 2_000}
    assert {row.batch_id for row in found(batch=batch)} == {batch} and len(found(batch=batch)) == 3
    assert {row.who for row in found(who=boris)} == {"Boris"} and {row.who for row in found(who=0)} == {""}
    assert len(found(who=0)) + len(found(who=boris)) == 10
    assert found(customer=10**9) == found(account=10**9) == found(batch=uuid.UUID(int=1)) == []


@pytest.mark.parametrize(
    ("text", "count"), [("ЗАКАЗ", 2), ("gift", 1), ("100%_\\", 1), ("0%7", 0), ("_", 1), ("пред", 1)]
)
def test_words_of_the_description_are_found_in_any_case(office, text, count):
    assert len(found(q=text)) == count


def test_days_are_days_of_the_business(app, monkeypatch, office):
    monkeypatch.setitem(app.config, "CRM_TIMEZONE", "Asia/Kamchatka")
    day = (datetime.now(UTC) + timedelta(hours=12)).date()
    assert len(found(created_from=day, created_to=day)) == 10
    assert found(created_to=day - timedelta(days=1)) == found(created_from=day + timedelta(days=1)) == []
    assert len(found(created_from=date.min, created_to=date.max)) == 10
    with at(datetime(2026, 3, 31, 23, 59, tzinfo=UTC)):
        SERVICE.deposit(office["anna"], 5)
    assert len(found(created_from=date(2026, 4, 1), created_to=date(2026, 4, 1))) == 1
    assert found(created_to=date(2026, 3, 31)) == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"created_from": date(2026, 2, 2), "created_to": date(2026, 2, 1)}, "created_to"),
        ({"amount_from": 1}, "currency"),
        ({"amount_from": 2, "amount_to": 1, "currency": "RUB"}, "amount_to"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(app, fields, wrong):
    for call in (lists.find, sums.sums, exported.count, exported.sheet):
        with pytest.raises(Invalid) as refused:
            call(Criteria(**fields))
        assert list(refused.value.fields) == [wrong]


def key_of(row: lists.Row, sort: str) -> tuple[object, ...]:
    keys = {
        "time": (), "kind": (row.kind,), "status": (row.status,), "amount": (row.currency, row.amount),
        "commission": (row.currency, row.commission), "who": (row.who.lower(),),
        "from": ((row.from_name or row.from_code or "").lower(),),
        "to": ((row.to_name or row.to_code or "").lower(),),
    }  # fmt: skip
    return (*keys[sort], row.id)


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{name}" for name in SORTS)])
def test_pages_go_through_every_order_and_lose_nothing(office, sort):
    criteria, rows, cursor = Criteria(sort=sort), [], ""
    for _page in itertools.count():
        page = lists.find(criteria, cursor, limit=3)
        rows += page.items
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(rows) == len({row.id for row in rows}) == 10
    if criteria.sorted_by != "description":
        assert rows == sorted(rows, key=lambda row: key_of(row, criteria.sorted_by), reverse=criteria.descending)


@pytest.mark.parametrize("keys", ["[1]", "{}", "[" * 9999, '["\\u0000",1]', "x"])
def test_a_cursor_of_nowhere_is_refused(app, keys):
    with pytest.raises(BadCursor):
        lists.find(Criteria(sort="amount"), "0" * 32 + keys)


def test_a_payment_stands_alone_too(office):
    row = found()[3]
    assert lists.one(row.id) == row
    with pytest.raises(NotFound):
        lists.one(uuid.UUID(int=5))


def test_the_sums_are_what_the_rows_sum_to(office):
    for criteria in (Criteria(), Criteria(kind="deposit"), Criteria(customer=office["customer"]), Criteria(q="nobody")):
        expected: dict[tuple[str, str], list[int]] = {}
        for row in lists.find(criteria).items:
            total = expected.setdefault((row.currency, row.status), [0, 0, 0])
            for place, value in enumerate((1, row.amount, row.commission)):
                total[place] += value
        summed = sums.sums(criteria)
        assert summed.items == [Sum(*key, *total) for key, total in sorted(expected.items())] and summed.at is None


def test_sums_of_many_are_kept_for_a_while_and_made_anew_at_wish(office, monkeypatch, redis, count_statements):
    monkeypatch.setattr(sums, "KEPT_FROM", 5)
    assert sums.sums(Criteria(), patient=False) is None
    first = sums.sums(Criteria())
    SERVICE.deposit(office["anna"], 1)
    with count_statements() as statements:
        kept = sums.sums(Criteria(sort="amount"), patient=False)
    assert statements == [] and kept.items == first.items and kept.at is not None and kept.count == 10
    assert sums.sums(Criteria(), anew=True).count == 11 == sums.sums(Criteria()).count
    assert sums.sums(Criteria(currency="EUR"), patient=False).at is None
    redis.flushdb()
    assert sums.sums(Criteria()).at is None and cache.recall("nothing") is None


def test_the_file_has_every_payment_and_no_formula(office, monkeypatch):
    monkeypatch.setattr(lists, "CHUNK", 3)
    monkeypatch.setattr(writing, "PIECE", 3)
    SERVICE.deposit(office["anna"], 5, description="=1+1")
    chunks = list(files.pieces(exported.sheet(Criteria(sort="amount")), "csv", for_people=False))
    rows = list(csv.DictReader(io.StringIO("".join(chunks).removeprefix("\ufeff"), newline="")))
    stored = db.session.scalars(select(Payment).order_by(Payment.id.desc())).all()
    assert [row["id"] for row in rows] == [str(payment.id) for payment in stored] and len(chunks) >= 3
    assert [row["amount"] for row in rows] == [to_text(payment.amount, payment.currency) for payment in stored]
    assert rows[0]["description"] == "'=1+1" and tuple(rows[0]) == exported.sheet(Criteria()).columns


def test_the_workbook_has_the_same_rows(office):
    from python_calamine import CalamineWorkbook

    file = io.BytesIO()
    sheet = exported.sheet(Criteria(kind="deposit"))
    files.write(sheet, "xlsx", file, lambda _rows: None)
    file.seek(0)
    head, *rows = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
    assert tuple(head) == sheet.headings
    assert [row[0] for row in rows] == [str(row.id) for row in found(kind="deposit")]


def test_a_page_is_one_statement_and_what_was_posted_moves_no_more(office, count_statements):
    with count_statements() as statements:
        lists.find(replace(Criteria(), sort="-from"))
    assert len(statements) == 1
    pending.post(pending.claim())
    assert found(status="INITIATED") == []
