"""Headers are recognised as people and programs write them."""

import pytest

from crm.services.importing.columns import _NAMES, recognise
from crm.services.importing.plan import FIELDS
from crm.services.importing.proposals import find_header

GENERATED = "external_id,name,company,email,phone,telegram,city,tags,notes,currency,wallet_balance"
ACCOUNTING = "Код;ФИО;Организация;Эл. почта;Телефон;Телеграм;Город;Метки;Комментарий;Валюта;Остаток"
GOOGLE = (
    "First Name,Middle Name,Last Name,Nickname,Organization Name,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,"
    "E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Website 1 - Label,Website 1 - Value"
)
EXPORTED = (
    "id,external_id,name,kind,company,city,notes,tags,phone,email,telegram,whatsapp,viber,vk,instagram,website,other,"
    "status,created_at"
)


@pytest.mark.parametrize(
    ("header", "delimiter", "mapping"),
    [
        (GENERATED, ",", GENERATED.split(",")),
        (ACCOUNTING, ";", ["external_id", "name", "company", "email", "phone", "telegram", "city", "tags", "notes",
                           "currency", "wallet_balance"]),
        (GOOGLE, ",", ["first_name", "middle_name", "last_name", None, "company", "notes", "tags", None, "email", None,
                       "email", None, "phone", None, "website"]),
        (EXPORTED, ",", [None, *EXPORTED.split(",")[1:17], None, None]),
        ("Наименование;Телефон;E-mail;Дата создания;Сальдо, руб.;Примечание;Код клиента", ";",
         ["name", "phone", "email", None, "wallet_balance", "notes", "external_id"]),
        ("Фамилия;Имя;Отчество;Мобильный телефон;Рабочий телефон;WhatsApp;ВКонтакте", ";",
         ["last_name", "first_name", "middle_name", "phone", "phone", "whatsapp", "vk"]),
    ],
    ids=["generated", "accounting", "google", "our own export", "price list", "names in parts"],
)  # fmt: skip
def test_headers_of_known_programs(header, delimiter, mapping):
    assert recognise(header.split(delimiter)) == mapping


@pytest.mark.parametrize("spelling", ["E-Mail", "e_mail", "EMAIL", "E-mail:", "  E-mail  ", "Email 2", "ЭЛ.ПОЧТА"])
def test_punctuation_case_and_numbers_do_not_matter(spelling):
    assert recognise([spelling]) == ["email"]


def test_ё_is_е():
    assert recognise(["Партнер", "Кошелек"]) == recognise(["Партнёр", "Кошелёк"]) == ["name", "wallet_balance"]


def test_of_two_columns_for_one_field_the_better_name_wins_wherever_it_stands():
    assert recognise(["id", "external_id"]) == [None, "external_id"]
    assert recognise(["external_id", "id"]) == ["external_id", None]
    assert recognise(["Клиент", "ФИО"]) == [None, "name"]


def test_of_two_equal_columns_the_first_is_taken():
    assert recognise(["name", "city", "Name"]) == ["name", "city", None]


def test_a_channel_may_have_many_columns_and_a_number_matters_for_nothing_else():
    assert recognise(["phone", "phone 2", "phone", "city 2"]) == ["phone", "phone", "phone", None]


def test_every_recognised_name_leads_to_a_field_of_its_own():
    for field, names in _NAMES.items():
        assert field in FIELDS
        for name in names.split(","):
            assert recognise([name]) == [field], name


def test_the_header_is_the_record_that_names_the_most():
    records = [["Клиент"], ["отчёт", "за год"], ["Клиент", "Телефон", "Город"], ["Имя", "Иванов"]]
    header = find_header(records)
    assert (header.line, header.columns) == (2, ["Клиент", "Телефон", "Город"])


def test_blank_columns_at_the_end_do_not_count():
    assert find_header([["name", "", "city", "", " "]]).columns == ["name", "", "city"]


def test_without_a_name_there_is_no_header():
    assert find_header([["email", "phone"], ["a@example.com", "+7"]]) is None
