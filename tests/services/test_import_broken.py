"""Files as they come out of real programs, damaged: each ends with an answer, none with half of it stored."""

import pytest
from sqlalchemy import select

from crm.db import db
from crm.errors import Invalid
from crm.models import Customer
from crm.services import imports
from crm.services.importing import lease
from tests.sheets import ods
from tests.uploads import accept, counts, errors, take

QUOTED = b'name,email,phone\n"Anna,anna@example.com,+79120000001\nBoris,boris@example.com,+79120000002\n' * 50
BOOK = ods({"Notes": [["x"]], "People": [["name"], ["Anna"], ["Boris"]]})
HYPERLINK = '"=HYPERLINK(""http://example.com"")"'


def names() -> list[str]:
    return list(db.session.scalars(select(Customer.name).order_by(Customer.id)))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"name,email,phone\n", "The file has a header, but no rows below it."),
        (QUOTED, "In the row that begins in line 2 a quotation mark is not closed."),
        (
            b"name,email,phone\n" + "Анна,anna@example.com,+79120000004\n".encode()
            + "Борис,boris@example.com,+79120000005\n".encode("cp1251"),
            "Line 3 is written in another encoding than the lines before it.",
        ),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj\ntrailer\n%%EOF", "This is a PDF"),
    ],
    ids=["empty", "header only", "unclosed quote", "two encodings", "a PDF by another name"],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_whole(app, data, sentence):
    with pytest.raises(Invalid) as caught:
        accept(data)
    assert caught.value.fields["file"][0].startswith(sentence)
    assert names() == []


def test_nul_bytes_fail_the_rows_that_have_them(app):
    upload = take(b"name,email,phone\nAn\x00na,anna@example.com,+79120000003\n\x00\x00\x00\nBoris,,\n")
    assert counts(upload) == {"created": 1, "failed": 2}
    assert errors(upload) == ["name: This has characters that cannot be shown."] * 2


def test_ragged_rows_are_filled_up_or_fail(app):
    rows = "Anna,anna@example.com\nBoris,boris@example.com,+79120000006,extra,more\n\n,,\n"
    upload = take(f"name,email,phone\n{rows}Vera,vera@example.com,+79120000007\n")
    assert counts(upload) == {"created": 2, "failed": 1}
    assert names() == ["Anna", "Vera"]
    assert errors(upload) == ["This row has 2 cells more than the header has columns."]
    assert upload.notes == ["2 blank rows are left out."]


def test_numbers_that_excel_has_damaged_fail_with_a_sentence_each(app):
    rows = [
        "Anna,7.91E+10,1250.00",
        'Boris,79120000008.0,"1,250.00"',
        "Vera,9120000009,#REF!",
        "Gleb,'+79120000010,01.02.2026",
        "Dora,79120000011.0,1250",
        "Egor,'+79120000012,",
    ]
    upload = take("name,phone,wallet_balance\n" + "\n".join(rows))
    assert names() == ["Dora", "Egor"]
    assert errors(upload) == [
        "phone: Excel has shortened this number to 7.91E+10. Make the column text and save again.",
        "wallet_balance: 1,250.00 is not an amount; write it like 1250.50.",
        "wallet_balance: #REF! is not an amount; write it like 1250.50.",
        "wallet_balance: 01.02.2026 is not an amount; write it like 1250.50.",
    ]


def test_utf16_with_tabs_is_read(app):
    assert counts(take("name\temail\tphone\r\nАнна\tanna@example.com\t+79120000011\r\n".encode("utf-16"))) == {
        "created": 1
    }
    assert names() == ["Анна"]


def test_formulas_are_kept_as_text(app):
    rows = [
        "=cmd|' /C calc'!A0,calc@example.com,@SUM(1)",
        f"{HYPERLINK},link@example.com,+1+1",
        "-2+3,m@example.com,\t=1",
    ]
    assert counts(take("name,email,notes\n" + "\n".join(rows))) == {"created": 3}
    assert db.session.execute(select(Customer.name, Customer.notes).order_by(Customer.id)).all() == [
        ("=cmd|' /C calc'!A0", "@SUM(1)"),
        ('=HYPERLINK("http://example.com")', "+1+1"),
        ("-2+3", "=1"),
    ]


@pytest.mark.parametrize("data", [BOOK, b'{"name": "Anna"}\n{"name": "Boris"}\n'], ids=["ods", "jsonl"])
def test_whatever_is_made_of_an_upload_goes_with_it(app, data):
    upload = accept(data)
    folder = lease.uploads()
    assert len(list(folder.glob(f"{upload.stored_as}*"))) == 2
    for made in folder.glob(f"{upload.stored_as}.*.csv"):  # it can be made again
        made.unlink()
    imports.run(upload.id)
    assert names() == ["Anna", "Boris"]
    assert list(folder.glob(f"{upload.stored_as}*")) == []
