"""Giving back what a payment moved, whole or in part."""

import uuid

import pytest

from crm.db import db
from crm.models import Payment
from crm.services import accounts
from tests import money, people
from tests.money import SERVICE
from tests.web.pages import page, toast
from tests.web.payments import address, facts
from tests.web.wallets import NO_AMOUNTS, sent


def payee(payment_id: str) -> int:
    """The account that the payment went to."""
    return db.session.get_one(Payment, uuid.UUID(payment_id)).to_account_id


def refused(answer) -> dict[str, str]:
    assert answer.status_code == 422, answer.status_code
    shown = page(answer)
    return {name: shown.error(name) for name in ("amount", "description") if shown.error(name)}


def test_a_part_is_given_back_and_the_page_is_fresh(admin, purse, transfer):
    form = sent(amount="100", description="Ошибка")
    answer = admin.post(address(transfer, "reverse/"), data=form, htmx=True)
    assert answer.status_code == 200 and toast(answer) == "RUB\xa0100.00 was reversed."
    assert answer.headers["HX-Retarget"].startswith("#payment-") and answer.headers["HX-Reswap"] == "outerHTML"
    shown = page(answer)
    assert (facts(shown)["Reversed"], facts(shown)["Left"]) == ("RUB 100.00", "RUB 100.00")
    assert SERVICE.balance(purse) == 80_000 + 10_000
    money.check_ledger()


def test_all_that_is_left_is_offered_and_given_back(admin, purse, transfer):
    SERVICE.reverse(transfer, 3_333)
    offered = page(admin.get(address(transfer, "reverse/"), htmx=True))
    assert not offered.is_whole and offered.value("amount") == "166.67" and offered.value("idempotency_key")
    answer = admin.post(address(transfer, "reverse/"), data=sent(amount="166,67"))
    assert (answer.status_code, answer.location) == (303, address(transfer))
    assert SERVICE.balance(purse) == 100_000
    shown = page(admin.get(address(transfer)))
    assert "RUB 166.67 was reversed." in shown.one(id="toasts").text
    assert address(transfer, "reverse/") not in [link["href"] for link in shown.all("a")]
    assert "Nothing of this payment" in admin.get(address(transfer, "reverse/")).text


def test_sent_twice_it_is_done_once(admin, purse, transfer, nothing_changes):
    form = sent(amount="50")
    admin.post(address(transfer, "reverse/"), data=form)
    with nothing_changes():
        again = admin.post(address(transfer, "reverse/"), data=form, htmx=True)
        other = admin.post(address(transfer, "reverse/"), data=form | {"amount": "51"}, htmx=True)
    assert toast(again).startswith("This was done already: RUB") and other.status_code == 409
    assert page(other).value("idempotency_key") != form["idempotency_key"]


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_what_is_no_amount_is_said_beside_it(admin, transfer, nothing_changes, amount):
    with nothing_changes():
        assert list(refused(admin.post(address(transfer, "reverse/"), data=sent(amount=amount)))) == ["amount"]


def test_more_than_is_left_and_more_than_there_is_are_refused(admin, transfer, nothing_changes):
    SERVICE.spend(payee(transfer), 19_000)
    with nothing_changes():
        more = refused(admin.post(address(transfer, "reverse/"), data=sent(amount="200.01"), htmx=True))
        poor = refused(admin.post(address(transfer, "reverse/"), data=sent(amount="200"), htmx=True))
    assert more == {"amount": "This is more than what is left to be reversed."}
    assert poor == {"amount": "There is not enough money in the wallet."}


def test_frozen_wallets_and_what_cannot_be_reversed_are_refused(admin, purse, transfer, nothing_changes):
    reversal = SERVICE.reverse(transfer, 100).payment_id
    failed = money.draft(purse, money.technical("cash"), 10**7, kind="withdrawal")
    money.post([failed])
    accounts.set_status(people.CLI, purse, "frozen")
    with nothing_changes():
        for payment in (reversal, failed.id):
            assert "amount" in refused(admin.post(address(payment, "reverse/"), data=sent(amount="1")))
            assert admin.get(address(payment, "reverse/")).status_code == 200
        frozen = admin.post(address(transfer, "reverse/"), data=sent(amount="1"))
    assert frozen.status_code == 422 and "The wallet is frozen." in frozen.text


@pytest.mark.parametrize("key", [None, "", " ", "x" * 201, "a\x00"])
def test_a_form_without_its_key_moves_nothing(admin, transfer, nothing_changes, key):
    form = {"amount": "1"} | ({} if key is None else {"idempotency_key": key})
    with nothing_changes():
        answer = admin.post(address(transfer, "reverse/"), data=form)
    assert answer.status_code == 422 and "This form is incomplete." in answer.text


def foreseen(browser, payment: str, amount: str) -> str:
    answer = browser.get(address(payment, "reverse/preview/"), query_string={"amount": amount}, htmx=True)
    assert answer.status_code == 200
    return page(answer).one(id="foreseen").text


def test_what_will_happen_is_told_while_it_is_typed(admin, transfer, nothing_changes):
    with nothing_changes():
        assert foreseen(admin, transfer, "100") == (
            "Анна Иванова +RUB 100.00 balance after: RUB 900.00 Борис −RUB 98.00 balance after: RUB 98.00"
            " Commission −RUB 2.00 Of the commission, RUB 2.00 comes back."
        )
        assert foreseen(admin, transfer, "") == ""
        assert foreseen(admin, transfer, "x").startswith("x is not an amount")
        assert foreseen(admin, transfer, "200.01") == "This is more than what is left to be reversed."
    SERVICE.spend(payee(transfer), 19_600)
    assert foreseen(admin, transfer, "100").endswith("There is not enough money in the wallet.")


def test_what_is_foreseen_is_what_happens(admin, purse, transfer):
    SERVICE.reverse(transfer, 777)
    told = foreseen(admin, transfer, "33.33")
    SERVICE.reverse(transfer, 3_333)
    assert f"Анна Иванова +RUB 33.33 balance after: RUB {SERVICE.balance(purse) / 100:.2f}" in told


def test_nobody_else_may(client, viewer, manager, stranger, admin, transfer, nothing_changes):
    with nothing_changes():
        for path in (address(transfer, "reverse/"), address(transfer, "reverse/preview/")):
            got = [one.get(path).status_code for one in (client, viewer, manager, stranger)]
            assert got == [302, 403, 403, 404]
        posted = [
            one.post(address(transfer, "reverse/"), data=sent(amount="1")).status_code
            for one in (client, viewer, manager, stranger)
        ]
        assert posted == [302, 403, 403, 404]
        assert admin.post(address("0" * 32, "reverse/"), data=sent(amount="1")).status_code == 404
        assert admin.put(address(transfer, "reverse/")).status_code == 405
