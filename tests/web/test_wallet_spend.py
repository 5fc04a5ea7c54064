"""Money that the customer spends, from the customer's page."""

import pytest

from crm.services import accounts
from tests import money, people
from tests.web import wallets
from tests.web.pages import page, toast
from tests.web.wallets import NO_ACCOUNTS, NO_AMOUNTS, lines, refused, sent


def address(customer) -> str:
    return wallets.address(customer, "spend")


def test_it_is_booked_with_its_words(manager, anna, purse):
    answer = manager.post(address(anna), data=sent(amount="250,50", account=purse, description="заказ 7"))
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/?account={purse}")
    assert lines(purse)[0] == ("spend", -25_050, 74_950, "заказ 7")
    said = "−RUB\xa0250.50 from Анна Иванова for a purchase · balance after: RUB\xa0749.50"
    assert said in manager.get(answer.location).text


def test_in_place_it_is_the_wallet_as_it_is_now_and_the_sentence(manager, anna, purse):
    answer = manager.post(address(anna), data=sent(amount="250,50"), htmx=True)
    shown = page(answer)
    assert [root["id"] for root in shown.roots] == [f"wallet-{anna.id}"]
    assert "RUB 749.50" in shown.one(id=f"account-{purse}").text
    assert "−RUB 250.50" in shown.one(id=f"history-{anna.id}").text
    assert toast(answer) == "−RUB\xa0250.50 from Анна Иванова for a purchase · balance after: RUB\xa0749.50"


def test_all_of_it_can_go_and_the_overdraft_too(manager, anna):
    account = money.wallet_of(anna.id, balance=500, overdraft=300)
    assert manager.post(address(anna), data=sent(amount="8", account=account)).status_code == 303
    assert accounts.of_customer(anna.id)[0].balance == -300
    assert "−RUB 3.00" in page(manager.get(f"/customers/{anna.id}/")).one(id=f"account-{account}").text


@pytest.mark.parametrize("htmx", [False, True])
def test_one_unit_too_much_is_refused(manager, anna, purse, nothing_changes, htmx):
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount="1000,01", account=purse), htmx=htmx)
    assert refused(answer) == {"amount": "There is not enough money in the wallet."}
    assert page(answer).value("amount") == "1000,01"


@pytest.mark.parametrize("htmx", [False, True])
def test_the_form_is_there_as_page_and_partial(manager, anna, purse, htmx):
    shown = page(manager.get(address(anna), htmx=htmx))
    assert shown.is_whole is not htmx and shown.value("idempotency_key")
    assert [option["value"] for option in shown.all("option") if option["value"] == str(purse)]


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_what_is_no_amount_is_said_beside_it(manager, anna, purse, nothing_changes, amount):
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount=amount, account=purse))
    assert list(refused(answer)) == ["amount"]


@pytest.mark.parametrize("account", NO_ACCOUNTS)
def test_a_wallet_that_is_not_there_is_refused(manager, anna, purse, nothing_changes, account):
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount="1", account=account))
    assert refused(answer) == {"account": "There is no such wallet."}


def test_the_wallet_of_somebody_else_is_refused(manager, anna, nothing_changes):
    other = money.wallet(name="Борис", balance=500)
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount="1", account=other))
    assert refused(answer) == {"account": "There is no such wallet."}


def test_without_a_wallet_in_the_currency_nothing_is_opened(manager, anna, purse, nothing_changes):
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount="1", currency="EUR"))
        unknown = manager.post(address(anna), data=sent(amount="1", currency="XXX"))
    assert refused(answer) == {"currency": "The customer has no wallet in EUR."}
    assert list(refused(unknown)) == ["currency"]


@pytest.mark.parametrize("named", [False, True])
def test_a_frozen_wallet_gives_nothing(manager, anna, purse, nothing_changes, named):
    accounts.set_status(people.CLI, purse, "frozen")
    form = sent(amount="1") | ({"account": str(purse)} if named else {})
    with nothing_changes():
        answer = manager.post(address(anna), data=form)
    assert refused(answer) == {"account": "The wallet is frozen."}


def test_a_closed_wallet_gives_nothing(manager, anna, nothing_changes):
    account = money.wallet_of(anna.id)
    accounts.set_status(people.CLI, account, "closed")
    with nothing_changes():
        named = manager.post(address(anna), data=sent(amount="1", account=account))
        unnamed = manager.post(address(anna), data=sent(amount="1"))
    assert refused(named) == {"account": "The wallet is closed."}
    assert refused(unnamed) == {"currency": "The customer has no wallet in RUB."}


def test_sent_twice_it_is_done_once(manager, anna, purse, nothing_changes):
    form = sent(amount="600", account=purse)
    manager.post(address(anna), data=form)
    with nothing_changes():
        again = manager.post(address(anna), data=form, htmx=True)
        other = manager.post(address(anna), data=form | {"amount": "1"})
    assert again.status_code == 200 and toast(again).startswith("This was done already: −RUB")
    assert other.status_code == 409 and page(other).value("idempotency_key") != form["idempotency_key"]


def test_a_form_without_its_key_moves_nothing(manager, anna, purse, nothing_changes):
    with nothing_changes():
        answer = manager.post(address(anna), data={"amount": "1", "account": str(purse)})
    assert answer.status_code == 422 and "Reload" in page(answer).one(class_="alert-danger").text


def test_strangers_lookers_customers_missing_ones_and_other_methods(
    client, viewer, stranger, manager, anna, purse, nothing_changes
):
    form = sent(amount="1", account=purse)
    with nothing_changes():
        got = wallets.statuses([client, viewer, stranger], address(anna), form)
        assert got == [[302, 302], [403, 403], [404, 404]]
        assert wallets.statuses([manager], "/customers/999999/wallet/spend/", form) == [[404, 404]]
        assert manager.delete(address(anna)).status_code == 405
