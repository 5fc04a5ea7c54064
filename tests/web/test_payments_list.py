"""The list of payments: filtered, sorted, summed and continued by its address; and as a file."""

import csv
import io
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from crm.ledger import pending
from crm.models.ledger import PaymentKind
from crm.services import payments
from crm.services.audit import Actor
from crm.services.movements import Movement
from crm.services.paying import lists
from crm.services.paying import sums as payment_sums
from crm.services.paying.criteria import SORTS
from tests import money, people
from tests.web.pages import Page, page
from tests.web.test_naughty import STRINGS, WORST, is_harmless

LIST, EXPORT = "/payments/", "/payments/export/"


@pytest.fixture
def waiting(purse: int) -> str:
    """The id of a payment that was accepted and waits: 7.00 in cash for Anna."""
    return str(payments.accept(Actor(None, "test"), Movement(PaymentKind.DEPOSIT, 700, None, purse, "cash")).payment_id)


def rows(shown: Page) -> list[str]:
    return [row.text for row in shown.all("tr", inside="payment-rows")]


def listed(browser, **query: str) -> list[str]:
    return rows(page(browser.get(LIST, query_string=query)))


def test_a_payment_is_shown_with_its_sides_and_how_it_stands(viewer, anna, purse):
    shown = page(viewer.get(LIST))
    (row,) = rows(shown)
    assert "Deposit Bank transfer Анна Иванова RUB 1,000.00 Completed" in row
    links = [link["href"] for link in shown.all("a", inside="payment-rows")]
    assert f"/accounts/{money.technical('bank_transfer')}/" in links
    assert f"/customers/{anna.id}/?account={purse}" in links and links[0] == links[1]
    assert viewer.get(links[0]).status_code == 200
    assert shown.one(id="payment-count").text == "1 payment"


def test_page_partial_and_back(viewer, purse):
    whole, part = page(viewer.get(LIST)), page(viewer.get(LIST, htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["payment-list", "payment-sort"]
    assert whole.one(id="payment-list").text == part.one(id="payment-list").text
    for header in ("HX-Boosted", "HX-History-Restore-Request"):
        assert page(viewer.get(LIST, htmx=True, headers={header: "true"})).is_whole
    assert viewer.get(LIST + "?kind=spend", htmx=True).headers["HX-Push-Url"] == "/payments/?kind=spend"


def test_the_address_tells_the_state(viewer, anna, purse):
    query = {
        "q": "заказ", "status": "COMPLETED", "kind": "spend", "source": "sales", "customer": str(anna.id),
        "account": str(purse), "currency": "RUB", "amount_from": "5.00", "amount_to": "7.50",
        "created_from": "2026-01-01", "created_to": "2999-01-01", "who": "0", "sort": "-amount",
        "batch": "01920000-0000-7000-8000-000000000001",
    }  # fmt: skip
    money.SERVICE.spend(purse, 600, "Заказ 5")
    shown = page(viewer.get(LIST, query_string=query))
    assert {name: shown.value(name, inside="payment-filters") for name in query} == query
    assert "No payment matches" in shown.one(id="payment-list").text
    del query["batch"]
    shown = page(viewer.get(LIST, query_string=query))
    assert len(rows(shown)) == 1
    export = next(link for link in shown.all("a") if link.text == "CSV")
    assert parse_qs(urlsplit(export["href"]).query) == {name: [value] for name, value in query.items()}


def test_a_customer_is_found_by_name_and_several_are_offered(viewer, anna, purse):
    assert len(listed(viewer, customer="иванова")) == 1
    assert viewer.get(LIST + "?customer=иванова", htmx=True).headers["HX-Push-Url"] == f"/payments/?customer={anna.id}"
    people.add("Иванова Дарья")
    answer = viewer.get(LIST, query_string={"customer": "иванова", "kind": "deposit"}, htmx=True)
    shown = page(answer)
    assert answer.status_code == 422 and shown.error("customer").startswith("Several customers")
    assert answer.headers["HX-Retarget"] == "#payment-filters"
    links = [link["href"] for link in shown.all("a") if "customer=" in link["href"]]
    assert f"/payments/?customer={anna.id}&kind=deposit" in links and len(links) == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("created_from=x", "created_from"), ("created_from=2026-02-01&created_to=2026-01-01", "created_to"),
        ("amount_from=1,2,3", "amount_from"), ("amount_to=-5", "amount_to"), ("amount_from=2&amount_to=1", "amount_to"),
        ("account=999999999", "account"), ("account=x", "account"), ("customer=nobody", "customer"), ("q=a%00b", "q"),
        ("amount_from=1.5&currency=JPY", "currency"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said_beside_its_field(viewer, purse, query, field):
    if "JPY" in query:  # not in use: as if it were not there, so that the amount is in roubles
        assert viewer.get(f"{LIST}?{query}").status_code == 200
        return
    for path in (LIST, EXPORT):
        answer = viewer.get(f"{path}?{query}")
        assert answer.status_code == 422 and page(answer).error(field)
    part = page(viewer.get(f"{LIST}?{query}", htmx=True))
    assert [root["id"] for root in part.roots] == ["payment-filters"] and part.value("wrong") == "1"
    mended = page(viewer.get(LIST + "?wrong=1", htmx=True))
    assert "payment-filters" in [root["id"] for root in mended.roots] and not mended.all(name="wrong")


def test_every_column_is_sorted_by_both_ways(viewer, purse):
    money.SERVICE.spend(purse, 5)
    shown = page(viewer.get(LIST))
    for column in SORTS:
        first = shown.one("a", id=f"sort-{column}")["href"]
        once = page(viewer.get(first))
        again = once.one("a", id=f"sort-{column}")["href"]
        assert first != again and {first, again} <= {LIST, f"{LIST}?sort={column}", f"{LIST}?sort=-{column}"}
        assert len([head for head in once.all("th") if head.attrs.get("aria-sort", "none") != "none"]) == 1
        assert rows(page(viewer.get(again))) == rows(once)[::-1] or column in ("kind", "status", "who", "commission")


@pytest.mark.parametrize("sort", ["time", "amount", "-description"])
def test_more_come_in_pieces(viewer, purse, sort):
    for number in range(60):
        money.SERVICE.spend(purse, number + 1, f'№ {number} "x"')
    shown = page(viewer.get(LIST, query_string={"sort": sort}))
    seen = rows(shown)[:-1]
    link = shown.one("a", inside="more")["href"]
    rest = page(viewer.get(link, htmx=True, headers={"HX-Target": "more"}))
    assert len(seen) == 50 and len(rest.roots) == 11 and not {root.text for root in rest.roots} & set(seen)
    assert len(rows(page(viewer.get(link)))) == 11
    assert viewer.get(f"{LIST}?sort={sort}&cursor=nonsense").status_code == 200


def test_the_sums_of_what_is_filtered_lead_to_it(viewer, purse, waiting):
    shown = page(viewer.get(LIST))
    sums = [one.text for one in shown.all("li", inside="payment-list")]
    assert sums == ["RUB Completed 1 RUB 1,000.00", "RUB Waiting 1 RUB 7.00"]
    link = next(one for one in shown.all("a") if one.text == "RUB Waiting")
    assert len(rows(page(viewer.get(link["href"])))) == 1


def test_sums_of_many_come_after_the_page(viewer, purse, monkeypatch):
    monkeypatch.setattr(payment_sums, "KEPT_FROM", 2)
    for number in range(3):
        money.SERVICE.spend(purse, number + 1)
    shown = page(viewer.get(LIST + "?currency=RUB"))
    waits = shown.one(id="payment-sums")
    assert waits["hx-trigger"] == "load" and "More than" in shown.one(id="payment-count").text
    part = page(viewer.get(waits["hx-get"], htmx=True, headers={"HX-Target": "payment-sums"}))
    assert [root["id"] for root in part.roots] == ["payment-sums"] and "hx-trigger" not in part.roots[0].attrs
    assert part.one(id="payment-count").text == "4 payments"
    kept = page(viewer.get(LIST + "?currency=RUB")).one(id="payment-count").text
    assert kept.startswith("4 payments · summed at") and kept.endswith("Sum again")
    assert page(viewer.get(waits["hx-get"])).is_whole


def test_a_line_that_waits_follows_itself_and_no_other_does(viewer, purse, waiting):
    (line,) = page(viewer.get(LIST + "?status=INITIATED")).all("tr", inside="payment-rows")
    assert (line["data-follow"].replace("-", ""), line["hx-trigger"], line["hx-target"]) == (waiting, "changed", "this")
    asked = {"htmx": True, "headers": {"HX-Target": line["id"]}}
    (again,) = page(viewer.get(line["hx-get"], **asked)).roots
    assert again.attrs == line.attrs
    pending.post(pending.claim())
    (after,) = page(viewer.get(line["hx-get"], **asked)).roots
    assert after["id"] == line["id"] and "data-follow" not in after.attrs and "Completed" in after.text


def test_a_payment_that_failed_says_why(viewer, purse):
    money.post([money.draft(purse, money.technical("cash"), 10**7, kind="withdrawal")])
    assert "There is not enough money in the wallet." in listed(viewer, status="FAILED")[0]


def test_an_empty_list_says_so(viewer):
    assert "No payments yet" in page(viewer.get(LIST)).one(id="payment-list").text
    assert "No payment matches" in page(viewer.get(LIST + "?kind=spend")).one(id="payment-list").text


def test_a_list_page_costs_six_statements_whatever_is_asked(viewer, anna, purse, count_statements):
    for number in range(60):
        money.SERVICE.spend(purse, number + 1)
    query = f"?customer={anna.id}&account={purse}&sort=-from&status=COMPLETED&amount_from=0&q="
    for path in (LIST, LIST + query, LIST + "?customer=иванова"):
        with count_statements() as statements:
            assert viewer.get(path).status_code == 200
        assert len(statements) <= 6, statements


def test_the_file_has_just_what_is_filtered_and_is_streamed(viewer, purse, monkeypatch):
    monkeypatch.setattr(lists, "CHUNK", 10)
    for number in range(30):
        money.SERVICE.spend(purse, number + 1, "=1+1")
    answer = FlaskClient.open(viewer, EXPORT + "?kind=spend&currency=RUB&amount_from=0.10")
    assert answer.is_streamed and answer.headers["Content-Disposition"] == "attachment; filename=payments.csv"
    found = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))
    assert [row["Amount"] for row in found] == [f"0.{number}" for number in range(30, 9, -1)]
    assert {row["Description"] for row in found} == {"'=1+1"}
    book = viewer.get(EXPORT + "?format=xlsx")
    assert book.data.startswith(b"PK") and "payments.xlsx" in book.headers["Content-Disposition"]


def test_whatever_is_typed_is_harmless(viewer, purse):
    for text in STRINGS:
        query = dict.fromkeys([*lists.Criteria.__dataclass_fields__, "cursor", "anew", "wrong", "format"], text)
        for path in (LIST, EXPORT):
            assert is_harmless(viewer.get(path, query_string=query))
        for name in query if text in WORST else ():
            assert is_harmless(viewer.get(LIST, query_string={name: text}, htmx=True)), (name, text)


def test_strangers_customers_and_other_methods(client, stranger, viewer):
    for path in (LIST, EXPORT):
        assert [browser.get(path).status_code for browser in (client, stranger)] == [302, 404]
        assert viewer.post(path).status_code == 405
