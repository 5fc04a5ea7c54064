"""The warning while a new customer is typed."""

from tests.web.pages import page

DUPLICATES = "/customers/duplicates/"


def warned(browser, **typed: str):
    answer = browser.get(DUPLICATES, query_string=typed, htmx=True)
    assert answer.status_code == 200
    part = page(answer)
    assert [root["id"] for root in part.roots] == ["alike"]
    return part


def test_whoever_shares_something_is_linked(manager, anna):
    for typed, said in (
        ({"phone": "8 912 345 67 89"}, "the same phone"),
        ({"email": "ANNA@example.com"}, "the same e-mail"),
        ({"name": "анна  иванова"}, "the same name"),
    ):
        part = warned(manager, **typed)
        assert part.one("a")["href"] == f"/customers/{anna.id}/" and said in part.one("li").text


def test_nobody_is_said_by_an_empty_place(manager, anna):
    for typed in (
        {},
        {"name": "Анна"},
        {"phone": "8912"},
        {"name": "\x00"},
        {"phone": "\x00"},
        {"email": "x" * 10_000},
    ):
        assert warned(manager, **typed).one(id="alike").text == ""


def test_it_costs_three_statements(manager, anna, count_statements):
    with count_statements() as statements:
        warned(manager, name="Анна Иванова", phone="+79123456789", email="anna@example.com")
    assert len(statements) <= 3


def test_strangers_lookers_customers_and_other_methods(client, viewer, stranger, manager):
    assert [browser.get(DUPLICATES).status_code for browser in (client, viewer, stranger)] == [302, 403, 404]
    assert manager.post(DUPLICATES).status_code == 405
