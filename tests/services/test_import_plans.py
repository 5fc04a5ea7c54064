"""A plan is checked before anybody goes by it, and kept for the next file with the same columns."""

import pytest

from crm.services.importing import saved
from crm.services.importing.plan import Column, Plan
from crm.services.importing.problems import problems
from crm.services.importing.rows import Format

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
        (Plan((NAME,), {"salary": "5"}), "default-salary", "There is no field salary."),
        (Plan((NAME,), {"label": "Work"}), "default-label", "There is no field label."),
        (Plan((NAME,), {"kind": "robot"}), "default-kind", "robot is neither a person nor a company."),
        (Plan((NAME,), {"city": "x" * 101}), "default-city", "This is longer than 100 characters."),
        (Plan((NAME,), {"currency": "GOLD"}), "default-currency", "GOLD is not a currency"),
        (Plan((NAME,), {"name": "x" * 201}), "default-name", "This is longer than 200 characters."),
        (Plan((NAME, *[Column(f"attribute:{n}") for n in range(31)])), "columns", "There are more than 30 attributes."),
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
