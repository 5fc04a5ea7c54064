"""A customer's transfer: shown before it is made, to one who is named by heart, and made once."""

import threading

import pytest

from crm.services import accounts
from tests import money, people
from tests.web.pages import page
from tests.web.portal import signs_in_as

MARIA = "maria@example.com"


@pytest.fixture
def mine(client_of, anna, purse):
    return client_of(signs_in_as(anna.id))


@pytest.fixture
def hers(app) -> int:
    other = people.add("Мария Сергеевна Петрова", email=MARIA, phone="+79160000001")
    return money.wallet_of(other.id)


def typed(purse: int, **changed: str) -> dict[str, str]:
    return {"account": str(purse), "payee": MARIA, "amount": "100", "description": "Долг"} | changed


def shown(answer) -> dict[str, str]:
    """What the page asks to agree to, as its form would send it."""
    inputs = page(answer).all("input", inside="check-form")
    return {one["name"]: one["value"] for one in inputs if one["name"] != "csrf_token"}


def test_it_is_shown_before_it_is_made(mine, purse, hers, charged):
    answer = mine.post("/me/transfer/", data=typed(purse))
    assert answer.status_code == 200
    text = page(answer).one("form", id="check-form").text
    assert "Мария С. П." in text and "Петрова" not in answer.text
    assert "100.00" in text and "3.00" in text and "97.00" in text and "900.00" in text
    assert money.SERVICE.balance(purse) == 100_000  # nothing has moved
    made = mine.post("/me/transfer/", data=shown(answer))
    assert (made.status_code, made.location) == (303, f"/me/?account={purse}")
    assert (money.SERVICE.balance(purse), money.SERVICE.balance(hers)) == (90_000, 9_700)
    assert "sent to" in mine.get(made.location).text
    money.check_ledger()


@pytest.mark.parametrize("payee", ["MARIA@Example.com", " +7 916 000-00-01 ", "8 916 000 00 01"])
def test_the_payee_is_named_by_e_mail_or_phone(mine, purse, hers, payee):
    agreed = shown(mine.post("/me/transfer/", data=typed(purse, payee=payee)))
    mine.post("/me/transfer/", data=agreed)
    assert money.SERVICE.balance(hers) == 10_000


def test_agreed_to_twice_it_is_made_once(mine, purse, hers):
    agreed = shown(mine.post("/me/transfer/", data=typed(purse, amount="1000")))  # all there is
    assert [mine.post("/me/transfer/", data=agreed).status_code for _time in range(3)] == [303] * 3
    assert (money.SERVICE.balance(purse), money.SERVICE.balance(hers)) == (0, 100_000)
    assert "done already" in mine.get("/me/").text


def test_five_clicks_at_once_make_one_transfer(app, mine, purse, hers):
    agreed = shown(mine.post("/me/transfer/", data=typed(purse)))

    def click() -> None:
        with app.app_context():
            mine.post("/me/transfer/", data=agreed)

    threads = [threading.Thread(target=click) for _each in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert money.SERVICE.balance(hers) == 10_000


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"payee": ""}, "payee"),
        ({"payee": "nobody@example.com"}, "payee"),
        ({"payee": "anna@example.com"}, "payee"),  # oneself
        ({"payee": "+7 000"}, "payee"),
        ({"payee": "Мария"}, "payee"),
        ({"amount": ""}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "1000.01"}, "amount"),
        ({"account": ""}, "account"),
        ({"account": "x"}, "account"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_moves_nothing(mine, purse, hers, nothing_changes, wrong, field):
    with nothing_changes():
        answer = mine.post("/me/transfer/", data=typed(purse, **wrong))
    assert answer.status_code == 422
    told = page(answer)
    invalid = [one["name"] for one in told.all("input") + told.all("select") if one.attrs.get("aria-invalid") == "true"]
    assert invalid == [field]


def test_money_of_somebody_else_is_not_sent(mine, purse, hers, nothing_changes):
    rich = money.wallet_of(people.add("Rich", email="rich@example.com").id, balance=10_000)
    with nothing_changes():
        answer = mine.post("/me/transfer/", data=typed(rich))
        forged = {"to_account": str(hers), "idempotency_key": "a key"}
        again = mine.post("/me/transfer/", data=typed(rich) | forged)
    assert answer.status_code == again.status_code == 422


def test_nothing_goes_to_another_wallet_than_the_one_that_was_shown(mine, purse, hers, nothing_changes):
    other = money.wallet(name="Mallory")
    agreed = shown(mine.post("/me/transfer/", data=typed(purse)))
    with nothing_changes():
        answer = mine.post("/me/transfer/", data=agreed | {"to_account": str(other)})
    assert answer.status_code == 422 and "has changed" in answer.text


def test_a_key_that_was_used_for_something_else_moves_nothing(mine, purse, hers):
    agreed = shown(mine.post("/me/transfer/", data=typed(purse)))
    mine.post("/me/transfer/", data=agreed)
    answer = mine.post("/me/transfer/", data=agreed | {"amount": "200"})
    assert answer.status_code == 409 and money.SERVICE.balance(hers) == 10_000


def test_what_changed_since_it_was_shown_is_told(mine, purse, hers):
    agreed = shown(mine.post("/me/transfer/", data=typed(purse, amount="1000")))
    money.SERVICE.withdraw(purse, 1)
    answer = mine.post("/me/transfer/", data=agreed)
    assert answer.status_code == 422 and money.SERVICE.balance(hers) == 0
    accounts.set_status(people.CLI, hers, "frozen")
    assert mine.post("/me/transfer/", data=typed(purse)).status_code == 422


def test_of_two_who_share_a_phone_nobody_is_paid(mine, purse, hers):
    money.wallet_of(people.add("Иван", phone="+79160000001", allow_duplicate=True).id)
    assert mine.post("/me/transfer/", data=typed(purse, payee="+79160000001")).status_code == 422


def test_it_can_be_changed_before_it_is_made(mine, purse, hers):
    agreed = shown(mine.post("/me/transfer/", data=typed(purse)))
    answer = mine.post("/me/transfer/", data=agreed | {"edit": "1"})
    assert answer.status_code == 200 and page(answer).value("payee") == MARIA and page(answer).value("amount") == "100"


def test_what_it_costs_is_told_while_it_is_typed_and_who_gets_it_is_not(mine, purse, hers, charged):
    answer = mine.get(f"/me/transfer/preview/?account={purse}&amount=100&payee={MARIA}")
    assert "commission" in answer.text and "97.00" in answer.text and "900.00" in answer.text
    assert "Мария" not in answer.text
    assert "more than there is" in mine.get(f"/me/transfer/preview/?account={purse}&amount=5000").text
    assert mine.get("/me/transfer/preview/?amount=x").status_code == 200
    assert page(mine.get("/me/transfer/preview/")).one("p").text == ""


def test_who_has_not_confirmed_the_e_mail_moves_no_money(client_of, anna, purse, hers, nothing_changes):
    browser = client_of(signs_in_as(anna.id, "other@example.com", confirmed=False))
    forged = {"to_account": str(hers), "idempotency_key": "a key"}
    with nothing_changes():
        for data in (typed(purse), typed(purse) | forged):
            assert browser.post("/me/transfer/", data=data).status_code == 403


def test_the_form_is_there_as_page_and_partial(mine, purse):
    assert page(mine.get("/me/transfer/")).is_whole
    assert [root["id"] for root in page(mine.get("/me/transfer/", htmx=True)).roots] == ["send-form"]


def test_without_an_open_wallet_there_is_nothing_to_send(mine, purse):
    accounts.set_status(people.CLI, purse, "frozen")
    assert "No open wallet" in mine.get("/me/transfer/").text
