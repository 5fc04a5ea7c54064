"""The first page: figures that lead to the list behind them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from crm.db import atomic
from crm.models import Customer, ProofRun
from crm.services import customers, overview, reports
from tests import money, people
from tests.web.pages import page


def figures(shown) -> dict[str, int]:
    found = {}
    for card in shown.all("a", class_="figure"):
        label, number = (one.text for one in shown.elements if card in one.parents)
        found[label] = int(number.replace(",", ""))
    return found


def aged(pk: int, created: datetime) -> None:
    with atomic() as session:
        session.execute(update(Customer).where(Customer.id == pk).values(created_at=created))


def test_the_figures_are_right_and_lead_to_the_list_behind_them(viewer):
    now = datetime.now(UTC)
    for number, days in enumerate((0, 1, 30, 40)):
        aged(people.add(f"Анна {number}").id, now - timedelta(days=days))
    customers.set_archived(people.CLI, people.add("Иван").id, True)
    shown = page(viewer.get("/"))
    customers_told = {"Active customers": 4, "New in 7 days": 2, "Archived": 1}
    assert figures(shown) == customers_told | {"Waiting payments": 0, "Failed payments": 0}
    for card in shown.all("a", class_="figure")[:3]:
        number = next(one.text for one in shown.all("strong") if card in one.parents)
        assert page(viewer.get(card["href"])).one(id="customer-count").text.split()[0] == number


def test_payments_that_wait_and_that_failed_lead_to_the_list_of_them(viewer):
    wallet = money.wallet(balance=100)
    money.post([money.draft(wallet, money.technical("cash"), 101, kind="withdrawal") for _time in range(2)])
    money.wait([money.draft(wallet, money.technical("cash"), 1, kind="withdrawal")])
    shown = page(viewer.get("/"))
    told = figures(shown)
    assert (told["Waiting payments"], told["Failed payments"]) == (1, 2)
    for card in shown.all("a", class_="figure")[3:]:
        number = next(one.text for one in shown.all("strong") if card in one.parents)
        assert page(viewer.get(card["href"])).one(id="payment-count").text.split()[0] == number


def test_the_newest_are_named(viewer):
    for number in range(7):
        people.add(f"Анна {number}")
    names = [link.text for link in page(viewer.get("/")).all("a", inside="figures") if link.text.startswith("Анна")]
    assert names == [f"Анна {number}" for number in (6, 5, 4, 3, 2)]


def test_seven_days_are_days_of_the_business(app, monkeypatch):
    monkeypatch.setitem(app.config, "CRM_TIMEZONE", "Asia/Kamchatka")
    figures = reports.customer_figures()
    anna = people.add()
    midnight = datetime.combine(figures.new_since, datetime.min.time(), UTC) - timedelta(hours=12)
    aged(anna.id, midnight)
    assert reports.customer_figures().new == 1
    aged(anna.id, midnight - timedelta(seconds=1))
    assert reports.customer_figures().new == 0


def test_an_empty_house_invites_to_begin(manager, viewer):
    assert page(manager.get("/")).all("a", inside="figures", href="/customers/create/")
    assert not page(viewer.get("/")).all("a", inside="figures", href="/customers/create/")
    assert "No customers yet" in page(viewer.get("/")).one(id="figures").text
    assert "No wallets yet" in page(viewer.get("/")).one(id="money").text


def test_page_and_partial(viewer, anna):
    whole, part = page(viewer.get("/")), page(viewer.get("/", htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["figures"]
    assert whole.one(id="figures").text == part.one(id="figures").text


def test_strangers_customers_and_other_methods(client, stranger, manager):
    assert client.get("/").location == "/login?next=/" and stranger.get("/").location == "/me/"
    assert manager.post("/").status_code == 405


def test_it_costs_the_same_whatever_there_is(viewer, count_statements, monkeypatch):
    people.crowd(100)
    money.wallet(balance=100)
    costs = []
    monkeypatch.setattr(overview, "KEPT_FROM", 0)
    for address in ("/", "/?money=1", "/"):
        with count_statements() as statements:
            assert viewer.get(address).status_code == 200
        costs.append(len(statements))
    assert costs[0] <= 8 and costs[1] <= 16 and costs[2] <= 8, costs  # not yet, worked out, kept


def test_what_is_held_and_reserved_leads_to_the_lists_behind_it(viewer):
    wallet = money.wallet(balance=125_000)
    money.wallet(balance=5_000, name="Иван")
    money.wallet("USD", 700, name="Олег")
    money.SERVICE.spend(wallet, 40_000, hold=True)
    shown = page(viewer.get("/"))
    cards = shown.all("div", class_="held")
    assert [card.text for card in cards] == [
        "Held in wallets, RUB RUB 1,300.00 reserved RUB 400.00",
        "Held in wallets, USD $7.00 reserved $0.00",
    ]
    customers_link, payments_link = (link for link in shown.all("a") if cards[0] in link.parents)
    assert page(viewer.get(customers_link["href"])).one(id="customer-count").text.split()[0] == "3"
    assert page(viewer.get(payments_link["href"])).one(id="payment-count").text == "1 payment"


def test_days_add_up_to_what_technical_accounts_tell(viewer):
    wallet = money.wallet(balance=100_000)
    money.SERVICE.deposit(wallet, 2_000, "cash")
    money.SERVICE.spend(wallet, 30_000)
    money.post([money.draft(wallet, money.wallet(name="Иван"), 10_000, commission=200)])
    shown = page(viewer.get("/"))
    said = "deposits RUB 1,020.00 · spends RUB 300.00 · commission RUB 2.00"
    assert shown.one(id="days-said").text == f"Together: {said}"
    rows = [row for row in shown.all("tr", inside="day-figures") if "data-at" in row.attrs]
    assert len(rows) == overview.DAYS and rows[-1]["data-said"].replace("\xa0", " ").endswith(said)
    assert [rows[-1][f"data-{name}"] for name in ("into", "out", "net")] == ["102000", "-30000", "200"]
    assert [rows[0][f"data-{name}"] for name in ("into", "out", "net")] == ["0", "0", "0"]
    links = [link for link in shown.all("a", inside="money") if link.parents[-1].tag == "dd"]
    ways, *accounts = (page(viewer.get(link["href"])).one("main").text for link in links)
    assert "RUB 1,000.00" in ways and "RUB 20.00" in ways  # by bank transfer, and in cash
    assert all(link.text in told for link, told in zip(links[1:], accounts, strict=True))


def test_the_currency_is_chosen_in_the_address(viewer):
    money.wallet(balance=100, name="Рублёв")
    money.wallet("USD", 300, name="Долларов")
    for query, wanted, name in (
        ("", "RUB", "Рублёв"),
        ("?currency=USD", "USD", "Долларов"),
        ("?currency=x", "RUB", "Рублёв"),
    ):
        shown = page(viewer.get(f"/{query}"))
        assert shown.value("currency", "money") == wanted and shown.one(id="top-title").text.endswith(wanted)
        assert [name in item.text for item in shown.all("li", inside="top")] == [True, False]
    part = viewer.get("/?currency=USD", htmx=True, headers={"HX-Target": "money"})
    assert [root["id"] for root in page(part).roots] == ["money"]


def test_costly_sums_come_later_are_kept_with_their_age_and_made_anew_at_wish(viewer, monkeypatch):
    monkeypatch.setattr(overview, "KEPT_FROM", 1)
    first, _second = money.wallet(balance=100), money.wallet(balance=100, name="Иван")
    waiting = page(viewer.get("/"))
    later = waiting.one(id="money")["hx-get"]
    assert waiting.one("a", inside="money")["href"] == later and not waiting.all("div", class_="held")
    assert "RUB 2.00" in page(viewer.get(later)).one("div", class_="held").text
    money.SERVICE.deposit(first, 100)
    kept = page(viewer.get("/"))
    assert "RUB 2.00" in kept.one("div", class_="held").text and "as of" in kept.one(id="money-age").text
    again = kept.one("a", inside="money-age")["href"]
    assert "RUB 3.00" in page(viewer.get(again)).one("div", class_="held").text
    assert "RUB 3.00" in page(viewer.get("/")).one("div", class_="held").text


def test_what_runs_is_counted(viewer, alice):
    assert "Nothing is running." in page(viewer.get("/")).one(id="running").text
    with atomic() as session:
        session.add(ProofRun(kind="full", created_by_id=alice.id, origin="test"))
    shown = page(viewer.get("/"))
    assert shown.one(id="running").text == "Running jobs 1 1 proof of the ledger"
    assert viewer.get(shown.one("a", inside="running")["href"]).status_code == 200
