"""The search behind the search box and for scripts: twenty hits at most, in two statements."""

import pytest

from crm.services import customers
from crm.text import fold
from tests import people
from tests.web.pages import page

SEARCH = "/customers/api/search/"


def found(browser, q: str) -> list[str]:
    return [one["name"] for one in browser.get(SEARCH, query_string={"q": q}).json["results"]]


def test_a_hit_says_who_it_is_and_where(viewer, anna):
    answer = viewer.get(SEARCH + "?q=ив")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == {
        "results": [
            {
                "id": anna.id, "name": "Анна Иванова", "phone": "+79123456789", "email": "anna@example.com",
                "balance": "0.00", "currency": "RUB", "url": f"/customers/{anna.id}/",
            }
        ]
    }  # fmt: skip


def test_what_is_missing_is_blank(viewer):
    people.add("Иван")
    (hit,) = viewer.get(SEARCH + "?q=иван").json["results"]
    assert (hit["phone"], hit["email"]) == ("", "")


def test_the_rules_hold_here_too(viewer, anna):
    for query in ("а", "ИВ", "нова", "ив ан", "8 (912) 345", "ANNA@ex", " анна "):
        assert found(viewer, query) == ["Анна Иванова"], query
    for query in ("", " ", "в", "овна", "ан пе", "%", "_", "\x00", "\u0301"):
        assert found(viewer, query) == [], query


def test_who_was_put_away_is_found_too(viewer, anna):
    customers.set_archived(people.CLI, anna.id, True)
    assert found(viewer, "анна") == ["Анна Иванова"]


def test_there_are_twenty_at_most_in_order_of_names(viewer):
    people.crowd(200)
    names = found(viewer, "7912")
    assert len(names) == 20 and names == sorted(names, key=fold)


def test_the_box_gets_the_partial_with_what_was_found_marked(viewer, anna):
    part = page(viewer.get(SEARCH, query_string={"q": "иван"}, htmx=True))
    assert part.one("a", class_="hit")["href"] == f"/customers/{anna.id}/" and part.one("mark").text == "Иван"
    assert [root.tag for root in part.roots] == ["ul"]
    assert page(viewer.get(SEARCH + "?q=никто", htmx=True)).one("p").text == "No customer matches"
    assert viewer.get(SEARCH + "?q=", htmx=True).text.strip() == ""


def test_parameters_that_nobody_knows_are_let_be(viewer, anna):
    assert viewer.get(SEARCH + "?q=анна&page=x&limit=-1&status=archived&sort=zz").json["results"][0]["id"] == anna.id
    assert viewer.get(SEARCH).json == {"results": []}


@pytest.mark.parametrize("htmx", [True, False])
def test_a_search_costs_two_statements(viewer, count_statements, htmx):
    people.crowd(200)
    for query in ("а", "ан", "ива", "ив ан", "7912", "нет такого"):
        with count_statements() as statements:
            assert viewer.get(SEARCH, query_string={"q": query}, htmx=htmx).status_code == 200
        assert len(statements) <= 2, (query, statements)


def test_strangers_customers_and_other_methods(client, stranger, manager, anna):
    got = [browser.get(SEARCH + "?q=анна") for browser in (client, stranger)]
    assert [(one.status_code, list(one.json)) for one in got] == [(401, ["error"]), (404, ["error"])]
    partial = client.get(SEARCH + "?q=анна", htmx=True)
    assert (partial.status_code, partial.headers["HX-Redirect"]) == (401, "/login")
    assert manager.post(SEARCH).status_code == 405
