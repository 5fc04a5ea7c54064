"""What is decided about a file beforehand is done, by an import and by a rehearsal."""

import io
from typing import Any

import pytest
import sqlalchemy as sa
import xlsxwriter

from crm.db import db
from crm.errors import Invalid
from crm.models import AccountBalance, ContactChannel, Customer, Import
from crm.services import imports
from crm.services.importing.choices import Choices
from crm.services.importing.plan import Column, Plan
from crm.services.tables import Reading
from tests import money, people
from tests.uploads import CLERK, accept, counts, draft, errors, kept, take


def held() -> list[tuple[str, int]]:
    balances = sa.select(AccountBalance.currency, AccountBalance.balance)
    return [tuple(row) for row in db.session.execute(balances.where(AccountBalance.customer_id.is_not(None)))]


def plan_of(data: str, **choices: Any) -> Plan:
    return Plan.from_json(accept(data, **choices).plan)


def test_columns_are_decided_by_their_names_however_they_are_spelled(app):
    plan = plan_of(
        "ФИО,Остаток,Тел. 2,Город\nАнна,5,+79123456789,Тверь\n",
        mapping={"тел 2": "phone"},
        policies={"ГОРОД": "fill", "ФИО": "never"},
        currencies={"остаток": "USD"},
        labels={"Тел. 2": " Work "},
    )
    assert plan.columns == (
        Column("name", "never"), Column("wallet_balance", currency="USD"), Column("phone", label="Work"),
        Column("city", "fill"),
    )  # fmt: skip


def test_what_is_decided_is_done(app, tmp_path):
    people.add("Anna", external_id="C1", city="Tver")
    people.add("Boris", external_id="C2")
    data = "external_id,name,city,phone,saldo\nC1,Anna B.,Orel,,\nC2,Boris B.,Orel,380441234567,7.50\n"
    choices = {
        "on_duplicate": "update", "mapping": {"saldo": "wallet_balance"}, "policies": {"name": "never", "city": "fill"},
        "currencies": {"saldo": "USD"}, "labels": {"phone": "Home"}, "defaults": {"tags": "fair=2026"}, "repair": True,
    }  # fmt: skip
    path = tmp_path / "customers.csv"
    path.write_text(data)
    rehearsal = imports.rehearse(path, Choices(**choices))
    upload = take(data, **choices)
    assert counts(rehearsal) == counts(upload) == {"updated": 2}, errors(upload)
    rows = db.session.execute(sa.select(Customer.name, Customer.city).order_by(Customer.id)).all()
    assert rows == [("Anna", "Tver"), ("Boris", "Orel")]
    channel = db.session.scalars(sa.select(ContactChannel)).one()
    assert (channel.value, channel.label) == ("+380441234567", "Home")
    assert held() == [("USD", 750)]
    money.check_ledger()


def test_columns_of_balances_open_a_wallet_for_each_currency(app):
    currencies = {"а": "USD", "Остаток": "EUR", "сальдо JPY": ""}
    table = "name,а,Остаток,Сальдо JPY\nAnna,1,2,3\n"
    assert take(table, mapping={"а": "wallet_balance"}, currencies=currencies).created == 1
    assert sorted(held()) == [("EUR", 200), ("RUB", 300), ("USD", 100)]


def test_nothing_is_repaired_unless_that_is_wanted(app):
    data = "name,phone\nAnna,380441234567\n"
    assert errors(take(data)) and plan_of(data).repairs == ()
    assert take(data, repair=True).created == 1


@pytest.mark.parametrize("header", [None, 3])
def test_a_file_is_read_as_it_is_said(app, header):
    text = "Отчёт;\nза ноябрь;\n;\nname;city\nАнна;Тверь|Орёл\n"
    reading = Reading("koi8_r", ";", header=header)
    upload = accept(text.encode("koi8_r"), reading=reading)
    assert (upload.encoding, upload.delimiter, upload.header_line, upload.columns) == (
        "koi8_r", ";", 3, ["name", "city"],
    )  # fmt: skip
    imports.run(upload.id)
    assert db.session.execute(sa.select(Customer.name, Customer.city)).all() == [("Анна", "Тверь|Орёл")]


def workbook() -> bytes:
    """Three sheets with customers."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        for name in ("2024", "2025", "2026"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["name"])
            sheet.write_row(1, 0, [f"Anna of {name}"])
    return buffer.getvalue()


def test_a_sheet_is_chosen_by_its_name(app):
    for name in ("2026", "2024"):
        assert take(workbook(), filename="book.xlsx", reading=Reading(sheet=name)).sheet == name
    assert set(db.session.scalars(sa.select(Customer.name))) == {"Anna of 2026", "Anna of 2024"}
    with pytest.raises(Invalid) as refusal:
        accept(workbook(), "book.xlsx", reading=Reading(sheet="Лист 9"))
    assert refusal.value.fields == {"file": ["The workbook has no such sheet."]}
    with pytest.raises(Invalid) as refusal:
        accept(workbook(), "book.xlsx", reading=Reading("cp1251", ","))
    assert list(refusal.value.fields) == ["encoding", "delimiter"]
    assert kept() == []


TABLE = "name,phone,balance\nAnna,+79123456789,5\n"


@pytest.mark.parametrize(
    ("choices", "field", "sentence"),
    [
        ({"on_duplicate": "burn"}, "on_duplicate", "Choose what to do with customers who are there already."),
        ({"mapping": {"phone": "fax"}}, "mapping", "There is no field fax; the fields are "),
        ({"mapping": {"fax": "phone"}}, "mapping", "There is no column fax; the columns are name, phone, balance."),
        (
            {"mapping": {"phone": "city", "balance": "city"}},
            "mapping",
            "balance: Another column goes into this field already.",
        ),
        ({"policies": {"fax": "fill"}}, "policies", "There is no column fax; the columns are name, phone, balance."),
        ({"policies": {"phone": "burn"}}, "policies", "phone: This is one of overwrite, fill, never."),
        ({"policies": {"name": "fill", "NAME": "never"}}, "policies", "A column is named twice."),
        ({"mapping": {"phone": ""}, "policies": {"phone": "fill"}}, "policies", "The column phone is left out."),
        ({"currencies": {"balance": "euro"}}, "currencies", "euro is not a currency; write a code such as RUB."),
        ({"currencies": {"phone": "EUR"}}, "currencies", "The column phone does not hold balances."),
        ({"labels": {"name": "Work"}}, "labels", "The column name does not hold contacts."),
        ({"labels": {"phone": "x" * 51}}, "labels", "phone: This is longer than 50 characters."),
        ({"defaults": {"fax": "1"}}, "defaults", "fax: Only name, kind, company, city, tags, notes, currency have"),
        ({"defaults": {"wallet_balance": "5"}}, "defaults", "wallet_balance: Only name, kind, "),
        ({"defaults": {"kind": "ghost"}}, "defaults", "kind: "),
        ({"match": ["shoe"]}, "match", "Choose what customers are recognised by, each once."),
        ({"match": [], "on_duplicate": "update"}, "match", "Choose at least one thing"),
        ({"reading": Reading("latin-9")}, "file", "There is no encoding latin-9 to choose."),
        ({"reading": Reading("utf-16")}, "file", "The file is not written in UTF-16."),
        ({"reading": Reading(header=7)}, "file", "Row 8 does not have the names of the columns."),
        ({"reading": Reading(header=1)}, "file", "Row 2 does not have the names of the columns."),
        ({"reading": Reading(sheet="2026")}, "sheet", "Workbooks alone have sheets."),
    ],
)
def test_what_cannot_be_decided_so_is_named_and_nothing_is_kept(app, tmp_path, choices, field, sentence):
    path = tmp_path / "customers.csv"
    path.write_text(TABLE)
    for refused in (lambda: accept(TABLE, **choices), lambda: imports.rehearse(path, Choices(**choices))):
        with pytest.raises(Invalid) as refusal:
            refused()
        assert list(refusal.value.fields) == [field] and refusal.value.message.startswith(sentence)
    db.session.rollback()
    assert db.session.scalars(sa.select(Import)).all() == []
    assert kept() == []


def test_of_two_columns_with_one_name_the_first_is_taken_and_the_other_named(app):
    upload = take("name,Fax,Fax\nAnna,1,2\n", mapping={"Fax": "attribute:Fax"}, policies={"Fax": "fill"})
    assert upload.created == 1 and upload.notes == ["The column Fax was not recognised and is left out."]
    assert db.session.scalars(sa.select(Customer.attributes)).one() == {"Fax": "1"}


def test_what_was_decided_last_time_says_what_is_repaired(app):
    first = draft("name,Kontakt,phone\nAnna,1,2\n")
    columns = (Column("name"), Column("phone"), Column("attribute:Account"))
    imports.replan(CLERK, first.id, Plan(columns))
    imports.start(CLERK, first.id)
    upload = take("name,Kontakt,phone\nBoris,380441234567,380441234568\n", repair=True)
    assert upload.created == 1, errors(upload)
    boris = db.session.scalars(sa.select(Customer).where(Customer.name == "Boris")).one()
    assert [one.value for one in boris.channels] == ["+380441234567"]
    assert boris.attributes == {"Account": "380441234568"}
