"""The wallets on a customer's page, and what happened in the chosen one."""

import pytest

from crm.services import accounts
from tests import money, people
from tests.web import wallets
from tests.web.pages import page

SERVICE = money.SERVICE


def rows(shown, customer) -> list[str]:
    found = shown.all("tr", inside=f"history-{customer.id}")
    return [row.text for row in found if row.attrs.get("id", "").startswith("operation-")]


@pytest.fixture
def busy(anna, purse) -> int:
    """Anna's wallet after one of each."""
    other = money.wallet_of(people.add("Борис").id)
    SERVICE.spend(purse, 10_000, "заказ <b>7</b>")
    SERVICE.withdraw(purse, 5_000, "cash")
    SERVICE.transfer(purse, other, 2_500, "долг")
    SERVICE.adjust(purse, -100, "ошибка кассира")
    return purse


def test_a_customer_without_a_wallet_is_told_how_to_open_one(manager, viewer, anna):
    for browser, may in ((manager, True), (viewer, False)):
        panel = page(browser.get(f"/customers/{anna.id}/")).one(id=f"wallet-{anna.id}")
        assert "No wallet yet" in panel.text
        assert ("A first deposit opens one." in panel.text) is may and ("Deposit" in panel.text) is may


def test_each_operation_is_told_in_words_newest_first(viewer, anna, busy):
    told = rows(page(viewer.get(f"/customers/{anna.id}/")), anna)
    expected = [
        ("Adjustment", "ошибка кассира", "−RUB 1.00", "RUB 824.00"),
        ("Transfer", "to Борис", "долг", "−RUB 25.00", "RUB 825.00"),
        ("Withdrawal · Cash", "−RUB 50.00", "RUB 850.00"),
        ("Purchase", "заказ <b>7</b>", "−RUB 100.00", "RUB 900.00"),
        ("Deposit · Bank transfer", "+RUB 1,000.00", "RUB 1,000.00"),
    ]
    assert len(told) == 5
    for row, texts in zip(told, expected, strict=True):
        assert all(text in row for text in texts), (row, texts)


def test_wallets_are_cards_and_the_address_chooses_one(viewer, anna, busy):
    euros = money.wallet_of(anna.id, "EUR", balance=700, overdraft=5_000)
    accounts.rename(people.CLI, euros, "На отпуск")
    shown = page(viewer.get(f"/customers/{anna.id}/?account={euros}"))
    card = shown.one(id=f"account-{euros}").text
    assert all(text in card for text in ("На отпуск", "€7.00", f"No. {euros}", "overdraft up to €50.00"))
    assert shown.one("a", inside=f"account-{euros}").attrs.get("aria-current") == "true"
    assert "aria-current" not in shown.one("a", inside=f"account-{busy}").attrs
    assert len(rows(shown, anna)) == 1
    for nonsense in ("x", "0", "999999", "9" * 40, "%00"):
        shown = page(viewer.get(f"/customers/{anna.id}/?account={nonsense}"))
        assert shown.one("a", inside=f"account-{busy}")["aria-current"] == "true"


def test_another_wallet_is_chosen_in_place(viewer, anna, busy):
    euros = money.wallet_of(anna.id, "EUR")
    answer = viewer.get(f"{wallets.address(anna)}?account={euros}", htmx=True)
    shown = page(answer)
    assert [root["id"] for root in shown.roots] == [f"wallet-{anna.id}"]
    assert answer.headers["HX-Push-Url"] == f"/customers/{anna.id}/?account={euros}"
    assert "No operations yet" in shown.one(id=f"history-{anna.id}").text


def test_without_scripts_the_panel_is_on_its_page(viewer, anna, busy):
    answer = viewer.get(f"{wallets.address(anna)}?account={busy}&kind=spend")
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/?account={busy}&kind=spend")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("kind=spend", 1),
        ("kind=conversion", 0),
        ("kind=x", 5),
        ("first=2000-01-01", 5),
        ("last=2000-01-01", 0),
        ("first=2999-01-01", 0),
        ("first=2999-01-01&last=2000-01-01", 0),
        ("first=x&last=2026-02-30", 5),
        ("first=0001-01-01&last=9999-12-31", 5),
        ("kind=adjustment&first=2000-01-01&last=2999-12-31", 1),
        ("before=3", 2),
        ("before=x", 5),
        (f"before={'9' * 40}", 5),
        ("before=0", 0),
    ],
)
def test_the_address_filters_on_the_page_and_in_place(viewer, anna, busy, query, count):
    whole = page(viewer.get(f"/customers/{anna.id}/?{query}"))
    assert len(rows(whole, anna)) == count
    answer = viewer.get(f"{wallets.address(anna)}?{query}", htmx=True, headers={"HX-Target": f"history-{anna.id}"})
    part = page(answer)
    assert [root["id"] for root in part.roots] == [f"history-{anna.id}"] and len(rows(part, anna)) == count
    assert answer.headers["HX-Push-Url"].startswith(f"/customers/{anna.id}/?account={busy}")


def test_nothing_found_has_a_way_back(viewer, anna, busy):
    shown = page(viewer.get(f"/customers/{anna.id}/?kind=conversion"))
    assert "Nothing like that here" in shown.one(id=f"history-{anna.id}").text
    (link,) = shown.all("a", inside=f"history-{anna.id}")
    assert link["href"] == f"/customers/{anna.id}/?account={busy}"


def test_more_is_shown_from_where_it_ended(viewer, anna, purse):
    for _time in range(60):
        SERVICE.deposit(purse, 1)
    shown = page(viewer.get(f"/customers/{anna.id}/"))
    assert len(rows(shown, anna)) == 50
    link = shown.one("a", inside="more")
    rest = viewer.get(link["hx-get"], htmx=True, headers={"HX-Target": "more"})
    assert rest.text.count('<tr id="operation-') == 11 and 'id="more"' not in rest.text
    assert "HX-Push-Url" not in rest.headers
    assert len(rows(page(viewer.get(link["href"])), anna)) == 11


@pytest.mark.parametrize("status", ["frozen", "closed"])
def test_a_wallet_that_cannot_be_used_offers_nothing_that_cannot_work(admin, anna, status):
    account = money.wallet_of(anna.id)
    accounts.set_status(people.CLI, account, status)
    shown = page(admin.get(f"/customers/{anna.id}/"))
    assert status.capitalize() in shown.one(id=f"account-{account}").text
    links = [link["href"] for link in shown.all("a", inside=f"wallet-{anna.id}")]
    paths = [link.partition("?")[0] for link in links if "/wallet/" in link]
    assert {path.split("/")[-2] for path in paths} == {"statement", "settings", "open"}


def test_who_may_do_what_is_who_is_offered_it(viewer, manager, admin, anna, purse):
    moves = ("deposit", "withdraw", "spend", "transfer")
    for browser, offered in ((viewer, ()), (manager, moves), (admin, (*moves, "adjust"))):
        links = [link["href"] for link in page(browser.get(f"/customers/{anna.id}/")).all("a")]
        found = [link.split("/")[4] for link in links if "/wallet/" in link]
        assert [word for word in found if word not in ("statement", "open", str(purse))] == list(offered)
        assert "statement" in found and ("open" in found) is (str(purse) in found) is bool(offered)


def test_it_costs_the_same_however_much_happened(viewer, anna, purse, count_statements):
    costs = []
    for _round in range(2):
        with count_statements() as statements:
            assert viewer.get(f"/customers/{anna.id}/").status_code == 200
        costs.append(len(statements))
        for _time in range(55):
            SERVICE.deposit(purse, 1)
        money.wallet_of(anna.id, "EUR", balance=5)
    assert costs == [6, 6], statements


def test_it_speaks_the_reader_s_language(viewer, anna, purse):
    shown = page(viewer.get(f"/customers/{anna.id}/", headers={"Accept-Language": "ru"}))
    assert "1 000,00 ₽" in shown.one(id=f"account-{purse}").text
    assert "+1\xa0000,00\xa0₽" in viewer.get(f"/customers/{anna.id}/", headers={"Accept-Language": "ru"}).text


def test_strangers_customers_missing_ones_and_other_methods(client, stranger, viewer, anna, purse):
    path = wallets.address(anna)
    assert [one.get(path, htmx=True).status_code for one in (client, stranger)] == [401, 404]
    assert viewer.get("/customers/999999/wallet/", htmx=True).status_code == 404
    assert viewer.post(path).status_code == 405
