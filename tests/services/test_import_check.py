"""A check of the whole file: nothing is stored, everything is told, and the run ends as the check has said."""

import csv
import io
import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bench.samples import customers_csv
from crm.db import atomic, db, utcnow
from crm.errors import Invalid, NotFound, TooLate
from crm.models import Customer, Import, ImportRow, Payment
from crm.models.imports import OUTCOMES
from crm.services import imports
from crm.services.audit import Actor
from crm.services.importing import lease
from crm.services.importing.chunks import Pace
from crm.services.importing.plan import Column, Plan
from tests import people
from tests.uploads import CLERK, counts, kept, table, take


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Chunks of 50 rows, so that a small file has several."""
    monkeypatch.setattr(Pace, "limit", 50)


def draft(data: bytes | str, **choices: object) -> Import:
    raw = data.encode() if isinstance(data, str) else data
    upload = imports.draft(CLERK, io.BytesIO(raw), "a.csv")
    stored = Plan.from_json(upload.plan)
    return imports.replan(CLERK, upload.id, Plan(**{**_fields(stored), **choices}))  # type: ignore[arg-type]


def _fields(plan: Plan) -> dict[str, object]:
    return {
        name: getattr(plan, name) for name in ("columns", "defaults", "match", "on_duplicate", "restore", "repairs")
    }


def checked(upload: Import) -> Import:
    imports.check(CLERK, upload.id)
    imports.run(upload.id)
    return imports.get(upload.id)


def started(upload: Import) -> Import:
    imports.start(CLERK, upload.id)
    imports.run(upload.id)
    return imports.get(upload.id)


def told(upload: Import) -> list[tuple[object, ...]]:
    """What is said of every row, but for ids and versions, which a check cannot know."""
    db.session.rollback()
    page = imports.rows(upload.id, limit=10_000)
    assert page.next_after is None
    return [
        (row.row, row.outcome, row.message, row.cells, row.changes if row.outcome != "created" else None)
        for row in page.items
    ]


def state(upload: Import) -> tuple[object, ...]:
    money = {one.currency: (one.wallets, one.amount) for one in imports.openings(upload.id)}
    return counts(upload), upload.read_rows, money


def there() -> list[tuple[object, ...]]:
    """What a check must leave alone, in a few numbers."""
    db.session.rollback()
    customers = sa.select(sa.func.count(), sa.func.sum(Customer.version)).select_from(Customer)
    payments = sa.select(sa.func.count(), sa.func.sum(Payment.amount)).select_from(Payment)
    return [tuple(db.session.execute(query).one()) for query in (customers, payments)]


def stored_rows(upload: Import) -> dict[str, int]:
    outcomes = sa.select(ImportRow.outcome, sa.func.count()).where(ImportRow.import_id == upload.id)
    return dict(db.session.execute(outcomes.group_by(ImportRow.outcome)).all())


def mixed(seed: int, rows: int = 300) -> bytes:
    """Generated rows, dirty, many of them repeated with other values, in any order; some have the number of somebody,
    some of these nothing else to be known by.
    """
    pick = random.Random(seed)
    header, *found = csv.reader(io.StringIO(customers_csv(rows, seed=seed, dirty=0.05).decode()))
    again = [list(row) for row in pick.sample(found, rows // 3)]
    for row in again:
        row[header.index("city")], row[header.index("tags")] = "Омск", "новый"
    found += again
    pick.shuffle(found)
    for row in pick.sample(found, rows // 4):
        for name in ("external_id", "email", "phone", "telegram"):
            row[header.index(name)] = ""
        row[header.index("name")] = pick.choice(["Анна", "Иван"])
    numbers = [str(pick.randint(1, 2 * rows)) if pick.random() < 0.7 else "" for _row in found]
    return table([[*header, "CRM ID"], *([*row, number] for row, number in zip(found, numbers, strict=True))])


@pytest.mark.parametrize("on_duplicate", ["skip", "update", "create"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_check_stores_nobody_and_the_run_ends_as_it_has_said(app, on_duplicate, seed):
    take(customers_csv(100, seed=seed), on_duplicate="create")
    before = there()
    upload = checked(draft(mixed(seed), on_duplicate=on_duplicate))
    assert (upload.status, upload.read_rows) == ("checked", upload.total_rows)
    assert there() == before
    assert stored_rows(upload) == counts(upload)
    expected, said = state(upload), told(upload)
    done = started(upload)
    assert (done.status, state(done)) == ("done", expected)
    assert told(done) == said
    assert stored_rows(done) == counts(done)


def test_as_many_are_read_as_have_an_outcome_and_each_number_leads_to_its_rows(app):
    upload = take(mixed(5), on_duplicate="update")
    assert upload.read_rows == sum(getattr(upload, name) for name in OUTCOMES) == upload.total_rows
    seen = []
    for outcome in OUTCOMES:
        found, after = [], 0
        while after is not None:
            page = imports.rows(upload.id, outcome, after, limit=7)
            found += [row.row for row in page.items]
            after = page.next_after
        assert len(found) == getattr(upload, outcome) and found == sorted(found)
        seen += found
    assert sorted(seen) == [row.row for row in imports.rows(upload.id, limit=10_000).items]


def test_a_check_shows_new_customers_and_money_as_they_would_be(app):
    fields = ("name", "phone", "tags", "wallet_balance")
    columns = tuple(Column(name, currency="USD" if name == "wallet_balance" else "") for name in fields)
    rows = "name,phone,tags,Баланс\nAnna,+79120000001,vip,12.50\nBoris,,,\n"
    upload = checked(draft(rows, columns=columns))
    anna, boris = imports.rows(upload.id, "created").items
    assert anna.changes == {
        "name": [None, "Anna"],
        "kind": [None, "person"],
        "tags": [[], ["vip"]],
        "phone": [None, ["+79120000001"]],
        "wallet:USD": [None, "12.50"],
    }
    assert (anna.customer_id, boris.changes["name"]) == (None, [None, "Boris"])
    assert state(upload)[2] == {"USD": (1, 1250)}


def test_a_new_plan_makes_a_draft_again_and_the_next_check_begins_anew(app):
    people.add("Anna", external_id="C1")
    upload = checked(draft("external_id,name,city\nC1,Anna,Tver\n"))
    assert counts(upload) == {"skipped": 1}
    plan = Plan.from_json(upload.plan)
    assert imports.replan(CLERK, upload.id, plan).status == "checked"  # nothing is different
    again = imports.replan(CLERK, upload.id, Plan(plan.columns, on_duplicate="update"))
    assert (again.status, counts(again)) == ("draft", {})
    assert counts(checked(upload)) == {"updated": 1}
    assert stored_rows(upload) == {"updated": 1}


def test_a_check_is_stopped_and_leaves_a_draft(app):
    upload = draft(customers_csv(200))
    imports.check(CLERK, upload.id)
    imports.run(upload.id, lambda read, _total: imports.cancel(CLERK, upload.id))
    stopped = imports.get(upload.id)
    assert (stopped.status, stopped.read_rows, stopped.cancel_requested) == ("draft", 0, False)
    assert checked(upload).status == "checked"


def test_a_check_that_waits_is_stopped_at_once_and_a_draft_is_given_up(app):
    upload = draft("name\nAnna\n")
    imports.check(CLERK, upload.id)
    assert imports.cancel(CLERK, upload.id).status == "draft"
    assert imports.cancel(CLERK, upload.id).status == "cancelled"
    assert kept() == []
    with pytest.raises(TooLate):
        imports.start(CLERK, upload.id)


def test_a_draft_that_was_forgotten_goes_with_its_file(app):
    old, new = draft("name\nAnna\n"), draft("name\nAnna\n")
    with atomic() as session:
        session.execute(sa.update(Import).where(Import.id == old.id).values(created_at=utcnow() - timedelta(days=8)))
    imports.clear_away()
    assert [imports.get(upload.id).status for upload in (old, new)] == ["cancelled", "draft"]
    assert kept() == [new.stored_as]


def test_what_has_been_started_takes_no_other_plan(app):
    upload = draft("name\nAnna\n")
    imports.start(CLERK, upload.id)
    for act in (imports.start, imports.check, lambda actor, pk: imports.replan(actor, pk, Plan((Column("name"),)))):
        with pytest.raises(TooLate):
            act(CLERK, upload.id)
        with pytest.raises(NotFound):
            act(CLERK, upload.id + 1)


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (Plan((Column("name"),)), "columns"),
        (Plan((Column("phone"), Column("email"))), "columns"),
        (Plan((Column("name"), Column("soul"))), "column-1"),
        (Plan((Column("name"), Column()), match=()), "match"),
        (Plan((Column("name"), Column()), on_duplicate="destroy"), "on_duplicate"),
    ],
)
def test_a_plan_that_cannot_be_gone_by_is_refused_and_changes_nothing(app, plan, field):
    upload = draft("name,city\nAnna,Tver\n")
    with pytest.raises(Invalid) as refusal:
        imports.replan(CLERK, upload.id, plan)
    assert list(refusal.value.fields) == [field]
    db.session.rollback()
    assert imports.get(upload.id).plan["columns"][0]["field"] == "name"


def test_a_check_that_brings_every_process_down_leaves_a_draft_with_the_reason(app, monkeypatch):
    upload = draft("name\nAnna\n")
    imports.check(CLERK, upload.id)
    monkeypatch.setattr("crm.services.importing.check.decide", lambda *_: 1 / 0)
    for _attempt in range(lease.ATTEMPTS):
        with pytest.raises(ZeroDivisionError):
            imports.run(upload.id)
    imports.run(upload.id)
    given_up = imports.get(upload.id)
    assert (given_up.status, given_up.error) == (
        "draft",
        "The check stopped several times because of a fault in the program.",
    )


def test_who_began_an_import_is_told_of_its_end_until_they_look(app, boris):
    actor = Actor(boris.id, "10.0.0.1")
    upload = imports.accept(actor, io.BytesIO(b"name\nAnna\n"), "a.csv", start=False)
    assert imports.unseen(boris.id) == 0
    imports.run(upload.id)
    assert imports.unseen(boris.id) == 1
    imports.saw(CLERK, upload.id)
    assert imports.unseen(boris.id) == 1
    imports.saw(actor, upload.id)
    assert imports.unseen(boris.id) == 0
