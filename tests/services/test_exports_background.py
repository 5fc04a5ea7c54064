"""Laws of files made in the background: whole or not at all, once, for their days, and told to the audit trail."""

from datetime import date, timedelta

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import insert, select, update

from crm.db import atomic, db, utcnow
from crm.errors import NotFound, TooMany
from crm.models import AuditEntry, ContactChannel, Export, User
from crm.services import exports, operations
from crm.services.audit import Actor
from crm.services.exporting import lease, orders, statements
from crm.services.exporting import run as running
from crm.services.exporting.orders import Order
from crm.services.paying import criteria as payment_criteria
from crm.services.search import Criteria
from crm.tabular import writing
from tests import people


@pytest.fixture
def his(boris: User) -> Actor:
    return Actor(boris.id, "test")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(writing, "PIECE", 5)
    monkeypatch.setattr(running, "_TOLD", 0)


def wanted(actor: Actor, format_: str = "csv", **criteria: str) -> Export:
    return exports.accept(actor, Order("customers", Criteria(**{"status": "", **criteria}), format_))


def now(export: Export) -> Export:
    return db.session.get(Export, export.id, populate_existing=True)


def files() -> list[str]:
    return sorted(path.name for path in lease.folder().iterdir())


@pytest.mark.parametrize("format_", ["csv", "xlsx", "jsonl"])
def test_the_file_is_whole_and_told_of(app, his, format_):
    people.crowd(12)
    export = wanted(his, format_, city="Тверь")
    assert (export.status, export.stored_as, files()) == ("queued", None, [])
    exports.run(export.id)
    done = now(export)
    count = Order("customers", Criteria(status="", city="Тверь")).count()
    assert (done.status, done.written_rows, done.total_rows, done.percent) == ("done", count, count, 100)
    assert done.filename == f"customers.{format_}" and files() == [done.stored_as]
    assert timedelta(days=6, hours=23) < done.expires_at - utcnow() <= timedelta(days=7)
    path = exports.file_of(his, done)
    assert path.stat().st_size == done.size and path.parent.stat().st_mode & 0o777 == 0o700
    if format_ == "xlsx":
        assert len(CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()) == count + 1
    else:
        assert len(path.read_bytes().splitlines()) == count + (format_ == "csv")
    told = [(one.action, one.actor_id) for one in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert told[-2:] == [("customers.exported", his.user_id), ("export.downloaded", his.user_id)]


def test_headings_are_in_the_language_of_who_asked(app, his):
    people.add("Анна")
    export = exports.accept(his, Order("customers", Criteria()), "ru")
    exports.run(export.id)
    assert "Имя клиента" in (lease.folder() / now(export).stored_as).read_text("utf-8-sig")


def test_what_somebody_waits_for_is_not_made_twice(app, his, vera):
    first = wanted(his)
    assert wanted(his).id == first.id
    assert wanted(his, "jsonl").id != first.id != wanted(his, city="Тверь").id
    assert wanted(Actor(vera.id, "test")).id != first.id
    exports.run(first.id)
    assert wanted(his).id != first.id


@pytest.mark.parametrize("error", [OSError("No space left on device"), SystemExit()])
def test_what_breaks_off_offers_nothing_and_begins_anew(app, his, error):
    people.crowd(12)
    export = wanted(his)

    def between() -> None:
        assert len(files()) == 2 and now(export).status == "running"
        raise error

    with pytest.raises(type(error)):
        exports.run(export.id, between)
    assert (now(export).stored_as, files()) == (None, [])
    assert now(export).attempts == isinstance(error, OSError)
    assert exports.overdue() == [export.id]
    exports.run(export.id)
    assert (now(export).status, now(export).written_rows) == ("done", 12)


def test_after_some_attempts_it_fails_for_good(app, his):
    people.crowd(2)
    export = wanted(his)
    for _attempt in range(lease.ATTEMPTS):
        with pytest.raises(ZeroDivisionError):
            exports.run(export.id, lambda: 1 // 0)
    exports.run(export.id)
    assert now(export).status == "failed" and now(export).error and exports.overdue() == []


def test_one_process_at_a_time_and_who_lost_the_lease_offers_nothing(app, his):
    people.crowd(12)
    export = wanted(his)
    taken_over = []

    def another() -> None:
        if taken_over:
            return
        exports.run(export.id)  # in vain: it is in hand
        with atomic() as session:
            session.execute(update(Export).values(lease_until=utcnow() - timedelta(seconds=1)))
        taken_over.append(lease.claim(export.id))

    exports.run(export.id, another)
    assert (now(export).status, now(export).lease, files()) == ("running", taken_over[0].token, [])


def test_it_can_be_stopped(app, his):
    people.crowd(12)
    waiting, at_work = wanted(his), wanted(his, "jsonl")
    assert exports.cancel(waiting.id).status == "cancelled"
    exports.run(waiting.id)
    exports.run(at_work.id, lambda: exports.cancel(at_work.id))
    assert [now(one).status for one in (waiting, at_work)] == ["cancelled", "cancelled"] and files() == []
    assert exports.cancel(at_work.id).status == "cancelled"


def test_it_is_for_who_made_it_and_for_administrators(app, his, vera):
    export = wanted(his)
    assert exports.get(export.id, his.user_id, everybodys=False).id == export.id
    assert exports.get(export.id, vera.id, everybodys=True).id == export.id
    for pk, everybodys in ((export.id, False), (99, True)):
        with pytest.raises(NotFound):
            exports.get(pk, vera.id, everybodys)
    assert exports.recent(vera.id, False, 9) == [] and len(exports.recent(vera.id, True, 9)) == 1


def test_what_has_expired_goes_and_so_does_what_a_killed_worker_left(app, his):
    people.crowd(3)
    old, kept = wanted(his), wanted(his, "jsonl")
    for export in (old, kept):
        exports.run(export.id)
    name = now(kept).stored_as
    (lease.folder() / f"{kept.id}-of-a-killed-worker").touch()
    (lease.folder() / f"{kept.id}-of-a-killed-worker.parts").mkdir()
    with atomic() as session:
        session.execute(update(Export).where(Export.id == old.id).values(expires_at=utcnow() - timedelta(seconds=1)))
    with pytest.raises(NotFound):
        exports.file_of(his, now(old))
    exports.clear_away()
    assert files() == [name] and [one.id for one in exports.recent(0, True, 9)] == [kept.id]
    assert exports.file_of(his, now(kept)).name == name


def test_a_list_that_is_no_more_fails_with_a_sentence(app, his):
    order = Order("statement", statements.Criteria(99, date(2026, 1, 1), date(2026, 1, 2)))
    export = exports.accept(his, order)
    exports.run(export.id)
    assert (now(export).status, now(export).error) == ("failed", "There is no such wallet.")


def test_reports_do_not_grow_with_rows(app, his, count_statements, monkeypatch):
    monkeypatch.setattr(running, "_TOLD", 60)
    monkeypatch.setattr(writing, "PIECE", 1_000)
    costs = []
    for more in (3, 30):
        for number in range(more):
            people.add(f"Анна {number}")
        with count_statements() as statements_:
            exports.run(wanted(his).id)
        costs.append(len(statements_))
    assert costs[0] == costs[1]


@pytest.mark.parametrize(
    ("noun", "criteria"),
    [
        ("customers", Criteria("анна", "", created_from=date(2026, 1, 2), balance_to=-1, debt=True, sort="-city")),
        ("payments", payment_criteria.Criteria(who=3, created_to=date(2026, 1, 2), amount_from=5, currency="RUB")),
        ("operations", operations.Criteria(account=1, first=date(2026, 1, 2), sort="amount")),
        ("statement", statements.Criteria(7, date(2026, 1, 2), date(2026, 1, 3))),
    ],
)
def test_criteria_are_kept_as_they_are(noun, criteria):
    assert orders.restored(noun, orders.stored(criteria)) == criteria


def test_one_person_has_five_files_under_way_and_no_more(app, his, vera):
    first = wanted(his, city="1")
    for number in range(2, exports.A_PERSONS + 1):
        wanted(his, city=str(number))
    with pytest.raises(TooMany, match="5 files"):
        wanted(his, city="another")
    assert wanted(his, city="1").id == first.id  # what is waited for already
    wanted(Actor(vera.id, "test"), city="another")
    exports.cancel(first.id)
    wanted(his, city="another")


def test_a_cell_that_a_workbook_has_no_room_for_is_told_and_not_cut(app, his):
    name = "x" * 190
    customer = people.add(name).id
    rows = [
        {"customer_id": customer, "type": "other", "value": f"{number} {name}", "normalized": f"{number}"}
        | {"label": "", "is_primary": number == 0}
        for number in range(200)
    ]
    with atomic() as session:
        session.execute(insert(ContactChannel), rows)
    export = wanted(his, "xlsx")
    exports.run(export.id)
    assert now(export).status == "failed" and "32767" in now(export).error and files() == []
