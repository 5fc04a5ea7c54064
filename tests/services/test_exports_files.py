"""Laws of the exported files: every customer that was asked for, nothing that would be run, little at a time."""

import csv
import io
import json
from collections.abc import Iterator

import pytest
from python_calamine import CalamineWorkbook

from crm.db import db
from crm.models import Customer
from crm.services import customers, imports
from crm.services.customer_data import ChannelData, CustomerData
from crm.services.exporting import customers as exported
from crm.services.exporting import files, orders
from crm.services.importing.choices import Choices
from crm.services.search import Criteria
from crm.spreadsheet import unguarded
from crm.tabular import writing
from tests import databases, money, people
from tests.people import CLI

ALL = Criteria(status="")


def csv_lines(criteria: Criteria = ALL, for_people: bool = False) -> Iterator[str]:
    return files.pieces(exported.sheet(criteria), "csv", for_people)


def table(criteria: Criteria = ALL) -> list[dict[str, str]]:
    """The CSV file as a program reads it."""
    text = "".join(csv_lines(criteria))
    assert text.startswith("\ufeffid,")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def awkward() -> CustomerData:
    return CustomerData(
        '=HYPERLINK("http://evil";"Анна")',
        company="@SUM(1+1), \"Ёлка\"; 'x'",
        city="-2+3",
        notes='=1\nдва,\t"три"\r\n+4',
        external_id="'00123",
        tags=["+vip", "опт (розница)"],
        channels=[
            ChannelData("phone", "+7 912 345-67-89"),
            ChannelData("phone", "8 912 345-67-80", is_primary=True),
            ChannelData("email", "Anna@Example.com"),
            ChannelData("other", "=cmd|' /C calc'!A0"),
        ],
    )


def test_what_is_stored_comes_back_to_the_letter(app):
    anna = customers.create(CLI, awkward())
    (row,) = table()
    read = {name: unguarded(cell) for name, cell in row.items()}
    assert {name: read[name] for name in ("name", "company", "city", "notes", "external_id")} == {
        "name": anna.name, "company": anna.company, "city": anna.city, "notes": anna.notes, "external_id": "'00123",
    }  # fmt: skip
    assert read["tags"] == "+vip, опт (розница)"
    assert read["phone"] == "8 912 345-67-80 ::: +7 912 345-67-89"  # the main one first
    assert (read["email"], read["other"]) == ("Anna@Example.com", "=cmd|' /C calc'!A0")
    assert (read["id"], read["kind"], read["status"]) == (str(anna.id), "person", "active")
    assert read["created_at"] == anna.created_at.isoformat(timespec="seconds")


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "'=", "''@", "=\t"])
def test_no_cell_begins_as_a_formula_does(app, lead):
    people.add(
        f"{lead}cmd()", company=f"{lead}1+A1", city=f"{lead}x", notes=f"{lead}y", tags=[f"{lead}t"], other=f"{lead}z"
    )
    (row,) = table()
    assert [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_numbers_and_phones_stay_as_they_are(app):
    people.add("-5", phone="+7 912 345-67-89", external_id="+1 (2)")
    (row,) = table()
    assert (row["name"], row["phone"], row["external_id"]) == ("-5", "+7 912 345-67-89", "+1 (2)")


def test_the_file_has_just_what_the_list_shows(app):
    crowd = people.crowd(60)
    for criteria, rule in (
        (Criteria(), lambda person: not person.archived),
        (ALL, lambda person: True),
        (Criteria(tag="vip", status=""), lambda person: "vip" in person.tags),
        (Criteria(city="Орёл", channel="email"), lambda p: p.city == "Орёл" and p.email and not p.archived),
        (Criteria(q="такого нет"), lambda person: False),
    ):
        expected = [str(person.id) for person in crowd if rule(person)]
        assert [row["id"] for row in table(criteria)] == expected
    assert table(Criteria(q="ан")) != []


def test_every_cell_of_every_row_is_right_across_the_chunks(app, monkeypatch):
    monkeypatch.setattr(exported, "PAGE", 7)
    crowd = people.crowd(7 * 3)  # the last chunk is empty
    rows = table()
    assert [row["id"] for row in rows] == [str(person.id) for person in crowd]
    for row, person in zip(rows, crowd, strict=True):
        cells = {name: unguarded(row[name]) for name in ("name", "phone", "email", "telegram", "status")}
        assert cells == {
            "name": person.name, "phone": person.phone, "email": person.email, "telegram": person.telegram,
            "status": "archived" if person.archived else "active",
        }  # fmt: skip
        assert set(filter(None, row["tags"].split(", "))) == set(person.tags)


def test_the_file_is_made_while_it_is_read(app, monkeypatch, count_statements):
    monkeypatch.setattr(exported, "PAGE", 10)
    monkeypatch.setattr(writing, "PIECE", 10)
    people.crowd(100)
    money.wallet()
    with count_statements() as first:
        lines = csv_lines()
        assert len(first) == 5  # who they are, and what columns they need
        assert next(lines).count("\r\n") <= 11
    with count_statements() as rest:
        "".join(lines)
    assert len(first) <= 5 + 2 * 4 and len(first + rest) == 5 + 11 * 4  # four statements a page


def test_nobody_to_export_is_a_header_alone(app):
    assert table() == [] and len(next(csv_lines()).splitlines()) == 1
    assert list(files.pieces(exported.sheet(ALL), "jsonl")) == []


def test_json_lines_have_lists_and_whole_moments(app):
    anna = customers.create(CLI, awkward())
    (line,) = files.pieces(exported.sheet(ALL), "jsonl")
    row = json.loads(line)
    assert line.endswith("\n") and list(row) == list(exported.sheet(ALL).columns)
    assert (row["name"], row["notes"], row["external_id"]) == (anna.name, anna.notes, "'00123")
    assert (
        row["phone"] == ["8 912 345-67-80", "+7 912 345-67-89"]
        and row["vk"] == []
        and row["tags"] == ["+vip", "опт (розница)"]
    )
    assert row["created_at"] == anna.created_at.isoformat(timespec="seconds")


def test_a_workbook_holds_text_alone(app, tmp_path):
    anna = customers.create(CLI, awkward())
    people.add("https://example.com", external_id="007")
    with (tmp_path / "customers.xlsx").open("wb") as file:
        files.write(exported.sheet(ALL), "xlsx", file, lambda _rows: None, for_people=False)
    header, first, second = CalamineWorkbook.from_path(tmp_path / "customers.xlsx").get_sheet_by_index(0).to_python()
    assert header == list(exported.sheet(ALL).columns)
    assert first[header.index("name")] == anna.name
    assert (second[header.index("name")], second[header.index("external_id")]) == ("https://example.com", "007")
    assert all(isinstance(cell, str) for cell in first)


def brought_back(app, run, text: str) -> None:
    """Empty the database and import the file."""
    db.session.rollback()
    databases.empty(app, run)
    upload = imports.accept(CLI, io.BytesIO(text.encode()), "customers.csv", Choices("create"), start=False)
    imports.run(upload.id)
    db.session.rollback()
    done = imports.get(upload.id)
    assert (done.status, done.failed, done.created) == ("done", 0, done.total_rows), failures(upload.id)


def failures(pk: int) -> str:
    return "".join(imports.failures_csv(pk))


def test_what_is_exported_can_be_imported_again(app, run):
    customers.create(CLI, awkward())
    people.add(
        "ООО Ромашка", kind="company", company="Ромашка", phone="+7 912 345-67-89", vk="romashka", allow_duplicate=True
    )
    people.crowd(30)
    kept = [name for name in exported.sheet(ALL).columns if name not in ("id", "status", "created_at", "updated_at")]
    before = [{name: row[name] for name in kept} for row in table()]
    brought_back(app, run, "".join(csv_lines(for_people=True)))
    assert [{name: row[name] for name in kept} for row in table()] == before
    assert db.session.query(Customer).count() == 32


@pytest.mark.parametrize("noun", ["payments", "operations"])
def test_what_is_posted_meanwhile_takes_nobodys_place(app, noun):
    wallet = money.wallet()
    for amount in (100, 101, 102):
        money.SERVICE.deposit(wallet, amount)
    sheet = orders.Order(noun, orders.criteria_of(noun)()).sheet()
    before = {cells[0] for cells in orders.Order(noun, orders.criteria_of(noun)()).sheet().rows}
    money.SERVICE.deposit(wallet, 999)
    assert before <= {cells[0] for cells in sheet.rows}
