"""Laws of exchange rates: the newest in force counts, history is kept, a file is taken whole or not at all."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import xlsxwriter

from crm.db import db, utcnow
from crm.errors import Invalid
from crm.models import AuditEntry
from crm.services import rates, rates_file
from crm.services.audit import Actor
from crm.services.rates import RateData
from tests import money
from tests.parallel import at_once

TEST = Actor(None, "test")
BILLION = 10**9


def add(rate: str = "92.5", spread: str = "", since: str = "", pair: tuple[str, str] = ("USD", "RUB"), inverse=False):
    return rates.add(TEST, RateData(*pair, rate, spread, since), inverse)


def upload(text: str | bytes) -> int:
    return rates_file.accept(TEST, io.BytesIO(text.encode() if isinstance(text, str) else text), "rates.csv")


def workbook(rows: list[list[object]]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as target:
        sheet = target.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return buffer.getvalue()


def in_force() -> list[tuple[str, str, int, int]]:
    return [(row.from_currency, row.to_currency, row.rate, coming) for row, _later, coming in rates.latest()]


def nothing_written(call) -> Invalid:
    before = money.rows("exchange_rates"), money.rows("audit_entries")
    with pytest.raises(Invalid) as refusal:
        call()
    db.session.rollback()
    assert (money.rows("exchange_rates"), money.rows("audit_entries")) == before
    return refusal.value


def test_a_rate_is_kept_as_it_was_typed_and_noted(app):
    (made,) = add("92,512345678", "1.5", pair=(" usd ", "rub"))
    assert made[:4] == ("USD", "RUB", 92_512_345_678, 1_500_000_000)
    entry = db.session.query(AuditEntry).one()
    assert (entry.action, entry.changes["rate"]) == ("rate.added", [None, "92.512345678"])
    assert in_force() == [("USD", "RUB", 92_512_345_678, 0)]


def test_the_newest_that_has_begun_counts(app):
    add("90", since="2026-01-01")
    add("91", since="2026-02-01 12:00")
    add("99", since=(utcnow() + timedelta(days=1)).isoformat())
    add("0.9", pair=("USD", "EUR"), since=(utcnow() + timedelta(days=2)).isoformat())
    assert in_force() == [("USD", "EUR", 9 * BILLION // 10, 1), ("USD", "RUB", 91 * BILLION, 1)]
    assert [one.is_coming for one in rates.latest()] == [True, False]


def test_a_day_is_its_first_moment_in_the_product_s_time_zone(app, monkeypatch):
    monkeypatch.setitem(app.config, "CRM_TIMEZONE", "Europe/Moscow")
    assert add(since="2026-01-02")[0].valid_from == datetime(2026, 1, 1, 21, tzinfo=UTC)
    assert add(since="2026-01-02T00:00:00Z")[0].valid_from == datetime(2026, 1, 2, tzinfo=UTC)


def test_the_inverse_is_offered_and_rounded(app):
    assert [made.rate for made in add("92.5", inverse=True)] == [92_500_000_000, 10_810_811]
    assert [(one, other) for one, other, _rate, _coming in in_force()] == [("RUB", "USD"), ("USD", "RUB")]
    assert list(nothing_written(lambda: add("0.000000001", since="2026-01-01", inverse=True)).fields) == ["rate"]


def test_history_is_newest_first_a_page_at_a_time(app):
    for day in range(1, 8):
        add(str(day), since=f"2026-01-0{day}")
    add("5", pair=("EUR", "RUB"))
    found, before = [], None
    while not found or before:
        page = rates.history("USD", "RUB", before, limit=3)
        found += [row.rate // BILLION for row in page.items]
        before = page.next_before
    assert found == [7, 6, 5, 4, 3, 2, 1]
    assert rates.history("RUB", "USD").items == [] and rates.history("x", "\x01").items == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"rate": ""}, "rate"),
        ({"rate": "0"}, "rate"),
        ({"rate": "0.0000000001"}, "rate"),
        ({"rate": "-1"}, "rate"),
        ({"rate": "1000000000"}, "rate"),
        ({"rate": "1000000000000"}, "rate"),
        ({"rate": "NaN"}, "rate"),
        ({"rate": "Infinity"}, "rate"),
        ({"rate": "1e3"}, "rate"),
        ({"rate": "a\x00b"}, "rate"),
        ({"spread": "100"}, "spread"),
        ({"spread": "-1"}, "spread"),
        ({"spread": "x"}, "spread"),
        ({"to_currency": "USD"}, "to_currency"),
        ({"to_currency": "GBP"}, "to_currency"),
        ({"from_currency": ""}, "from_currency"),
        ({"from_currency": "'; --"}, "from_currency"),
        ({"valid_from": "31.01.2026"}, "valid_from"),
    ],
)
def test_what_is_wrong_is_named_at_its_field(app, fields, wrong):
    data = RateData(**{"from_currency": "USD", "to_currency": "RUB", "rate": "92.5"} | fields)
    assert list(nothing_written(lambda: rates.add(TEST, data)).fields) == [wrong]


def test_a_pair_has_one_rate_from_a_moment_on(app):
    add("1", since="2026-01-01")
    assert list(nothing_written(lambda: add("2", since="2026-01-01")).fields) == ["valid_from"]
    add("0.5", since="2026-01-02", pair=("RUB", "USD"))
    nothing_written(lambda: add("2", since="2026-01-02", inverse=True))  # neither, where the other one is there
    results = at_once(app, [lambda: add("3", since="2026-01-03")] * 4)
    assert sorted(type(one).__name__ for one in results) == ["Invalid"] * 3 + ["list"]


def test_a_file_is_taken_in_every_manner(app):
    assert upload("from_currency,to_currency,rate\nUSD,RUB,92.5\n\nEUR,RUB,100\n") == 2
    assert upload("\ufeffFrom_Currency;To_Currency;Rate;Spread;Valid_From\nusd;rub;92,75;1;2026-01-05\n") == 1
    assert upload("Курсы на понедельник\n\nИз валюты;В валюту;Курс\nUSD;EUR;0,9\n") == 1
    table = [["from_currency", "to_currency", "rate", "valid_from"], ["RUB", "EUR", 0.01, "2026-01-01"]]
    assert upload(workbook(table)) == 1
    entry = db.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
    assert entry.action == "rate.imported" and entry.changes["filename"] == [None, "rates.csv"]


def test_every_wrong_line_of_a_file_is_named_and_nothing_of_it_is_taken(app):
    add("1", since="2026-01-01")
    lines = ["from_currency,to_currency,rate,spread,valid_from", "USD,EUR,0.9,,", "USD,RUB,0,,", "USD,USD,1,,"]
    lines += ["USD,RUB,2,,2026-01-01", "EUR,RUB,3,,2026-01-02", "EUR,RUB,4,,2026-01-02", "EUR,RUB,5,,,6"]
    error = nothing_written(lambda: upload("\n".join(lines)))
    assert [line.partition(":")[0] for line in error.fields["file"]] == [
        "Line 3",
        "Line 4",
        "Line 5",
        "Line 7",
        "Line 8",
    ]
    many = "from_currency,to_currency,rate\n" + "USD,RUB,0\n" * 80
    said = nothing_written(lambda: upload(many)).fields["file"]
    assert len(said) == 51 and said[-1] == "30 more lines are wrong."


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n", b"from_currency,to_currency\nUSD,RUB\n", b"from_currency,to_currency,rate\n", b"\x00\x01\x02" * 50,
        b"%PDF-1.7 x", b"from_currency,to_currency,rate,sprad\nUSD,RUB,1,1\n", b"PK\x03\x04broken",
        b"from_currency,to_currency,rate,rate\nUSD,RUB,1,1\n", b'from_currency,to_currency,rate\n"USD,RUB,1\n',
    ],
)  # fmt: skip
def test_what_is_no_table_of_rates_is_refused_with_a_sentence(app, content):
    (said,) = nothing_written(lambda: upload(content)).fields["file"]
    assert said


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("from_currency,rate,spread", "are needed. The columns found are: from_currency, rate, spread."),
        ("from_currency,to_currency,rate,sprad", "The column sprad is unknown; the columns are from_currency, to_cur"),
        ("from_currency,to_currency,rate,,spread", "The column — is unknown"),
        ("from_currency,to_currency,rate,курс", "The column курс holds the same as another one."),
    ],
)
def test_no_column_of_a_file_of_rates_is_left_out_in_silence(app, header, sentence):
    (said,) = nothing_written(lambda: upload(f"{header}\nUSD,RUB,1,1\n")).fields["file"]
    assert sentence in said


def test_a_file_of_rates_has_an_end(app, monkeypatch):
    monkeypatch.setattr(rates_file, "LIMIT", 2)
    (said,) = nothing_written(lambda: upload("from_currency,to_currency,rate\n" + "USD,RUB,1\n" * 3)).fields["file"]
    assert "2" in said
