"""Money for another wallet, and how its owner is found."""

import pytest

from crm.services import accounts, customers
from tests import money, people
from tests.web import wallets
from tests.web.pages import page, toast
from tests.web.wallets import NO_ACCOUNTS, NO_AMOUNTS, lines, refused, sent


def address(customer) -> str:
    return wallets.address(customer, "transfer")


@pytest.fixture
def payee(app) -> int:
    """Boris's wallet, empty."""
    return money.wallet(name="Борис Мак")


def test_it_moves_to_the_other_wallet(manager, anna, purse, payee):
    answer = manager.post(address(anna), data=sent(amount="250", account=purse, to_account=payee, description="долг"))
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/?account={purse}")
    assert lines(purse)[0] == ("transfer", -25_000, 75_000, "долг")
    assert lines(payee)[0] == ("transfer", 25_000, 25_000, "долг")


def test_in_place_it_is_the_wallet_as_it_is_now_and_the_sentence(manager, anna, purse, payee):
    answer = manager.post(address(anna), data=sent(amount="250", to_account=payee), htmx=True)
    assert [root["id"] for root in page(answer).roots] == [f"wallet-{anna.id}"]
    assert toast(answer) == "−RUB\xa0250.00 from Анна Иванова to Борис Мак · balance after: RUB\xa0750.00"


def test_between_wallets_of_one_customer(manager, anna, purse):
    other = money.wallet_of(anna.id)
    manager.post(address(anna), data=sent(amount="1", account=purse, to_account=other))
    assert lines(other) == [("transfer", 100, 100, "")]


@pytest.mark.parametrize("to_account", ["", " ", *NO_ACCOUNTS])
def test_a_wallet_must_be_chosen(manager, anna, purse, nothing_changes, to_account):
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount="1", account=purse, to_account=to_account))
    assert list(refused(answer)) == ["payee"]


def test_itself_another_currency_frozen_ones_and_technical_ones_are_refused(
    manager, anna, purse, payee, nothing_changes
):
    euros, technical = money.wallet("EUR", name="Вера"), money.technical("cash")
    accounts.set_status(people.CLI, payee, "frozen")
    with nothing_changes():
        for chosen in (purse, euros, technical, payee):
            answer = manager.post(address(anna), data=sent(amount="1", account=purse, to_account=chosen))
            assert list(refused(answer)) == ["payee"], chosen


def test_the_payer_must_be_the_customer_s_and_have_the_money(manager, anna, purse, payee, nothing_changes):
    with nothing_changes():
        foreign = manager.post(address(anna), data=sent(amount="1", account=payee, to_account=purse))
        too_much = manager.post(address(anna), data=sent(amount="1000,01", to_account=payee))
        no_wallet = manager.post(address(anna), data=sent(amount="1", currency="EUR", to_account=payee))
    assert refused(foreign) == {"account": "There is no such wallet."}
    assert refused(too_much) == {"amount": "There is not enough money in the wallet."}
    assert refused(no_wallet) == {"currency": "The customer has no wallet in EUR."}


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_what_is_no_amount_is_said_beside_it(manager, anna, purse, payee, nothing_changes, amount):
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount=amount, account=purse, to_account=payee))
    assert list(refused(answer)) == ["amount"]
    chosen = [one["value"] for one in page(answer).all("input", type="radio") if "checked" in one.attrs]
    assert chosen == [str(payee)]  # who was chosen stays chosen


def test_sent_twice_it_is_done_once(manager, anna, purse, payee, nothing_changes):
    form = sent(amount="5", account=purse, to_account=payee)
    manager.post(address(anna), data=form)
    with nothing_changes():
        assert toast(manager.post(address(anna), data=form, htmx=True)).startswith("This was done already")
        assert manager.post(address(anna), data=form | {"amount": "6"}).status_code == 409
        assert manager.post(address(anna), data={"amount": "1", "to_account": str(payee)}).status_code == 422


def test_payees_are_found_by_their_owners_in_the_payers_currency(manager, anna, purse, payee):
    money.wallet("EUR", name="Борис Евро")
    frozen, away = money.wallet(name="Борис Мороз"), money.wallet(name="Борис Архивный")
    accounts.set_status(people.CLI, frozen, "frozen")
    customers.set_archived(people.CLI, owner(away), True)
    path = wallets.address(anna, "payees")
    found = page(manager.get(f"{path}?payee=бор&account={purse}", htmx=True))
    assert [root["id"] for root in found.roots] == [f"payees-{anna.id}"]
    assert [one["value"] for one in found.all("input", name="to_account")] == [str(payee)]
    assert "Борис Мак" in found.roots[0].text
    nobody = page(manager.get(f"{path}?payee=кто-то", htmx=True))
    assert "Nobody like that" in nobody.roots[0].text and not nobody.all("input")
    for naughty in ("%00", "'%22", "%F0%9F%98%80", "x" * 3000):
        assert manager.get(f"{path}?payee={naughty}&account=x&to_account=x", htmx=True).status_code == 200


def owner(account_id: int) -> int:
    from crm.db import db
    from crm.models import Account

    return db.session.get_one(Account, account_id).customer_id


@pytest.mark.parametrize("htmx", [False, True])
def test_the_form_is_there_as_page_and_partial(manager, anna, purse, htmx):
    shown = page(manager.get(address(anna), htmx=htmx))
    assert shown.is_whole is not htmx and shown.value("idempotency_key")
    assert bool(shown.all("noscript")) is not htmx  # the number of a wallet can be typed where nothing can be chosen


def test_strangers_lookers_customers_missing_ones_and_other_methods(
    client, viewer, stranger, manager, anna, purse, payee, nothing_changes
):
    form = sent(amount="1", account=purse, to_account=payee)
    with nothing_changes():
        got = wallets.statuses([client, viewer, stranger], address(anna), form)
        assert got == [[302, 302], [403, 403], [404, 404]]
        assert wallets.statuses([manager], "/customers/999999/wallet/transfer/", form) == [[404, 404]]
        assert manager.put(address(anna), data=form).status_code == 405
