"""The first page: figures that lead to the list behind them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from crm.db import atomic
from crm.models import Customer
from crm.services import customers, reports
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


def test_page_and_partial(viewer, anna):
    whole, part = page(viewer.get("/")), page(viewer.get("/", htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["figures"]
    assert whole.one(id="figures").text == part.one(id="figures").text


def test_strangers_customers_and_other_methods(client, stranger, manager):
    assert client.get("/").location == "/login?next=/" and stranger.get("/").location == "/me/"
    assert manager.post("/").status_code == 405


def test_it_costs_the_same_whatever_there_is(viewer, count_statements):
    people.crowd(100)
    with count_statements() as statements:
        viewer.get("/")
    assert len(statements) <= 6, statements
