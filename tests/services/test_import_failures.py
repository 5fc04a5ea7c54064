"""The file of failed rows: every row with its reason, safe to open, ready to be mended and sent again."""

import csv
import io

import pytest
from sqlalchemy import select

from crm.db import db
from crm.models import Customer
from crm.services import imports
from crm.services.importing.failures import lines
from tests.uploads import counts, table, take

BAD = [
    ["name", "email", "phone", "wallet_balance", "notes"],
    ["Anna", "bad", "+79120000001", "10.00", "=SUM(1+1)"],
    ["Борис\nII", "b@example.com", "+7 000", "-15.00", 'quote " inside'],
    ["Vera", "v@example.com", "", "", "good"],
    ["  ", "@x", "", "", "\tx"],
    ["Gleb", "g@example.com", "", "", "", "extra", ""],
    ["Dora", "worse"],
    ["A\x00b", "", "", "", ""],
]


def failures(upload_id: int, delimiter: str = ",") -> list[list[str]]:
    text = "".join(imports.failures_csv(upload_id))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))


def test_every_failed_row_is_there_with_its_reason_in_the_order_of_the_file(app):
    upload = take(table(BAD))
    header, *rows = failures(upload.id)
    assert header == [*BAD[0], "error"]
    assert [row[5] for row in rows] == [
        "email: bad is not a valid e-mail address.",
        "phone: +7 000 is not a valid phone number. wallet_balance: An amount cannot be negative.",
        "email: @x is not a valid e-mail address. name: Enter a name.",
        "This row has 2 cells more than the header has columns.",
        "email: worse is not a valid e-mail address.",
        "name: This has characters that cannot be shown.",
    ]
    assert [row[0] for row in rows] == ["Anna", "Борис\nII", "  ", "Gleb", "Dora", "A\x00b"]
    assert rows[3][6:] == ["extra", ""]


def test_it_has_the_delimiter_of_the_upload(app):
    upload = take(table(BAD, ";"))
    assert failures(upload.id, ";")[0] == [*BAD[0], "error"]


def test_nothing_in_it_runs_as_a_formula_and_numbers_stay_numbers(app):
    rows = failures(take(table(BAD)).id)
    assert rows[1][4] == "'=SUM(1+1)"
    assert rows[1][2:4] == ["+79120000001", "10.00"]
    assert rows[2][3] == "-15.00"
    assert rows[3][1] == "'@x"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_mended_file_goes_through_with_what_was_meant(app, delimiter):
    first = take(table(BAD[:3], delimiter))
    assert counts(first) == {"failed": 2}
    text = "".join(imports.failures_csv(first.id))
    mended = text.replace("bad", "a@example.com", 1).replace("+7 000", "+79120000002").replace("-15.00", "15.00")
    second = take(mended)
    assert counts(second) == {"created": 2}
    assert second.plan["columns"][-1]["field"] is None
    assert not any("error" in note for note in second.notes)
    assert db.session.execute(select(Customer.name, Customer.notes).order_by(Customer.id)).all() == [
        ("Anna", "=SUM(1+1)"),
        ("Борис II", 'quote " inside'),
    ]


def test_sent_again_as_it_is_it_comes_back_the_same(app):
    first = take(table(BAD))
    text = "".join(imports.failures_csv(first.id))
    second = take(text)
    assert counts(second) == {"failed": first.failed}
    again = "".join(imports.failures_csv(second.id))
    assert again == "".join(imports.failures_csv(take(again).id))
    assert failures(second.id)[0] == failures(first.id)[0]


def test_without_failures_there_is_only_the_header(app):
    assert failures(take("name\nAnna\n").id) == [["name", "error"]]


def test_it_comes_in_pieces_however_long_it_is(app, count_statements):
    upload = take("name,email\n" + "".join(f"Customer {number},bad {number}\n" for number in range(2500)))
    with count_statements() as statements:
        rows = failures(upload.id)
    assert len(rows) == 2501
    assert [row[1] for row in rows[1:]] == [f"bad {number}" for number in range(2500)]
    assert len(statements) == 14  # 200 rows each, and the import


def test_a_short_row_is_filled_up_and_an_old_error_column_gives_way():
    text = "".join(lines(["name", "Error", "city"], ",", [(["Anna", "old"], "new"), (["B", "old", "C", "x"], "two")]))
    assert list(csv.reader(io.StringIO(text.removeprefix("\ufeff")))) == [
        ["name", "city", "error"],
        ["Anna", "", "new"],
        ["B", "C", "two", "x"],
    ]
