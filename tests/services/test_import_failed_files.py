"""Failed rows come back in the format that was uploaded, and go in again as they were, mended."""

import io
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.db import db
from crm.models import Customer
from crm.services import imports
from crm.services.importing.failures import as_uploaded
from crm.services.importing.file import examine
from crm.spreadsheet import unguarded
from crm.tabular.writing import write_workbook
from tests.sheets import ods, xlsb
from tests.uploads import counts, table, take

HEADER = ["name", "email", "notes"]
AWKWARD = ["=SUM(1+1)", "'=1", "''+x", "-15", "+7 912", "\t=1", "'s-Hertogenbosch", 'a "b", c; d', "две\nстроки", "007"]
# Fails for its e-mail; the notes are to come through untouched.
ROWS = [HEADER, *([f"Анна {number}", "bad", notes] for number, notes in enumerate(AWKWARD))]


def book(rows: list[list[str]]) -> bytes:
    buffer = io.BytesIO()
    write_workbook(buffer, "A", rows[0], rows[1:])
    return buffer.getvalue()


def jsonl(rows: list[list[str]]) -> bytes:
    return "".join(json.dumps(dict(zip(rows[0], row, strict=True))) + "\n" for row in rows[1:]).encode()


def failed(pk: int) -> tuple[str, bytes]:
    file = imports.failed_file(pk)
    data = b"".join(file.pieces)
    db.session.rollback()
    return file.suffix, data


def rows_of(folder: Path, data: bytes) -> list[list[str]]:
    path = folder / "failed"
    path.write_bytes(data)
    return list(examine(path).records(path))


def rebuilt(suffix: str, rows: list[list[str]]) -> bytes:
    """A file of the rows as they were read: of CSV the cells as they stand in it, of others as they are escaped."""
    if suffix == "csv":
        return table(rows)
    return {"xlsx": book, "jsonl": jsonl}[suffix]([list(map(unguarded, row)) for row in rows])


@pytest.mark.parametrize(
    ("make", "suffix"),
    [
        (table, "csv"),
        (lambda rows: table(rows, ";").decode().encode("utf-16"), "csv"),
        (lambda rows: table(rows, "\t").decode().encode("cp1251"), "csv"),
        (book, "xlsx"),
        (lambda rows: ods({"A": rows}), "xlsx"),
        (lambda rows: xlsb("A", rows), "xlsx"),
        (jsonl, "jsonl"),
        (lambda rows: json.dumps([dict(zip(HEADER, row, strict=True)) for row in rows[1:]]).encode(), "jsonl"),
    ],
    ids=["csv", "utf-16", "cp1251", "xlsx", "ods", "xlsb", "jsonl", "json"],
)
def test_failed_rows_go_in_again_when_they_are_mended(app, tmp_path, make, suffix):
    meant = take(make([HEADER, *([*row[:1], "", *row[2:]] for row in ROWS[1:])]))
    wanted = list(db.session.scalars(select(Customer.notes).order_by(Customer.id)))
    assert counts(meant) == {"created": len(AWKWARD)}
    first = take(make(ROWS), on_duplicate="create")
    assert counts(first) == {"failed": len(AWKWARD)}
    ending, data = failed(first.id)
    assert ending == suffix
    header, *rows = rows_of(tmp_path, data)
    again = failed(take(data, on_duplicate="create").id)[1]  # sent as it is, it comes back the same
    assert rows_of(tmp_path, again) == [header, *rows]
    assert header == [*HEADER, "error"]
    assert {row[3] for row in rows} == {"email: bad is not a valid e-mail address."}
    second = take(rebuilt(suffix, [header, *([row[0], "", *row[2:]] for row in rows)]), on_duplicate="create")
    assert counts(second) == {"created": len(AWKWARD)}
    notes = list(db.session.scalars(select(Customer.notes).order_by(Customer.id)))
    assert notes == [*wanted, *wanted]


@pytest.mark.parametrize(
    ("encoding", "error", "written"),
    [
        ("cp1251", "Неверно", "cp1251"),
        ("koi8_r", "Неверно", "koi8_r"),
        ("cp866", "wrong", "cp866"),
        ("cp1252", "wrong", "cp1252"),
        ("cp1252", "Неверно", "utf-8-sig"),
        ("utf-8", "Неверно", "utf-8-sig"),
        ("utf-8-sig", "Неверно", "utf-8-sig"),
        ("utf-16-be", "Неверно", "utf-16"),
        ("utf-32", "Неверно", "utf-32"),
    ],
)
def test_csv_keeps_the_encoding_that_has_the_letters_of_the_reasons(encoding, error, written):
    cells = [["é" if encoding == "cp1252" else "Ж", "a;b"]] * 2_500
    pieces = as_uploaded("csv", encoding, ";", ["name", "city"], ((row, error) for row in cells)).pieces
    text = b"".join(pieces).decode(written)
    assert text.splitlines() == ["name;city;error", *[f'{cells[0][0]};"a;b";{error}'] * 2_500]
    assert "\ufeff" not in text


def test_a_letter_that_turns_up_late_does_not_stop_the_file():
    failures = [(["a"], "wrong")] * 3_000 + [(["a"], "Łódź ≠ Лодзь")]
    text = b"".join(as_uploaded("csv", "cp1251", ",", ["name"], failures).pieces).decode("cp1251")
    assert text.splitlines()[-1] == "a,??d? ? Лодзь"


def test_several_values_stay_several_in_json():
    file = as_uploaded("jsonl", "utf-8", ",", ["name", "tags", "error"], [(["A", "x ::: y", "old"], "new")])
    assert [json.loads(line) for line in b"".join(file.pieces).splitlines()] == [
        {"name": "A", "tags": ["x", "y"], "error": "new"}
    ]
