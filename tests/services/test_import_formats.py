"""Every kind of table that people keep goes in, and a person may say how it is to be read."""

import io
import json
from pathlib import Path

import pytest
import xlsxwriter

from crm.services.importing.failures import as_uploaded
from crm.services.importing.file import examine
from crm.services.tables import Layout, Reading
from crm.spreadsheet import unguarded
from crm.tabular import stored
from crm.tabular.errors import Unreadable
from crm.tabular.records import MIXED
from crm.tabular.writing import write_workbook
from tests.sheets import ods, xlsb

FILES = Path(__file__).parents[1] / "files"
ROWS = [["ФИО", "Телефон", "Остаток"], ["Анна", 79120000001.0, 26320.21], ["Борис", "8 (912) 000-00-02", 0.5]]
EXPECTED = [["Анна", "79120000001", "26320.21"], ["Борис", "8 (912) 000-00-02", "0.5"]]


def read(folder: Path, data: bytes, reading: Reading | None = None, **options: bool) -> tuple[Layout, list[list[str]]]:
    path = folder / "upload"
    path.write_bytes(data)
    layout = examine(path, reading=reading or Reading(), **options)
    assert path.read_bytes() == data  # the upload stays as it came
    return layout, [cells for _number, cells in layout.rows(path)]


def refusal(folder: Path, data: bytes, reading: Reading | None = None) -> str:
    with pytest.raises(Unreadable) as caught:
        read(folder, data, reading)
    return str(caught.value)


def lines(*objects: object) -> bytes:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects).encode()


def book(**sheets: list[list[str]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as target:
        for name, rows in sheets.items():
            sheet = target.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return buffer.getvalue()


def test_an_old_excel_file_is_read_from_the_sheet_with_customers(tmp_path):
    layout, rows = read(tmp_path, (FILES / "clients.xls").read_bytes())
    assert (layout.kind, layout.sheet, layout.sheets, layout.header.line) == ("xls", 1, ["Справка", "Клиенты"], 3)
    assert rows == [
        ["Анна", "79120000001", "2026-01-31", "26320.21"],
        ["Борис", "8 (912) 000-00-02", "2026-02-01", "0.5"],
    ]


def test_an_opendocument_spreadsheet_is_read(tmp_path):
    layout, rows = read(tmp_path, ods({"Прочее": [["x"]], "Клиенты": ROWS}))
    assert (layout.kind, layout.sheet, layout.sheets) == ("ods", 1, ["Прочее", "Клиенты"])
    assert rows == EXPECTED


def test_a_binary_workbook_is_read(tmp_path):
    layout, rows = read(tmp_path, xlsb("Клиенты", ROWS))
    assert (layout.kind, layout.sheets, rows) == ("xlsb", ["Клиенты"], EXPECTED)


def test_the_sheet_may_be_chosen_and_chosen_again(tmp_path):
    data = book(One=[["name"], ["Anna"]], Two=[["name"], ["Boris"], ["Vera"]])
    assert read(tmp_path, data)[1] == [["Anna"]]
    layout, rows = read(tmp_path, data, Reading(sheet=1))
    assert (layout.sheet, layout.total, rows) == (1, 2, [["Boris"], ["Vera"]])
    assert layout.notes == ["Only the sheet “Two” is read."]
    assert read(tmp_path, data, Reading(sheet=0))[1] == [["Anna"]]
    assert refusal(tmp_path, data, Reading(sheet=2)) == "The workbook has no such sheet."


def test_what_was_made_of_a_workbook_is_kept_beside_it_and_made_again(tmp_path):
    path = tmp_path / "upload"
    layout, rows = read(tmp_path, book(One=[["x"]], Two=[["name"], ["Boris"]]))
    assert sorted(found.name for found in tmp_path.iterdir()) == ["upload", "upload.1.csv"]
    stored.forget_sheets(path)
    assert [cells for _number, cells in layout.rows(path)] == rows == [["Boris"]]
    stored.remove(path)
    assert list(tmp_path.iterdir()) == []


def test_text_that_looks_like_a_formula_comes_out_of_workbooks_and_json_as_it_stood(tmp_path):
    cells = ["=1+1", "'=1+1", "''=1", "+7 912", "@x", "'s-Hertogenbosch", "-cmd|' /C calc'!A0"]
    book = io.BytesIO()
    write_workbook(book, "A", ["name"], [[cell] for cell in cells])
    json_lines = lines(*({"name": cell} for cell in cells))
    for data in (book.getvalue(), json_lines):
        assert [unguarded(row[0]) for row in read(tmp_path, data)[1]] == cells


def test_json_lines_have_a_row_for_each_object_and_a_column_for_each_name(tmp_path):
    data = lines(
        {"name": "Анна", "phone": "+79120000001", "wallet_balance": 10, "vip": True, "notes": None},
        {"name": "Борис", "tags": ["a", "b"], "wallet_balance": 1.50, "company": "=1+1"},
    )
    layout, rows = read(tmp_path, data)
    assert (layout.kind, layout.total) == ("jsonl", 2)
    assert layout.header.columns == ["name", "phone", "wallet_balance", "vip", "notes", "tags", "company"]
    assert rows == [
        ["Анна", "+79120000001", "10", "TRUE", "", "", ""],
        ["Борис", "", "1.5", "", "", "a ::: b", "=1+1"],
    ]


def test_numbers_in_json_keep_every_digit(tmp_path):
    data = b'{"name":"A","external_id":12345678901234567890,"wallet_balance":0.10}\n'
    assert read(tmp_path, data)[1] == [["A", "12345678901234567890", "0.10"]]
    assert read(tmp_path, b"[" + data + b"]")[1] == [["A", "12345678901234567890", "0.10"]]


def test_what_is_nested_in_json_has_the_names_above_it_and_channels_their_type(tmp_path):
    channels = [{"type": "phone", "value": "1"}, {"type": "email", "value": "a@b.c"}, {"type": "phone", "value": "2"}]
    data = lines({"name": "A", "address": {"city": "Тверь"}, "channels": channels})
    layout, rows = read(tmp_path, data)
    assert layout.header.columns == ["name", "address.city", "channels", "phone", "email"]
    assert layout.header.mapping == ["name", "city", None, "phone", "email"]
    assert rows == [["A", "Тверь", "", "1 ::: 2", "a@b.c"]]


def test_a_json_list_of_objects_is_read_too(tmp_path):
    data = json.dumps([{"name": "A", "city": "X"}, {"name": "B", "email": "b@example.com"}], indent=2).encode()
    layout, rows = read(tmp_path, b"\xef\xbb\xbf" + data)
    assert (layout.kind, rows) == ("json", [["A", "X", ""], ["B", "", "b@example.com"]])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b'{"name": "A"}\n{"name": \n', "Line 2 is not a JSON object."),
        (b'{"name": "A"}\n\n[1]\n', "Line 3 is not a JSON object."),
        (b'{"name": "' + "Ж".encode("cp1251") + b'"}\n', "Line 1 is not a JSON object."),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "Line 1 is not a JSON object."),
        (b'[{"name": "A"}, 5]', "The file is not a JSON list of objects"),
        (b'[{"name": "A"}, {"name":', "The file is not a JSON list of objects"),
        (b"[[1, 2], [3, 4]]", "The file is not a JSON list of objects"),
        (b'[{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "The JSON file is too large to be read."),
        (json.dumps([{f"c{n}": 1} for n in range(2_000)]).encode(), "The table has more than 1000 columns."),
    ],
    ids=[
        "cut off",
        "no object",
        "no UTF-8",
        "deep",
        "no object in a list",
        "list cut off",
        "lists",
        "deep list",
        "wide",
    ],
)
def test_json_that_is_no_table_is_refused_with_a_sentence(tmp_path, data, sentence):
    assert refusal(tmp_path, data).startswith(sentence)


@pytest.mark.parametrize("encoding", ["cp1251", "koi8_r", "cp866", "mac_cyrillic", "utf-8", "utf-16", "utf-32"])
def test_the_encoding_may_be_chosen_where_it_was_told_wrongly(tmp_path, encoding):
    rows = read(tmp_path, "name,city\nё,Ж\n".encode(encoding), Reading(encoding=encoding))[1]
    assert rows == [["ё", "Ж"]]


def test_an_encoding_that_the_file_cannot_have_is_refused(tmp_path):
    data = "name\nАнна\nИнна\n".encode()
    assert refusal(tmp_path, data, Reading(encoding="cp1251")).startswith("Line 3 is written in another encoding")
    assert refusal(tmp_path, data[:-1], Reading(encoding="utf-16")) == "The file is not written in UTF-16."
    assert refusal(tmp_path, data, Reading(encoding="cp37")) == "There is no encoding cp37 to choose."


@pytest.mark.parametrize("encoding", ["mac_cyrillic", "utf-32-le", "utf-32-be", "koi8_r"])
@pytest.mark.parametrize("text", ["name,city\nАнна,Казань\n", "имя;город\nанна;тверь\nборис;пермь\n"])
def test_rarer_encodings_are_told_from_few_words(tmp_path, encoding, text):
    layout, rows = read(tmp_path, text.encode(encoding))
    assert (layout.encoding, rows[0][0].lower()) == (encoding, "анна")


def test_the_delimiter_may_be_chosen(tmp_path):
    data = b"name|city\nAnna, Jr|Tver\n"
    assert read(tmp_path, data)[1] == [["Anna, Jr", "Tver"]]
    layout, rows = read(tmp_path, data, Reading(delimiter=",", header=0), any_columns=True)
    assert (layout.header.columns, rows) == (["name|city"], [["Anna", " Jr|Tver"]])


def test_the_header_may_be_chosen_among_the_first_records(tmp_path):
    data = "Имя,Город\nназвание,city\nАнна,Тверь\n".encode()
    assert read(tmp_path, data)[0].header.line == 0
    layout, rows = read(tmp_path, data, Reading(header=1))
    assert (layout.header.line, layout.header.mapping, rows) == (1, ["name", "city"], [["Анна", "Тверь"]])
    assert layout.top == [["Имя", "Город"], ["название", "city"], ["Анна", "Тверь"]]


def test_a_table_of_unknown_columns_is_taken_where_a_person_will_say_what_they_hold(tmp_path):
    data = b"List of 2026,,\n\nfoo,bar,baz\n1,2,3\n"
    layout, rows = read(tmp_path, data, any_columns=True)
    assert (layout.header.line, layout.header.columns, layout.header.mapping) == (2, ["foo", "bar", "baz"], [None] * 3)
    assert rows == [["1", "2", "3"]]
    assert read(tmp_path, data, Reading(header=0), any_columns=True)[0].header.columns == ["List of 2026"]
    sheets = book(One=[["foo", "bar"], ["1", "2"]], Two=[["name"], ["Anna"]])
    assert read(tmp_path, sheets, any_columns=True)[0].sheet == 1  # one that is recognised goes before
    assert read(tmp_path, sheets, Reading(sheet=0), any_columns=True)[0].header.columns == ["foo", "bar"]


def test_lines_in_two_encodings_are_told_apart_where_a_person_looks_at_what_was_read(tmp_path):
    lines_ = [b"name,city\n", "Анна,Тверь\n".encode(), "Пётр Ёлкин,Орёл\n".encode("cp1251"), b"Vera,Perm\n"]
    layout, rows = read(tmp_path, b"".join(lines_), any_columns=True)
    assert (layout.encoding, rows) == (MIXED, [["Анна", "Тверь"], ["Пётр Ёлкин", "Орёл"], ["Vera", "Perm"]])
    assert layout.notes == [
        "Some lines are written in Windows-1251, the others in UTF-8; each is read as it is written."
    ]
    assert read(tmp_path, b"".join(lines_), Reading(encoding=MIXED))[1] == rows
    assert b"".join(as_uploaded("csv", MIXED, ",", ["name"], [(["Ж"], "x")]).pieces).decode("utf-8-sig") == (
        "name,error\r\nЖ,x\r\n"
    )


BITRIX = """\ufeff<meta http-equiv="Content-type" content="text/html;charset=UTF-8" />
<style>td{mso-number-format:\\@;}</style>
<table border="1"><tr><td colspan="3">Контакты</td></tr>
<thead><tr><th>Имя</th><th>Рабочий телефон</th><th>Комментарий</th></tr></thead>
<tbody><tr><td> Анна\n  Петрова</td><td>+7 912 345-67-89</td><td>a &lt; b<br>и <b>ещё</b></td></tr>
<tr><td>Борис<td>8 912 345-67-88<td>О&#39;Нил &amp; Ко</tr></tbody></table>
"""


def test_a_web_page_that_a_program_calls_excel_is_read_by_its_tables(tmp_path):
    layout, rows = read(tmp_path, BITRIX.encode())
    assert (layout.kind, layout.header.columns) == ("html", ["Имя", "Рабочий телефон", "Комментарий"])
    assert rows == [
        ["Анна Петрова", "+7 912 345-67-89", "a < b\nи ещё"],
        ["Борис", "8 912 345-67-88", "О'Нил & Ко"],
    ]
    again = b"".join(as_uploaded(layout.kind, "utf-8", ",", layout.header.columns, [(rows[0], "bad")]).pieces)
    assert read(tmp_path, again)[1] == [[*rows[0], "bad"]]


@pytest.mark.parametrize("encoding", ["cp1251", "koi8_r"])
def test_a_web_page_is_written_as_it_says_or_as_russian_programs_write(tmp_path, encoding):
    said = f"<meta charset='{encoding}'>" if encoding == "koi8_r" else ""
    page = f"<html>{said}<TABLE><TR><TD>Имя<TD>Город<TR><TD>Анна<TD>Тверь</TABLE></html>"
    assert read(tmp_path, page.encode(encoding))[1] == [["Анна", "Тверь"]]


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("<tr><td>Олег<td rowspan=2>Тверь<td>1<tr><td>Пётр<td>2", [["Олег", "Тверь", "1"], ["Пётр", "Тверь", "2"]]),
        ("<tr><td rowspan=3 colspan=2>a<td>1<tr><td>2<tr><td>3", [["a", "", "1"], ["a", "", "2"], ["a", "", "3"]]),
        ("<tr><td>a<td rowspan=2>b<td>1<tr></tr><tr><td>c<td>d<td>2", [["a", "b", "1"], ["", "b"], ["c", "d", "2"]]),
        ("<tr><td>a<td>b<td rowspan=2>1<tr><td>c", [["a", "b", "1"], ["c", "", "1"]]),
        ("<tbody><tr><td rowspan=2>a<td>1</tbody><tbody><tr><td>b<td>2", [["a", "1"], ["b", "2"]]),
        ("<tr><td><p>Анна</p><p>Ева</p><td><div>1</div>2<ul><li>3<li>4</ul>", [["Анна\nЕва", "1\n2\n3\n4"]]),
        ("<tr><td>a<script>b<c></script><style>d</style>e<td rowspan=99999>f", [["ae", "f"]]),
        ("<tr><td>a<table><tr><td>inside</table>b<td>c", [["ab", "c"]]),
        ("<![if gte mso 9]><tr><td>a<![endif]><td>b", [["a", "b"]]),
    ],
)
def test_the_cells_of_a_web_page_stand_where_a_browser_shows_them(tmp_path, table, rows):
    header = "<html><table><tr><td>Имя<td>Город<td>Код"
    assert read(tmp_path, f"{header}{table}</table>".encode())[1] == rows


def test_of_a_web_pages_tables_one_is_read_and_another_can_be_chosen(tmp_path):
    def table(*rows: str) -> str:
        return f"<table>{''.join(f'<tr><td>{row}' for row in rows)}</table>"

    page = f"<html><table><tr><td>{table('Меню')}<td>{table('Имя', 'Анна')}</table>{table('Имя', 'Борис')}".encode()
    layout, rows = read(tmp_path, page)
    assert (layout.sheets, layout.sheet_name, rows) == (["1", "2", "3", "4"], "3", [["Анна"]])
    assert read(tmp_path, page, Reading(sheet="4"))[1] == read(tmp_path, page, Reading(sheet=3))[1] == [["Борис"]]
    for sheet in ("9", "x", "0", 7):
        assert refusal(tmp_path, page, Reading(sheet=sheet)) == "The workbook has no such sheet."


def test_a_web_page_without_a_table_is_none(tmp_path):
    assert "This is a web page." in refusal(tmp_path, b"<!doctype html><p>name,phone")
    assert "columns found are: login" in refusal(tmp_path, b"<html><table><tr><td>login<tr><td>password</table>")
    refusal(tmp_path, b"<html><table>nothing</table>")
    assert read(tmp_path, b"<!-- saved --><p><table><tr><td>name<tr><td><![foo bar]]>Anna</table>")[1] == [["Anna"]]


def test_a_page_that_is_broken_on_purpose_takes_no_time(tmp_path):
    page = "<table><tr><td>name<tr><td>Anna</table>" + "<a " * 200_000 + "<table>" * 2_000
    assert read(tmp_path, page.encode())[1] == [["Anna"]]


def test_what_only_looks_like_a_page_is_text(tmp_path):
    assert read(tmp_path, b"<b>name</b>,name\n<table >,Anna\n")[1] == [["<table >", "Anna"]]
