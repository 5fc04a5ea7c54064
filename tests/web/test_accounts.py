"""The page of technical accounts: figures by currency and period, and the operations behind them."""

import pytest

from crm.services import currencies
from crm.web.periods import today
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
    rows = shown.one("tbody", id="operations").text
    assert "Order 7" in rows and "Анна" in rows


def headline(shown) -> dict[str, str]:
    """What is asked first, and the answers."""
    return dict(zip([one.text for one in shown.all("dt")], [one.text for one in shown.all("dd")], strict=True))


def test_three_questions_are_answered_at_a_glance(viewer, wallet):
    money.SERVICE.withdraw(wallet, 1234, "e_wallet")
    money.post([money.draft(wallet, money.technical("sales"), 5000, commission=77, kind="spend")])
    shown = page(viewer.get("/accounts/"))
    assert headline(shown) == {
        "Commission taken, RUB": "RUB 0.77",
        "Came in by bank transfer, RUB": "RUB 1,250.50",
        "Left to e-wallets, RUB": "RUB 12.34",
    }
    link = next(one for one in shown.all("a") if one.text == "RUB 12.34")
    assert link["href"].startswith(f"/accounts/{money.technical('e_wallet')}/?first=")


def drawn(shown) -> list[tuple[str, str, str]]:
    """The chart's points: into wallets, out of wallets, net, in minor units."""
    rows = [row.attrs for row in shown.all("tr", inside="chart-figures") if "data-at" in row.attrs]
    return [(row["data-into"], row["data-out"], row["data-net"]) for row in rows]


def test_the_chart_is_of_the_currency_and_the_account_that_are_chosen(viewer, wallet):
    money.SERVICE.deposit(money.wallet("EUR"), 900, "cash")
    now = today()
    path = f"/accounts/?first={now}&last={now}"
    chosen = {
        "": ("125050", "-20000", "105050"),
        "&code=sales": ("0", "-20000", "-20000"),
        "&currency=EUR&code=": ("900", "0", "900"),
        "&currency=EUR&code=cash": ("900", "0", "900"),
        "&currency=XXX&code=x%00": ("125050", "-20000", "105050"),
    }
    for query, point in chosen.items():
        shown = page(viewer.get(path + query, htmx=True))
        assert drawn(shown) == [point], query
        period = next(one for one in shown.all("a") if one.text == "This year")
        for piece in ("currency=EUR", "code=cash"):
            assert (piece in period["href"]) is (piece in query)
    assert drawn(page(viewer.get(f"/accounts/{money.technical('sales')}/"))) != []


def test_where_nothing_happened_there_is_no_chart(viewer, wallet):
    shown = page(viewer.get("/accounts/?first=2020-01-01&last=2020-01-31"))
    assert "Nothing happened" in shown.one(id="chart").text and not shown.all(id="chart-figures")
    assert not shown.all("dt") and not shown.all("tbody")


def test_only_the_pages_that_have_a_chart_load_it(viewer, wallet):
    for path, expected in (
        ("/accounts/", True),
        (f"/accounts/{money.technical('cash')}/", True),
        ("/customers/", False),
    ):
        assert ("uplot" in viewer.get(path).text) is expected, path


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
    assert 'id="currency"' not in manager.get("/accounts/").text
