"""The list of customers: search, filters, order and pages, all of it in the address."""

from urllib.parse import parse_qs, urlsplit

import pytest

from crm.services import customers, search
from crm.services.search import SORTS
from tests import money, people
from tests.web.pages import Page, page

LIST = "/customers/"


def names(shown: Page) -> list[str]:
    return [link.text for link in shown.all("a", class_="row-link")]


def listed(browser, **query: str) -> list[str]:
    return names(page(browser.get(LIST, query_string=query)))


def test_a_customer_is_shown_with_what_operators_reach_for(viewer, anna):
    shown = page(viewer.get(LIST))
    row = f"customer-row-{anna.id}"
    assert shown.one("a", inside=row, class_="row-link")["href"] == f"/customers/{anna.id}/"
    assert shown.one("a", inside=row, href="tel:+79123456789").text == "+7 912 345-67-89"
    assert shown.one("a", inside=row, href="mailto:anna@example.com").text == "anna@example.com"
    assert shown.one("a", inside=row, class_="tag").text == "vip"
    assert shown.one("td", inside=row, class_="col-city").text == "Тверь"
    assert shown.one(id="customer-count").text == "1 customer"


def test_who_may_only_look_is_offered_no_change(viewer, manager, anna):
    for browser, offered in ((viewer, 0), (manager, 1)):
        shown = page(browser.get(LIST))
        links = shown.all("a", href="/customers/create/")
        assert (len(links), len(shown.all(id="new-customer"))) == (offered, offered)
        assert all(link["hx-target"] == "#new-customer" for link in links)


def test_the_partial_is_what_the_page_includes(manager, anna):
    whole, part = page(manager.get(LIST)), page(manager.get(LIST, htmx=True))
    assert whole.is_whole and not part.is_whole
    assert [root["id"] for root in part.roots] == ["customer-list"]
    assert whole.one(id="customer-list").text == part.one(id="customer-list").text


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_who_goes_back_or_follows_a_link_gets_the_page(manager, anna, header):
    assert page(manager.get(LIST, htmx=True, headers={header: "true"})).is_whole


def test_the_address_tells_the_state(manager, anna):
    query = {"q": "анна", "status": "", "tag": "vip", "city": "тв", "channel": "email", "sort": "-created",
             "created_from": "2026-01-01", "created_to": "2999-01-01"}  # fmt: skip
    shown = page(manager.get(LIST, query_string=query))
    assert {name: shown.value(name, inside="filters") for name in query} == query
    for address in (
        next(link for link in shown.all("a") if link.text == "CSV")["href"],
        shown.one(id="customer-list")["data-export"],
    ):
        assert parse_qs(urlsplit(address).query, keep_blank_values=True) == {k: [v] for k, v in query.items()}
    answer = manager.get(LIST, query_string=query, htmx=True)
    pushed = urlsplit(answer.headers["HX-Push-Url"])
    assert parse_qs(pushed.query, keep_blank_values=True) == {name: [value] for name, value in query.items()}


def test_what_is_as_usual_is_left_out_of_the_address(manager, anna):
    answer = manager.get(LIST, query_string={"q": "", "status": "active", "sort": "name", "tag": ""}, htmx=True)
    assert answer.headers["HX-Push-Url"] == "/customers/"


def test_typing_leaves_one_step_to_go_back(manager, anna):
    answer = manager.get(LIST, query_string={"q": "ан"}, htmx=True, headers={"HX-Trigger-Name": "q"})
    assert "HX-Push-Url" not in answer.headers
    assert parse_qs(urlsplit(answer.headers["HX-Replace-Url"]).query) == {"q": ["ан"]}


def test_what_was_found_is_marked(viewer, anna):
    shown = page(viewer.get(LIST, query_string={"q": "иван"}))
    assert shown.one("mark").text == "Иван"
    assert page(viewer.get(LIST, query_string={"q": "345-67"})).one("mark").text == "345-67"


def test_each_filter_narrows_the_list(viewer, anna):
    people.add("Иван Мак", city="Орёл")
    put_away = people.add("Мария Ли")
    customers.set_archived(people.CLI, put_away.id, True)
    assert listed(viewer) == ["Анна Иванова", "Иван Мак"]
    for query, expected in (
        ({"q": "ан"}, ["Анна Иванова"]),
        ({"tag": "VIP"}, ["Анна Иванова"]),
        ({"city": "орел"}, ["Иван Мак"]),
        ({"channel": "phone"}, ["Анна Иванова"]),
        ({"status": "archived"}, ["Мария Ли"]),
        ({"status": ""}, ["Анна Иванова", "Иван Мак", "Мария Ли"]),
        ({"created_from": "2999-01-01"}, []),
        ({"created_to": "2999-01-01"}, ["Анна Иванова", "Иван Мак"]),
    ):
        assert (query, listed(viewer, **query)) == (query, expected)


def test_every_heading_sorts_and_a_second_time_the_other_way(viewer, anna):
    for column in SORTS:
        first = page(viewer.get(LIST, query_string={"sort": column, "q": "ан"}))
        heading = first.one("th", class_=f"col-{column}")
        assert heading["aria-sort"] == "ascending"
        again = [link for link in first.all("a", inside="customer-list") if heading in link.parents]
        second = page(viewer.get(again[0]["href"]))
        assert second.one("th", class_=f"col-{column}")["aria-sort"] == "descending"
        assert second.value("q", inside="filters") == "ан"


@pytest.mark.parametrize("sort", ["name", "-city"])
@pytest.mark.parametrize("htmx", [True, False])
def test_show_more_walks_to_the_end_and_shows_each_once(viewer, sort, htmx):
    crowd = people.crowd(120)
    address, shown = f"{LIST}?status=&sort={sort}", []
    headers = {"HX-Target": "more"}
    while address:
        answer = page(viewer.get(address, htmx=htmx, headers=headers if htmx and "cursor" in address else {}))
        shown += [link["href"] for link in answer.all("a", class_="row-link")]
        more = answer.all("a", inside="more")
        address = more[0]["href"] if more else ""
    assert len(shown) == 120 and set(shown) == {f"/customers/{person.id}/" for person in crowd}


def test_more_rows_are_nothing_but_rows(viewer):
    people.crowd(60)
    address = page(viewer.get(LIST + "?status=")).one("a", inside="more")["href"]
    answer = viewer.get(address, htmx=True, headers={"HX-Target": "more"})
    assert {root.tag for root in page(answer).roots} == {"tr"}
    assert "HX-Push-Url" not in answer.headers


def test_a_search_of_nobody_and_an_empty_house_say_different_things(manager):
    assert "Create one or import" in page(manager.get(LIST)).one(id="no-customers").text
    assert "Try fewer letters" in page(manager.get(LIST + "?q=я")).one(id="no-customers").text
    people.add()
    assert page(manager.get(LIST)).one(id="no-customers").text == ""


def test_the_count_says_when_it_stopped_counting(viewer, monkeypatch):
    people.crowd(3)
    assert page(viewer.get(LIST + "?status=")).one(id="customer-count").text == "3 customers"
    monkeypatch.setattr(search, "_count", lambda criteria: 5001)
    assert page(viewer.get(LIST)).one(id="customer-count").text == "More than 1,000 customers"


@pytest.mark.parametrize(
    "query",
    ["status=gone", "sort=shoe", "sort=--name", "channel=fax", "created_from=yesterday", "created_to=2026-13-01",
     "created_from=0001-01-01", "created_to=9999-12-31", "cursor=x", "cursor=%00", "cursor=W10", "page=2", "q=&q=x"],
)  # fmt: skip
def test_what_makes_no_sense_is_as_if_it_were_not_there(viewer, anna, query):
    assert names(page(viewer.get(f"{LIST}?{query}"))) == ["Анна Иванова"]


def test_a_stranger_is_asked_to_sign_in_and_brought_back(client, anna):
    answer = client.get(LIST + "?q=анна")
    assert answer.status_code == 302
    target = parse_qs(urlsplit(answer.location).query)["next"][0]
    assert (urlsplit(target).path, parse_qs(urlsplit(target).query)) == (LIST, {"q": ["анна"]})


def test_a_customer_finds_nothing_here(stranger, anna):
    assert stranger.get(LIST).status_code == 404


def test_the_list_is_only_read(manager):
    for method in ("POST", "PUT", "DELETE"):
        answer = manager.open(LIST, method=method)
        assert (answer.status_code, set(answer.allow)) == (405, {"GET", "HEAD", "OPTIONS"})


@pytest.mark.parametrize("number", [0, 1, 130])
def test_a_list_costs_no_more_than_six_statements(viewer, count_statements, number):
    people.crowd(number)
    for query in ("", "?q=ан", "?status=&sort=-city", "?q=7912&sort=tags&tag=vip&channel=phone"):
        for htmx in (True, False):
            with count_statements() as statements:
                assert viewer.get(LIST + query, htmx=htmx).status_code == 200
            assert len(statements) <= 6, (query, statements)


def test_the_list_shows_filters_and_sorts_balances_in_one_currency(viewer):
    for name, amount in (("Анна", 125_050), ("Борис", 700)):
        money.wallet(name=name, balance=amount)
    money.wallet("USD", 900, name="Вера")
    debtor = money.wallet(name="Глеб", overdraft=5000)
    money.SERVICE.spend(debtor, 4200)

    def names(query: str) -> list[str]:
        return [link.text for link in page(viewer.get(f"/customers/?{query}")).all("a", class_="row-link")]

    assert names("sort=-balance") == ["Анна", "Борис", "Вера", "Глеб"]
    assert names("sort=balance") == ["Глеб", "Вера", "Борис", "Анна"]
    assert names("debt=1") == ["Глеб"]
    assert names("balance_from=7&balance_to=1 250,50") == ["Анна", "Борис"]
    assert names("balance_from=-42&balance_to=0") == ["Вера", "Глеб"]
    assert names("currency=USD&balance_from=0.01") == ["Вера"]
    shown = page(viewer.get("/customers/?currency=USD"))
    assert [cell.text for cell in shown.all("td", class_="col-balance") if cell.text] == ["$9.00"]
    assert page(viewer.get("/customers/")).value("currency") == "RUB"


def test_bounds_that_are_no_amounts_are_as_if_they_were_not_there(viewer):
    money.wallet(balance=100)
    for value in ("1e9", "NaN", "1,2,3", "٣", "9" * 30, "--5", "x"):
        assert viewer.get("/customers/", query_string={"balance_from": value}).text.count('class="row-link"') == 1


def test_the_products_own_currency_stays_out_of_the_address(viewer):
    answer = viewer.get("/customers/?currency=RUB&debt=1", htmx=True)
    assert answer.headers["HX-Push-Url"] == "/customers/?debt=1"
    answer = viewer.get("/customers/?currency=usd&balance_from=5", htmx=True)
    assert answer.headers["HX-Push-Url"] == "/customers/?currency=USD&balance_from=5.00"
