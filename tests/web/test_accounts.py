"""The page of technical accounts: figures by currency and period, and the operations behind them."""

import pytest

from crm.services import currencies
from tests import money
from tests.web.pages import page, toast


@pytest.fixture
def wallet(app):
    wallet = money.wallet(balance=125050)
    money.SERVICE.spend(wallet, 20000, "Order 7")
    return wallet


def cells(shown, account: str) -> list[str]:
    """The figures in the row of the account, in the first currency that has one with operations."""
    heads = [one for one in shown.all("th", scope="row") if one.text == account]
    rows = [[cell.text for cell in shown.all("td") if set(head.parents[-1:]) <= set(cell.parents)] for head in heads]
    return next(row for row in rows if row[0] != "0")


def test_the_figures_are_told_by_account(viewer, wallet):
    whole, part = page(viewer.get("/accounts/")), page(viewer.get("/accounts/", htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["turnovers"]
    for shown in (whole, part):
        assert cells(shown, "Bank transfer") == ["1", "RUB 1,250.50", "—", "+RUB 1,250.50"]
        assert cells(shown, "Sales") == ["1", "—", "RUB 200.00", "−RUB 200.00"]


def test_a_figure_leads_to_its_operations(viewer, wallet):
    path = f"/accounts/{money.technical('sales')}/"
    shown = page(viewer.get(path))
    assert "Sales, RUB" in [one.text for one in shown.all("h1")]
    assert "Order 7" in shown.one("tbody").text and "Анна" in shown.one("tbody").text


def test_more_operations_come_in_pieces(viewer, wallet):
    for _number in range(60):
        money.SERVICE.spend(wallet, 1)
    path = f"/accounts/{money.technical('sales')}/"
    more = page(viewer.get(path)).one(id="more")
    assert more.tag == "tr"
    link = next(one for one in page(viewer.get(path)).all("a", inside="more"))
    rest = viewer.get(link["href"], htmx=True, headers={"HX-Target": "more"})
    assert rest.text.count("<tr") == 11


@pytest.mark.parametrize(
    "query", ["?first=2026-02-01&last=2026-01-01", "?first=nonsense", "?last=0000-00-00", "?first=١"]
)
def test_a_period_that_makes_no_sense_is_said_beside_the_field(viewer, wallet, query):
    for path in ("/accounts/", f"/accounts/{money.technical('cash')}/"):
        answer = viewer.get(path + query)
        assert answer.status_code == 422
        assert any(page(answer).error(field) for field in ("first", "last"))


def test_customers_accounts_and_unknown_ones_are_not_found(viewer, wallet):
    assert [viewer.get(f"/accounts/{pk}/").status_code for pk in (wallet, 10**9)] == [404, 404]


def test_an_administrator_takes_a_currency_into_use(admin, trail):
    answer = admin.post("/accounts/currencies/", data={"currency": "kzt"})
    assert (answer.status_code, answer.location) == (303, "/accounts/")
    assert "KZT" in currencies.codes() and [entry.action for entry in trail()] == ["currency.added"]
    assert "KZT is in use now." in admin.get("/accounts/").text
    partial = admin.post("/accounts/currencies/", data={"currency": "JPY"}, htmx=True)
    assert partial.status_code == 204 and not toast(partial)


@pytest.mark.parametrize("code", ["", "RUB", "rub", "XYZ", "XAU", "12", "₽", "R" * 50])
def test_what_is_no_new_currency_is_refused_at_the_field(admin, code, nothing_changes):
    with nothing_changes():
        answer = admin.post("/accounts/currencies/", data={"currency": code})
    assert answer.status_code == 422 and page(answer).error("currency")


def test_nobody_else_may_add_one(manager, viewer, client, stranger):
    got = [one.post("/accounts/currencies/", data={"currency": "KZT"}).status_code for one in (client, viewer, manager)]
    assert got == [302, 403, 403] and stranger.get("/accounts/").status_code == 404
    assert 'name="currency"' not in manager.get("/accounts/").text
