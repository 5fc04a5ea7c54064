"""Files that are made to break what reads them are refused with the reason, or taken as text, at a bounded size in
memory. Each is small here; what it would become is not."""

import io
import resource
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import select

from crm.db import db
from crm.models import Customer
from crm.services.importing.file import examine
from crm.tabular import converter
from crm.tabular.errors import Unreadable
from tests.sheets import ODS, ods, zipped
from tests.uploads import counts, errors, table, take

FILES = Path(__file__).parents[1] / "files"
DAMAGED = "The workbook is damaged, or only a part of it arrived."
TOO_LARGE = "The workbook is too large to be read."
START = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = "</sheetData></worksheet>"
NAME = '<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c></row>'
ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + level)} "{f"&{chr(97 + level)};" * 10}">' for level in range(9))
    + "]>"
)
SHEET = (
    '<table:table table:name="A"><table:table-row table:number-rows-repeated="{rows}">'
    '<table:table-cell table:number-columns-repeated="{columns}" office:value-type="string"><text:p>{text}</text:p>'
    "</table:table-cell></table:table-row></table:table>"
)


def refusal(folder: Path, data: bytes) -> str:
    path = folder / "upload"
    path.write_bytes(data)
    with pytest.raises(Unreadable) as caught:
        examine(path)
    assert [found.name for found in folder.iterdir()] == ["upload"]
    return str(caught.value)


def parts() -> dict[str, bytes]:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet().write_column(0, 0, ["name", "Anna"])
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def workbook(sheet: str, **others: str) -> bytes:
    named = {name.replace("__", "/").replace("_xml", ".xml"): content for name, content in others.items()}
    return zipped({**parts(), "xl/worksheets/sheet1.xml": sheet, **named})


def long_cell(length: int) -> str:
    return f'{START}{NAME}<row r="2"><c r="A2" t="inlineStr"><is><t>{"x" * length}</t></is></c></row>{END}'


def resized(data: bytes, part: str, size: int) -> bytes:
    """The archive with another size of one part than it has, in both places that tell it (APPNOTE 4.3.7, 4.3.12)."""
    changed = bytearray(data)
    for mark, name_at, length_at, size_at in ((b"PK\x01\x02", 46, 28, 24), (b"PK\x03\x04", 30, 26, 22)):
        place = data.find(mark)
        while place >= 0:
            length = struct.unpack_from("<H", data, place + length_at)[0]
            if data[place + name_at : place + name_at + length] == part.encode():
                struct.pack_into("<I", changed, place + size_at, size)
            place = data.find(mark, place + 4)
    return bytes(changed)


def overlapping(times: int) -> bytes:
    """A workbook whose list of parts names one part over and over."""
    data = zipped({"xl/workbook.xml": b"\0" * (1 << 20)})
    start, end = data.find(b"PK\x01\x02"), data.find(b"PK\x05\x06")
    count = times & 0xFFFF
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, (end - start) * times, start, 0)
    return data[:start] + data[start:end] * times + tail


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (lambda: resized(workbook(long_cell(8 << 20)), "xl/worksheets/sheet1.xml", 320 << 20), TOO_LARGE),
        (lambda: resized(workbook(long_cell(8 << 20)), "xl/worksheets/sheet1.xml", 1000), DAMAGED),
        (lambda: overlapping(1000), TOO_LARGE),
        (lambda: overlapping(100_000), TOO_LARGE),
    ],
    ids=["honest", "with another size than it says", "of overlapping parts", "with a long list of parts"],
)
def test_a_zip_bomb_is_refused(tmp_path, data, sentence):
    assert refusal(tmp_path, data()).startswith(sentence)


def test_archives_within_a_workbook_are_never_opened(tmp_path):
    inner = zipped({"x": zipped({"y": b"\0" * (1 << 20)})})
    (tmp_path / "upload").write_bytes(zipped({**parts(), "xl/inner.xlsx": inner}))
    assert examine(tmp_path / "upload").total == 1


@pytest.mark.parametrize("make", ["xlsx", "ods"])
def test_xml_entities_are_not_unfolded(tmp_path, make):
    if make == "xlsx":
        data = workbook(f'{ENTITIES}{START}{NAME}<row r="2"><c r="A2" t="inlineStr"><is><t>&j;</t></is></c></row>{END}')
    else:
        sheet = SHEET.format(rows=1, columns=1, text="name") + SHEET.format(rows=1, columns=1, text="&j;")
        data = ods({}, ENTITIES + ODS.format(sheets=sheet))
    assert refusal(tmp_path, data).startswith(DAMAGED)


def test_what_unfolds_in_memory_ends_with_the_process_that_reads_it(tmp_path):
    strings = (
        f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{"y" * 32_000}</t></si></sst>'
    )
    rows = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(2, 50_000))
    data = workbook(f"{START}{NAME}{rows}{END}", xl__sharedStrings_xml=strings)
    assert len(data) < 400_000  # of 1.6 GB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(tmp_path, data).startswith(TOO_LARGE)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kB


def test_a_cell_repeated_over_a_whole_sheet_is_refused(tmp_path):
    sheet = SHEET.format(rows=1_048_576, columns=16_384, text="name")
    assert refusal(tmp_path, ods({}, ODS.format(sheets=sheet))).startswith((DAMAGED, TOO_LARGE))


def test_the_process_that_converts_has_limits(tmp_path):
    code = (
        "import resource, runpy, sys;"
        f"sys.argv = ['', {str(FILES / 'clients.xls')!r}, {str(tmp_path / 'made')!r}, 'xls', '1'];"
        f"main = runpy.run_path({converter.__file__!r})['main'];"
        "main(*sys.argv[1:4], 1);"
        "print([resource.getrlimit(one)[0] for one in"
        " (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU)]);"
        "bytearray(1 << 30)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == str([1 << 30, 2 << 30, 120])
    assert done.stderr.splitlines()[-1] == "MemoryError"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (lambda: workbook(long_cell(10 << 20)), "Row 2 has a cell of more than 131072 characters, which is too long"),
        (
            lambda: b'{"name":"A","notes":"' + b"x" * 200_000 + b'"}\n',
            "Row 2 has a cell of more than 131072 characters",
        ),
        (lambda: b'{"name":"' + b"x" * (10 << 20) + b'"}\n', "Line 1 is not a JSON object."),
        (lambda: b'name,notes\nAnna,"' + b"x" * (10 << 20) + b'"\n', "Line 2 is too long to be a row of a table."),
        (
            lambda: b'name\n"' + b"xxxxxxxxx\n" * (1 << 20),
            "The row that begins in line 2 has a cell of more than 131072",
        ),
        (lambda: b"name\n" + b'"a\n",' * 400_000, "Line 209717 is too long to be a row of a table."),
        (lambda: b"name" + b",x" * 100_000 + b"\nAnna\n", "The table has more than 1000 columns."),
        (lambda: b"x," * 100_000 + b"name\nAnna\n", "The table has more than 1000 columns."),
        (
            lambda: workbook(f'{START}<row r="1">{"<c><v>1</v></c>" * 16_000}</row>{END}'),
            "The table has more than 1000 columns.",
        ),
    ],
    ids=[
        "workbook",
        "json",
        "long json",
        "line",
        "quoted",
        "row of quoted lines",
        "columns",
        "no name",
        "wide workbook",
    ],
)
def test_cells_rows_and_tables_have_a_largest_size(tmp_path, data, sentence):
    assert refusal(tmp_path, data()).startswith(sentence)


def test_a_value_far_to_the_right_of_the_table_fails_its_row_alone(tmp_path):
    (tmp_path / "upload").write_bytes(b"name\n" + b"Anna\n" * 30 + b"Boris" + b"," * 5_000 + b"x\n")
    assert examine(tmp_path / "upload").total == 31


def test_a_workbook_with_a_password_is_refused_by_that_name(tmp_path):
    assert refusal(tmp_path, (FILES / "locked.xlsx").read_bytes()).startswith("The workbook has a password.")


def test_an_old_word_document_is_not_taken_for_a_workbook(tmp_path):
    data = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(22)
        + b"\x09"
        + bytes(481)
        + "WordDocument".encode("utf-16-le")
        + bytes(600)
    )
    assert refusal(tmp_path, data).startswith("This is a Word document.")


def test_macros_are_left_alone(tmp_path):
    (tmp_path / "upload").write_bytes(zipped({**parts(), "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0" + bytes(100)}))
    layout = examine(tmp_path / "upload")
    assert [cells for _number, cells in layout.rows(tmp_path / "upload")] == [["Anna"]]


def test_lone_surrogates_are_no_text(tmp_path):
    assert refusal(tmp_path, b"\xff\xfe" + "name\n".encode("utf-16-le") + b"\x00\xd8\n\x00").startswith("The file says")
    assert refusal(tmp_path, "name,city\nАнна,Тверь\n".encode() + b"A,\xed\xa0\x80\n").startswith("Line 3 ")
    (tmp_path / "upload").write_bytes(b'{"name":"A\\ud800"}\n')
    layout = examine(tmp_path / "upload", region="RU")
    assert [cells for _number, cells in layout.rows(tmp_path / "upload")] == [["A\ufffd"]]
    assert [found.kind for found in layout.damage] == ["lost"]


def test_names_that_look_like_code_are_names(app):
    names = [
        "Robert'); DROP TABLE customers;--",
        "<script>alert(1)</script>",
        "{{ 7 * 7 }}",
        "=cmd|' /C calc'!A0",
        "%s%n%d",
        "../../etc/passwd",
    ]
    assert counts(take(table([["name"], *([name] for name in names)]), on_duplicate="create")) == {
        "created": len(names)
    }
    assert list(db.session.scalars(select(Customer.name).order_by(Customer.id))) == names


def test_what_turns_the_direction_of_text_fails_its_row(app):
    upload = take(table([["name"], ["Anna \u202egpj.exe"], ["שלום"], ["محمد"]]))
    assert counts(upload) == {"created": 2, "failed": 1}
    assert errors(upload) == ["name: This has characters that cannot be shown."]


def test_a_row_has_so_many_contacts_at_most(app):
    many = [f"a{number}@example.com" for number in range(501)]
    half, rest = ";".join(many[:300]), many[300:]
    cells = {"Anna": (";".join(many), ""), "Boris": (half, ";".join(rest)), "Vera": (half, ";".join(rest[:200]))}
    upload = take(table([["name", "email", "e-mail 2"], *([name, *emails] for name, emails in cells.items())]))
    assert counts(upload) == {"created": 1, "failed": 2}
    assert all("There are more than 500 contacts." in error for error in errors(upload))


def test_what_is_too_long_for_a_name_of_a_column_is_cut(app):
    upload = take(table([["name", "x" * 100_000], ["Anna", "1"]]))
    assert [len(name) for name in upload.columns] == [4, 200]
