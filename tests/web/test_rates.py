"""The settings of exchange rates: in force, how a pair went, one more rate, a file of them."""

import io

import pytest

from crm.services import rates
from crm.services.rates import RateData
from tests.people import CLI
from tests.web.pages import page

LIST = "/settings/rates/"
ADD, UPLOAD, HISTORY = f"{LIST}add/", f"{LIST}upload/", f"{LIST}USD/RUB/"
RATE = {"from_currency": "USD", "to_currency": "RUB", "rate": "92,5", "spread": "1"}
HEADER = "from_currency,to_currency,rate\n"


def file(text: str) -> dict[str, object]:
    return {"file": (io.BytesIO(text.encode()), "rates.csv")}


def pairs(admin) -> list[str]:
    found = page(admin.get(LIST)).all("tr", inside="rates")
    return [row.text for row in found if row.attrs.get("id", "").startswith("rate-")]


def test_a_rate_is_added_and_shown(admin, trail):
    assert "No exchange rates yet" in page(admin.get(LIST)).one(id="rates").text
    answer = admin.post(ADD, data=RATE)
    assert (answer.status_code, answer.location) == (303, LIST)
    (row,) = pairs(admin)
    assert "1 USD = 92.5 RUB" in row and "1 %" in row and "Alice" in row
    assert [entry.action for entry in trail()] == ["rate.added"]


def test_the_inverse_comes_with_it_where_that_is_wished(admin):
    admin.post(ADD, data=RATE | {"inverse": "y"})
    assert [row.split(" ", 4)[1] for row in pairs(admin)] == ["RUB", "USD"]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"rate": "0"}, "rate"),
        ({"rate": "-5"}, "rate"),
        ({"rate": "1000000000000"}, "rate"),
        ({"rate": "NaN"}, "rate"),
        ({"spread": "100"}, "spread"),
        ({"to_currency": "USD"}, "to_currency"),
        ({"from_currency": "XXX"}, "from_currency"),
        ({"valid_from": "x"}, "valid_from"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_written(admin, nothing_changes, fields, wrong):
    for htmx in (False, True):
        with nothing_changes():
            answer = admin.post(ADD, data=RATE | fields, htmx=htmx)
        shown = page(answer)
        assert answer.status_code == 422 and shown.is_whole is not htmx and shown.error(wrong)
        assert shown.value("rate") == (RATE | fields)["rate"]


def test_a_file_is_taken_whole_or_every_wrong_line_is_named(admin, nothing_changes, trail):
    with nothing_changes():
        answer = admin.post(UPLOAD, data=file(f"{HEADER}USD,RUB,0\nUSD,EUR,0.9\nUSD,USD,1\n"))
        said = page(answer).error("file")
        assert "Line 2: The rate must be more than zero." in said and "Line 4:" in said and "Line 3" not in said
        assert admin.post(UPLOAD).status_code == admin.post(UPLOAD, data=file("")).status_code == 422
    assert admin.post(UPLOAD, data=file(f"{HEADER}USD,RUB,92.5\nUSD,EUR,0.9\n")).location == LIST
    assert len(pairs(admin)) == 2 and [entry.action for entry in trail()] == ["rate.imported"]


def test_how_a_pair_went_is_a_table_a_chart_and_goes_on(admin):
    for number in range(1, 103):
        rates.add(CLI, RateData("USD", "RUB", str(number), "", f"2026-01-01T{number // 60:02}:{number % 60:02}"))
    shown = page(admin.get(HISTORY))
    assert shown.is_whole and shown.all("div", data_line="rate")
    rows = [row for row in shown.all("tr", inside="rate-figures") if "data-rate" in row.attrs]
    assert len(rows) == 100 and rows[0]["data-rate"] == str(102 * 10**9)
    more = admin.get(shown.one("a", inside="more")["hx-get"], htmx=True, headers={"HX-Target": "more"})
    assert more.text.count("data-rate") == 2 and "rate-history" not in more.text
    assert [one["id"] for one in page(admin.get(HISTORY, htmx=True)).roots] == ["rate-history"]
    for naughty in ("x", "0", "9" * 40, "%00"):
        assert admin.get(f"{HISTORY}?before={naughty}").status_code == 200


def test_a_pair_without_rates_says_so_and_no_pair_is_none(admin):
    assert "This pair has no rate yet" in admin.get(HISTORY).text
    for path in ("USD/XXX/", "usd/rub/", "%00/RUB/", "USD/%F0%9F%98%80/"):
        assert admin.get(f"{LIST}{path}").status_code == 404


def test_strangers_others_and_other_methods(client, viewer, manager, stranger, admin, nothing_changes):
    browsers = (client, viewer, manager, stranger)
    with nothing_changes():
        for path in (LIST, HISTORY):
            assert [one.get(path).status_code for one in browsers] == [302, 403, 403, 404]
        for path in (ADD, UPLOAD):
            assert [one.post(path, data=RATE).status_code for one in browsers] == [302, 403, 403, 404]
            assert admin.get(path).status_code == 405


def test_it_costs_the_same_however_many_there_are(admin, count_statements):
    costs = []
    for day in range(1, 3):
        for number in range(1, 20):
            rates.add(CLI, RateData("USD", "RUB", str(number), "", f"2026-0{day}-{number:02}"))
        with count_statements() as statements:
            admin.get(LIST)
        costs.append(len(statements))
    assert costs == [2, 2]
