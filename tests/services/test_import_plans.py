"""A plan is checked before anybody goes by it, and kept for the next file with the same columns."""

import io
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.db import atomic, db
from crm.errors import Invalid
from crm.models import ContactChannel, Customer, ImportMapping
from crm.services import imports
from crm.services.importing import saved
from crm.services.importing.plan import Column, Plan
from crm.services.importing.problems import problems
from crm.services.importing.rows import Format
from tests.uploads import CLERK, accept, counts, draft, take

LAYOUT = Format([], Plan(), "RU", "RUB", frozenset({"RUB", "USD"}))
NAME = Column("name")


def found(*columns: Column, **choices: object) -> dict[str, list[str]]:
    plan = Plan(columns, **choices)
    return problems(plan, [f"c{index}" for index in range(len(columns))], LAYOUT)


def test_a_good_plan_has_no_problems():
    columns = [Column("first_name"), Column("last_name"), Column("phone"), Column("phone"), Column("label"), Column(),
               Column("wallet_balance", currency="USD"), Column("wallet_balance"), Column("currency"),
               Column("tags"), Column("tags"), Column("attribute:Договор №")]  # fmt: skip
    assert found(*columns, defaults={"city": "Tver", "kind": "company", "currency": "USD"}) == {}
    assert found(Column("city"), defaults={"name": "Unknown"}) == {}


@pytest.mark.parametrize(
    ("plan", "where", "sentence"),
    [
        (Plan((Column("city"),)), "columns", "Choose the column with the customers' names."),
        (Plan((NAME, NAME)), "column-1", "Another column goes into this field already."),
        (
            Plan((NAME, *[Column("wallet_balance", currency="USD")] * 2)),
            "column-2",
            "Another column goes into this field already.",
        ),
        (Plan((NAME, *[Column("attribute:A")] * 2)), "column-2", "Another column goes into this field already."),
        (Plan((NAME, Column("salary"))), "column-1", "There is no field salary."),
        (Plan((NAME, Column("attribute: "))), "column-1", "The name of an attribute cannot be blank"),
        (Plan((NAME, Column("attribute:" + "x" * 51))), "column-1", "The name of an attribute is longer than 50"),
        (Plan((NAME, Column("city", "always"))), "column-1", "Choose whether this overwrites"),
        (Plan((NAME, Column("wallet_balance", currency="GOLD"))), "column-1", "GOLD is not a currency"),
        (Plan((NAME,), match=("name",)), "match", "Choose what customers are recognised by, each once."),
        (Plan((NAME,), match=("email", "email")), "match", "Choose what customers are recognised by, each once."),
        (Plan((NAME,), match=()), "match", "Choose at least one thing"),
        (Plan((NAME,), on_duplicate="merge"), "on_duplicate", "Choose what to do with customers who are there"),
        (Plan((NAME,), {"salary": "5"}), "default-salary", "Only name, kind, company, "),
        (Plan((NAME,), {"label": "Work"}), "default-label", "Only name, kind, company, "),
        (Plan((NAME,), {"kind": "robot"}), "default-kind", "robot is neither a person nor a company."),
        (Plan((NAME,), {"city": "x" * 101}), "default-city", "This is longer than 100 characters."),
        (Plan((NAME,), {"currency": "GOLD"}), "default-currency", "GOLD is not a currency"),
        (Plan((NAME,), {"name": "x" * 201}), "default-name", "This is longer than 200 characters."),
    ],
)  # fmt: skip
def test_each_problem_is_told_at_its_place(plan, where, sentence):
    told = problems(plan, [""] * len(plan.columns), LAYOUT)
    assert list(told) == [where] and told[where][0].startswith(sentence)


def test_a_plan_for_another_header_is_none():
    assert list(problems(Plan((NAME,)), ["a", "b"])) == ["columns"]


def test_a_plan_is_kept_for_its_header_in_whatever_order(app):
    plan = Plan((NAME, Column("city", "fill"), Column()), {"kind": "company"}, ("email",), "update", restore=True)
    saved.remember(["ФИО", "Город", "Регион"], plan)
    assert saved.recall(["ФИО", "Город", "Регион"]) == plan
    turned = saved.recall(["регион", "Ф.И.О.", "Город", "error"])
    assert turned.columns == (Column(), NAME, Column("city", "fill"), Column())
    assert (turned.defaults, turned.match, turned.restore) == (plan.defaults, plan.match, True)
    assert saved.recall(["ФИО", "Город"]) is None and saved.recall(["ФИО", "Город", "Регион", "Дом"]) is None


def test_columns_of_one_name_keep_their_order(app):
    plan = Plan((NAME, Column("phone", label="Work"), Column("phone", label="Home")))
    saved.remember(["name", "phone", "phone"], plan)
    assert saved.recall(["phone", "phone", "name"]).columns == (*plan.columns[1:], NAME)


def test_the_latest_decision_is_the_one_that_is_kept(app):
    for field in ("city", "company"):
        saved.remember(["a", "b"], Plan((NAME, Column(field))))
    assert saved.recall(["a", "b"]).fields == ["name", "company"]


def test_what_was_kept_is_proposed(app):
    saved.remember(["Клиент", "Код товара"], Plan((NAME, Column("attribute:Товар"))))
    proposal = saved.propose(["Код товара", "Клиент"])
    assert (proposal.plan.fields, proposal.found) == (["attribute:Товар", "name"], ("saved", "saved"))


def test_what_an_import_began_with_is_proposed_for_the_next_file_with_its_columns(app):
    upload = imports.draft(CLERK, io.BytesIO("Клиентик,Код\nАнна,7\n".encode()), "a.csv")
    plan = Plan((NAME, Column("attribute:Код", "fill")), match=("email",), on_duplicate="update")
    imports.replan(CLERK, upload.id, plan)
    assert saved.recall(["Клиентик", "Код"]) is None
    imports.start(CLERK, upload.id)
    imports.run(upload.id)
    assert db.session.scalar(select(Customer.attributes)) == {"Код": "7"}
    again = imports.draft(CLERK, io.BytesIO("Код,Клиентик\n8,Вера\n".encode()), "b.csv")
    assert Plan.from_json(again.plan).columns == (Column("attribute:Код", "fill"), NAME)


def test_what_is_left_out_is_told_of_the_plan_as_it_is_now(app):
    upload = imports.draft(CLERK, io.BytesIO(b"name,hat,shoe\nAnna,7,38\n"), "a.csv")
    assert upload.notes == ["The columns hat, shoe were not recognised and are left out."]
    for fields, told in (
        (("name", "attribute:Hat", None), ["The column shoe was not recognised and is left out."]),
        (("name", "attribute:Hat", "notes"), []),
        (("name", None, "notes"), ["The column hat was not recognised and is left out."]),
    ):
        assert imports.replan(CLERK, upload.id, Plan(tuple(map(Column, fields)))).notes == told


def test_columns_go_into_attributes_by_their_names(app):
    upload = take("name,Договор №\nАнна,12\n", mapping={"Договор №": "attribute: Договор  № "})
    assert counts(upload) == {"created": 1}
    assert db.session.scalar(select(Customer.attributes)) == {"Договор №": "12"}


@pytest.mark.parametrize("names", [["x" * 51], [""], [f"n{number}" for number in range(31)]])
def test_attributes_that_no_customer_can_have_are_refused_at_once(app, names):
    with pytest.raises(Invalid) as refusal:
        accept("name,b\nAnna,1\n", mapping={f"c{place}": f"attribute:{name}" for place, name in enumerate(names)})
    assert list(refusal.value.fields) == ["mapping"]


def test_a_known_programs_export_brings_its_labels(app):
    path = Path(__file__).parent.parent / "files" / "exports" / "google-contacts.csv"
    assert counts(take(path.read_bytes())) == {"created": 2}
    labels = db.session.scalars(select(ContactChannel.label).where(ContactChannel.type == "email")).all()
    assert sorted(labels) == ["Home", "Work", "Work"]


def test_a_file_may_have_more_own_fields_than_a_customer():
    assert problems(Plan((NAME, *[Column(f"attribute:{number}") for number in range(31)])), [""] * 32, LAYOUT) == {}


def test_headers_that_differ_by_the_sign_of_a_currency_have_plans_of_their_own(app):
    take("name,Balance $\nAnna,5\n")
    upload = draft("name,Balance $\nAnna,5\n")
    imports.start(CLERK, upload.id)
    imports.run(upload.id)
    assert saved.propose(["Balance $", "name"]).found == ("saved", "saved")
    other = saved.propose(["name", "Balance €"])
    assert (other.plan.columns[1], other.found) == (Column("wallet_balance", currency="EUR"), ("exact", "exact"))
    both = saved.propose(["name", "Balance €", "Balance $"], {}, currencies={"Balance €": "CHF"}).plan.columns
    assert [column.currency for column in both] == ["", "CHF", "USD"]


def test_what_was_kept_of_a_header_when_names_were_compared_otherwise_is_not_gone_by(app):
    columns = ["name", "Balance"]
    saved.remember(columns, Plan.of_fields(["name", "wallet_balance"]))
    kept = db.session.scalars(select(ImportMapping)).one()
    with atomic():
        db.session.get(ImportMapping, kept.id).plan = {**kept.plan, "header": ["name", "Balance $"]}
    assert saved.recall(columns) is None
