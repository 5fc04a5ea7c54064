"""The list of all operations: what the address asks for, in order, in pieces, and as a file."""

import csv
import io

import pytest

from crm.services import operations
from crm.web.periods import today
from tests import money, people
from tests.web.pages import page

PATH = "/accounts/operations/"


@pytest.fixture
def busy(anna, purse):
    """Anna's 1 000 rubles, 200 of them spent; 5 euros of Boris's in cash."""
    money.SERVICE.spend(purse, 20_000, "=Order 7")
    money.SERVICE.deposit(money.wallet("EUR", name="Борис"), 500, "cash")
    return purse


def amounts(shown) -> list[str]:
    return [cell.text for cell in shown.all("td", class_="op-amount")]


def test_every_line_of_the_ledger_is_listed_newest_first(viewer, busy):
    whole, part = page(viewer.get(PATH)), page(viewer.get(PATH, htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["operation-list"]
    for shown in (whole, part):
        assert sorted(amounts(shown)[:2]) == ["+€5.00", "−€5.00"] and len(amounts(shown)) == 6
    assert "Анна Иванова" in part.one("tbody").text and "Bank transfer" in part.one("tbody").text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("account={purse}", ["−RUB 200.00", "+RUB 1,000.00"]),
        ("customer={anna}", ["−RUB 200.00", "+RUB 1,000.00"]),
        ("customer=Анна", ["−RUB 200.00", "+RUB 1,000.00"]),
        ("code=sales", ["+RUB 200.00"]),
        ("kind=spend&direction=out", ["−RUB 200.00"]),
        ("currency=EUR&direction=in", ["+€5.00"]),
        ("part=commission", []),
        ("last=2020-01-01", []),
        ("sort=-amount", ["+RUB 1,000.00", "+RUB 200.00", "−RUB 200.00", "−RUB 1,000.00"]),
        ("sort=amount&currency=EUR", ["−€5.00", "+€5.00"]),
        ("sort=time&customer={anna}", ["+RUB 1,000.00", "−RUB 200.00"]),
        (
            "kind=x&code=x&part=x&currency=x&direction=x&sort=x&after=x&customer={anna}",
            ["−RUB 200.00", "+RUB 1,000.00"],
        ),
    ],
)
def test_the_address_says_which(viewer, anna, busy, query, expected):
    shown = page(viewer.get(PATH + "?" + query.format(anna=anna.id, purse=busy)))
    assert amounts(shown) == expected
    assert bool(shown.all(class_="empty")) is not bool(expected)


def test_amounts_are_compared_in_one_currency_and_over_some_days(viewer, anna, busy):
    now = today()
    shown = page(viewer.get(f"{PATH}?sort=-amount"))
    stated = [shown.value(name, inside="ledger-filters") for name in ("currency", "first", "last", "sort")]
    assert stated == ["RUB", f"{now:%Y-%m}-01", f"{now}", "-amount"]
    for narrow, filled in ((f"customer={anna.id}", "RUB"), (f"account={busy}", ""), ("first=2026-01-01", "RUB")):
        shown = page(viewer.get(f"{PATH}?sort=-amount&{narrow}"))
        assert (shown.value("currency", inside="ledger-filters"), shown.value("last")) == (filled, "")


def test_the_sums_of_what_is_listed_are_told(viewer, anna, busy, monkeypatch):
    path = f"{PATH}?customer={anna.id}"
    text = page(viewer.get(path)).one(class_="totals").text
    assert "RUB 2 operations · got RUB 1,000.00 · gave RUB 200.00 · net +RUB 800.00" in text
    monkeypatch.setattr(operations, "SUMMED", 1)
    assert "more than 10,000" in page(viewer.get(path)).one(class_="totals").text


def test_more_come_in_pieces_in_the_same_order(viewer, purse):
    for _time in range(60):
        money.SERVICE.spend(purse, 1)
    path = f"{PATH}?account={purse}&sort=amount"
    shown = page(viewer.get(path))
    link = next(one for one in shown.all("a", inside="more"))
    rest = viewer.get(link["href"], htmx=True, headers={"HX-Target": "more"})
    assert (len(amounts(shown)), rest.text.count("<tr")) == (50, 11)
    assert amounts(page(viewer.get(link["href"])))[-1] == "+RUB 1,000.00"
    again = page(viewer.get(path, htmx=True))
    assert again.one("th", aria_sort="ascending").text == "Amount"


def test_a_partial_answer_tells_the_plain_address(viewer, anna, busy):
    answer = viewer.get(f"{PATH}?customer=анна&kind=&first=&last=", htmx=True)
    assert answer.headers["HX-Push-Url"] == f"{PATH}?customer={anna.id}"


@pytest.mark.parametrize("path", [PATH, "/accounts/operations.csv"])
@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("last", "first=2026-02-01&last=2026-01-31"),
        ("first", "first=31.01.2026"),
        ("last", "last=%00"),
        ("account", "account=x"),
        ("account", "account=999999999"),
        ("account", "account=" + "9" * 30),
        ("customer", "customer=nobody"),
        ("customer", "customer=999999999"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(viewer, busy, path, field, query):
    answer = viewer.get(f"{path}?{query}")
    shown = page(answer)
    assert answer.status_code == 422
    assert [name for name in ("account", "customer", "first", "last") if shown.error(name)] == [field]


def test_of_several_customers_one_is_to_be_chosen(viewer, anna, busy):
    other = people.add("Анна Королёва")
    answer = viewer.get(f"{PATH}?customer=анна&kind=spend")
    shown = page(answer)
    assert answer.status_code == 422 and "Several" in shown.error("customer")
    links = {one.text: one["href"] for one in shown.all("a") if "customer=" in one.attrs.get("href", "")}
    assert set(links) == {anna.name, other.name} and "kind=spend" in links[other.name]
    assert amounts(page(viewer.get(links[anna.name]))) == ["−RUB 200.00"]


def test_the_file_has_all_of_them_in_plain_numbers_and_no_formulas(viewer, anna, busy):
    answer = viewer.get(f"/accounts/operations.csv?customer={anna.id}&sort=time")
    lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [line["Amount"] for line in lines] == ["1000.00", "-200.00"]
    assert (lines[1]["Description"], lines[1]["Balance after"], lines[1]["Customer name"]) == (
        "'=Order 7",
        "800.00",
        "Анна Иванова",
    )
    assert "attachment" in answer.headers["Content-Disposition"]
    assert len(viewer.get("/accounts/operations.csv").text.splitlines()) == 1 + 6


def test_accounts_and_wallets_lead_here(viewer, anna, busy):
    cash = money.technical("cash")
    for path, link in (
        ("/accounts/", PATH),
        (f"/accounts/{cash}/", f"{PATH}?account={cash}&first="),
        (f"/customers/{anna.id}/", f"{PATH}?account={busy}"),
    ):
        assert any(one.attrs.get("href", "").startswith(link) for one in page(viewer.get(path)).all("a")), path


def test_strangers_customers_and_other_methods(client, stranger, viewer):
    for path in (PATH, "/accounts/operations.csv"):
        assert [one.get(path).status_code for one in (client, stranger)] == [302, 404]
        assert viewer.post(path).status_code == 405


def test_it_costs_the_same_however_much_happened(viewer, busy, count_statements):
    costs = []
    for _round in range(2):
        with count_statements() as statements:
            assert viewer.get(f"{PATH}?sort=-amount").status_code == 200
        costs.append(len(statements))
        for _time in range(20):
            money.SERVICE.deposit(busy, 1)
    assert costs[0] == costs[1] <= 6, costs
