"""Any file that people send is read as it was meant, or refused with a sentence that tells why."""

import io
import random
import zipfile
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter

from crm.services.importing.file import Layout, examine
from crm.tabular import conversion
from crm.tabular.errors import Unreadable

RUSSIAN = "ФИО;Эл. почта;Телефон\r\nФёдоров Пётр;fedor@example.ru;8 (912) 000-00-01\r\nАнна;anna@example.com;\r\n"
WESTERN = "Name;City\r\nJürgen Müller;Köln\r\nJosé García;Málaga\r\nZoë Brontë;Besançon\r\n"
MIXED = b"name,email\n" + "Анна,a@example.com\n".encode() + "Борис,b@example.com\n".encode("cp1251")


def stored(folder: Path, data: bytes) -> Path:
    path = folder / "upload"
    path.write_bytes(data)
    return path


def read(folder: Path, data: bytes, **options: dict[str, str]) -> tuple[Layout, list[list[str]]]:
    path = stored(folder, data)
    layout = examine(path, **options)
    return layout, list(layout.records(path))[layout.header.line + 1 :]


def refusal(folder: Path, data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        examine(stored(folder, data))
    return str(caught.value)


def book(rows: list[list[object]], *others: tuple[str, list[list[object]]], name: str = "Клиенты") -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"default_date_format": "dd.mm.yyyy"}) as target:
        for title, cells in ((name, rows), *others):
            sheet = target.add_worksheet(title)
            for number, row in enumerate(cells):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1251", "cp1251"),
        ("koi8-r", "koi8_r"),
        ("cp866", "cp866"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_russian_text_is_read_in_any_encoding_and_with_any_delimiter(tmp_path, encoding, expected, delimiter):
    text = RUSSIAN.replace(";", delimiter)
    layout, rows = read(tmp_path, text.encode(encoding))
    assert (layout.encoding, layout.delimiter, layout.total) == (expected, delimiter, 2)
    assert rows[0] == ["Фёдоров Пётр", "fedor@example.ru", "8 (912) 000-00-01"]
    assert layout.header.mapping == ["name", "email", "phone"]


def test_western_text_without_a_mark_is_not_taken_for_cyrillic(tmp_path):
    layout, rows = read(tmp_path, WESTERN.encode("cp1252"))
    assert layout.encoding == "cp1252"
    assert rows[2] == ["Zoë Brontë", "Besançon"]


def test_a_short_russian_word_is_enough(tmp_path):
    layout, rows = read(tmp_path, "name,city\nАнна,Казань\n".encode("cp1251"))
    assert (layout.encoding, rows) == ("cp1251", [["Анна", "Казань"]])


def test_a_large_cp866_file_is_not_mixed_because_a_few_of_its_words_are_utf8_by_accident(tmp_path):
    accident = "раб".encode("cp866")
    assert accident.decode("utf-8")  # three bytes, one Indic letter
    text = "name,city\n" + "Иванов Пётр,Тверь\n" * 500
    layout, rows = read(tmp_path, text.encode("cp866") + b"name," + accident + b"\n")
    assert (layout.encoding, rows[-1]) == ("cp866", ["name", "раб"])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_like(tmp_path, ending):
    layout, rows = read(tmp_path, ending.join(["name,city", "Anna,Tver", "Boris,Perm", ""]).encode())
    assert (layout.total, rows) == (2, [["Anna", "Tver"], ["Boris", "Perm"]])


def test_the_delimiter_is_the_one_that_makes_sense_of_the_header(tmp_path):
    layout, rows = read(tmp_path, b"name;company;notes\nAnna;Acme, Inc.;a, b, c, d\nBoris;Smith, Sons;e, f\n")
    assert (layout.delimiter, rows[0]) == (";", ["Anna", "Acme, Inc.", "a, b, c, d"])


def test_a_single_column_needs_no_delimiter(tmp_path):
    layout, rows = read(tmp_path, "ФИО\nИванов, Иван\nПетров, Пётр\n".encode())
    assert (layout.header.mapping, layout.total, rows[0]) == (["name"], 2, ["Иванов, Иван"])


def test_excels_own_line_about_the_delimiter_may_stand_above(tmp_path):
    layout, _rows = read(tmp_path, b"sep=;\r\nname;phone\r\nAnna;+79120000001\r\n")
    assert (layout.delimiter, layout.header.line, layout.total) == (";", 1, 1)


def test_the_header_may_stand_below_titles_and_blank_lines(tmp_path):
    data = "Клиенты\n\nна 01.11.2026;;\n\nФИО;Телефон;Город\nАнна;;Тверь\n".encode()
    layout, rows = read(tmp_path, data)
    assert (layout.header.line, rows) == (4, [["Анна", "", "Тверь"]])


def test_notes_tell_what_is_left_out(tmp_path):
    layout, _rows = read(tmp_path, b"name,shoe size,error,hat,balance\nAnna,38,old,M,1\n\n , ,\nBoris,44,,L,2\n")
    assert layout.total == 2
    assert layout.notes == [
        "The columns shoe size, hat were not recognised and are left out.",
        "2 blank rows are left out.",
    ]


def test_a_mapping_goes_before_what_is_recognised(tmp_path):
    data = b"nom,name,ville\nAnna,ignored,Lyon\n"
    layout, _rows = read(tmp_path, data, chosen={"NOM": "name", "name": "", "ville": "city"})
    assert layout.header.mapping == ["name", None, "city"]


def test_two_encodings_in_one_file_are_refused_by_line(tmp_path):
    assert refusal(tmp_path, MIXED).startswith("Line 3 is written in another encoding than the lines before it.")


def test_utf8_cut_within_a_letter_is_refused_by_line(tmp_path):
    data = "name,city\nАнна,Тверь\nБорис,Пермь".encode()[:-1]
    assert refusal(tmp_path, data).startswith("Line 3 ")


def test_utf16_cut_within_a_letter_is_refused(tmp_path):
    assert refusal(tmp_path, "name\nАнна\n".encode("utf-16")[:-1]) == "The file says that it is utf-16, but it is not."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\n\n \n", "The file is empty."),
        (b"\xef\xbb\xbf", "The file is empty."),
        (b"name,email,phone\n", "The file has a header, but no rows below it."),
        (b"name,email,phone\n,,\n\n", "The file has a header, but no rows below it."),
        (
            b'name,email\n"Anna,a@example.com\nBoris,b@example.com\n',
            "In the row that begins in line 2 a quotation mark",
        ),
        (
            b'name,email\nAnna,a@example.com\n"Bo"ris,b@example.com\n',
            "In the row that begins in line 3 a quotation mark",
        ),
        (b'name,email\n"Anna\n' + b"Boris,b@example.com\n" * 9000, "The row that begins in line 2 has a cell of more"),
        (b"name\n" + b"a" * 2_000_000, "Line 2 is too long to be a row of a table."),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "This is a PDF document."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "The workbook is damaged, or only a part of it arrived."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "This is a picture."),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "This is a picture."),
        (b"\x1f\x8b\x08\x00", "This is an archive."),
        (b"  <!DOCTYPE HTML><html>", "This is a web page."),
        (b"<?xml version='1.0'?>", "This is an XML document."),
        (random.Random(1).randbytes(5000), "This is not a text file."),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_is_no_table_is_refused_with_a_sentence(tmp_path, data, sentence):
    assert refusal(tmp_path, data).startswith(sentence)


def test_columns_without_a_name_are_listed(tmp_path):
    sentence = refusal(tmp_path, "Почта,Телефон,Размер\na@example.com,,5\n".encode())
    assert sentence.startswith("There is no column with the customers' names. The columns found are: Почта, Телефон,")


def test_a_workbook_is_read_from_the_sheet_with_customers(tmp_path):
    rows = [
        ["Клиенты на 01.11.2026"],
        [],
        ["Наименование", "Телефон", "Дата", "Сальдо, руб.", "Код клиента"],
        ["Анна", 79120000001, date(2026, 1, 31), 26320.21, "C1"],
        [],
        ["Борис", "8 (912) 000-00-02", date(2026, 2, 1), 0.1 + 0.2, 17],
    ]
    layout, found = read(tmp_path, book([["Не импортировать"]], ("Список", rows), name="Справка"))
    assert (layout.header.line, layout.total, layout.header.mapping) == (
        2,
        2,
        ["name", "phone", None, "wallet_balance", "external_id"],
    )
    assert found == [
        ["Анна", "79120000001", "2026-01-31", "26320.21", "C1"],
        [],
        ["Борис", "8 (912) 000-00-02", "2026-02-01", "0.3", "17"],
    ]
    assert layout.notes[0] == "Only the sheet “Список” is read."


def test_hidden_sheets_are_not_read(tmp_path):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as target:
        target.add_worksheet("Visible").write_row(0, 0, ["nothing here"])
        hidden = target.add_worksheet("Hidden")
        hidden.write_column(0, 0, ["name", "Anna"])
        hidden.hide()
    assert refusal(tmp_path, buffer.getvalue()).startswith("There is no column with the customers' names.")


def test_a_workbook_cut_off_anywhere_is_refused_as_damaged(tmp_path):
    whole = book([["name", "phone"], *([f"Customer {number}", number] for number in range(300))])
    for length in (30, 200, len(whole) // 2, len(whole) - 1):
        assert refusal(tmp_path, whole[:length]).startswith("The workbook is damaged, or only a part of it arrived.")


def test_a_workbook_with_a_broken_sheet_is_refused_as_damaged(tmp_path):
    buffer = io.BytesIO(book([["name"], ["Anna"]]))
    broken = io.BytesIO()
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[: len(content) // 2] if name.endswith("sheet1.xml") else content)
    assert refusal(tmp_path, broken.getvalue()).startswith("The workbook is damaged")


def test_a_sheet_as_wide_and_high_as_excel_allows_does_not_take_the_memory(tmp_path):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as target:
        sheet = target.add_worksheet()
        sheet.write(0, 0, "name")
        sheet.write(1_048_575, 16_383, "far away")
    assert refusal(tmp_path, buffer.getvalue()).startswith("The workbook is too large to be read.")


def test_a_workbook_that_unpacks_to_too_much_is_refused_unread(tmp_path, monkeypatch):
    data = book([["name"], ["Anna"]])
    monkeypatch.setattr(conversion, "UNPACKED_LIMIT", len(data))
    assert refusal(tmp_path, data).startswith("The workbook is too large to be read.")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("word/document.xml", "This is a Word document."),
        ("content.xml", "This is an OpenDocument file."),
        ("photos/1.jpg", "This is an archive."),
    ],
)
def test_other_zipped_files_are_called_by_their_name(tmp_path, name, sentence):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr(name, "x")
    assert refusal(tmp_path, buffer.getvalue()).startswith(sentence)


def test_nothing_but_the_upload_is_left_in_the_folder(tmp_path):
    read(tmp_path, book([["name"], ["Anna"]], ("Other", [["x"]])))
    refusal(tmp_path, book([["x"]]))
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]
