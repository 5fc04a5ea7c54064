"""What columns hold is proposed by what was saved, by known names, and by names that are nearly known."""

import pytest

from crm.services.importing.columns import PAIRS
from crm.services.importing.fuzzy import guesses
from crm.services.importing.plan import BALANCE, Column, Plan
from crm.services.importing.proposals import find_header, propose

UNRELATED = (
    "Дата создания;Статус;Страна;Индекс;Номер договора;Номер карты;Сумма;Скидка;Пол;Адрес;Дата рождения;Бонусы",
    "Баланс бонусов;Остаток товара;Имя менеджера;Телефон менеджера;Наименование товара;Кол-во заказов;Источник",
    "Region;State;Country;Zip;Birthday;Status;created_at;Position;Company size;Discount code;City code;Customer since",
    "Email opt-in;Phone type;Тип оплаты;Order total;Last contacted;Gender;Department;Job title;Website visits;Tagline",
    "Unit;Kit;Codec;Nota;Rate",
)


def fields(*columns: str, **options: object) -> list[str | None]:
    return propose(columns, **options).plan.fields


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("Телефн", "phone"),
        ("Phone mobile", "phone"),
        ("Почта электронная", "email"),
        ("Emial address", "email"),
        ("Наименовние", "name"),
        ("Коментарий", "notes"),
        ("Oraganization", "company"),
        ("Балланс", None),
        ("Walet balance", BALANCE),
        ("Extrenal code", None),
    ],
)
def test_names_that_are_nearly_known_are_found_unless_a_mistake_would_cost_money(column, field):
    proposal = propose([column])
    assert proposal.plan.fields == [field]
    assert proposal.found == (("fuzzy",) if field else ("",))
    assert 0.88 <= proposal.sure[0] <= 1
    assert fields(column, near=False) == [None]


def test_what_means_something_else_is_left_alone():
    names = ";".join(UNRELATED).split(";")
    assert [name for name, field in zip(names, fields(*names), strict=True) if field] == []


def test_a_field_with_one_value_is_guessed_once_and_never_when_it_is_known():
    assert fields("Компаня", "Компани") == ["company", None] or fields("Компаня", "Компани") == [None, "company"]
    assert fields("Company", "Copmany") == ["company", None]
    assert fields("ФИО", "Фамлия") == ["name", None]
    assert fields("Телефон", "Телефн") == ["phone", "phone"]


def test_a_name_between_two_fields_is_no_guess():
    assert guesses(["tags"], [("tagz", "tags"), ("tagx", "notes")]) == [("", 0.0)]


def test_thousands_of_columns_are_not_looked_at_one_by_one():
    assert [field for field, _sure in guesses(["Телефн"] * 3_000, PAIRS)].count("phone") == 200


def test_what_was_chosen_goes_before_everything():
    saved = Plan((Column("city"), Column("notes")))
    proposal = propose(["ФИО", "Город"], {"фио": "company", "Город": "attribute:Город"}, saved)
    assert (proposal.plan.fields, proposal.found) == (["company", "attribute:Город"], ("chosen", "chosen"))
    assert fields("ФИО", "Город", chosen={"Город": ""}) == ["name", None]


def test_what_was_saved_goes_before_what_is_recognised_with_all_that_belongs_to_it():
    saved = Plan((Column("company", "fill"), Column()), {"city": "Tver"}, ("email",), "update", restore=True)
    proposal = propose(["ФИО", "Город"], saved=saved)
    assert proposal.plan == saved
    assert proposal.found == ("saved", "")


def test_a_balance_may_name_its_currency():
    proposal = propose(["ФИО", "Баланс USD", "Balance (EUR)", "Остаток, руб.", "₽ остаток", "KZT balance", "Баланс"])
    assert [column.currency for column in proposal.plan.columns] == ["", "USD", "EUR", "RUB", "", "KZT", ""]
    assert proposal.plan.fields == ["name", BALANCE, BALANCE, BALANCE, None, BALANCE, BALANCE]


def test_labels_are_those_of_the_column_beside():
    google = ["Name", "Phone 1 - Label", "Phone 1 - Value", "E-mail 1 - Type", "E-mail 1 - Value"]
    assert fields(*google) == ["name", "label", "phone", "label", "email"]
    assert fields("Name", "Phone 1 - Label", "Age", "Phone 1 - Value") == ["name", None, None, "phone"]
    assert fields("Name", "Address 1 - Type", "Address 1 - Value") == ["name", None, None]


def test_the_name_of_a_column_tells_the_label_of_its_contacts():
    columns = propose(
        ["Рабочий телефон", "Home phone", "Моб. тел.", "Телефон", "Work email", "Work place"]
    ).plan.columns
    assert [column.label for column in columns] == ["Work", "Home", "Mobile", "", "Work", ""]


def test_the_column_of_reasons_and_columns_without_a_name_hold_nothing():
    assert fields("name", "error", "", " ", "…") == ["name", None, None, None, None]


def test_a_header_may_be_found_by_names_that_are_nearly_known():
    records = [["Отчёт", "за год"], ["Клиентт", "Тилефон"], ["Анна", "1"]]
    assert find_header(records) is None
    assert find_header(records, near=True).line == 1
