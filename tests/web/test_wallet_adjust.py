"""A mistake that an administrator mends, with the reason for it."""

import pytest

from crm.services import accounts
from tests import money, people
from tests.web import wallets
from tests.web.pages import page, toast
from tests.web.wallets import NO_AMOUNTS, lines, refused, sent


def address(customer) -> str:
    return wallets.address(customer, "adjust")


@pytest.mark.parametrize(
    ("fields", "booked"),
    [
        ({"amount": "50"}, 5_000),
        ({"amount": "+50", "direction": "add"}, 5_000),
        ({"amount": "-50"}, -5_000),
        ({"amount": "−50,00"}, -5_000),
        ({"amount": "- 50"}, -5_000),
        ({"amount": "50", "direction": "take"}, -5_000),
        ({"amount": "-50", "direction": "take"}, -5_000),
    ],
)
def test_it_adds_or_takes(admin, alice, anna, purse, fields, booked):
    answer = admin.post(address(anna), data=sent(account=purse, description="касса", **fields), htmx=True)
    assert answer.status_code == 200
    assert lines(purse)[0] == ("adjustment", booked, 100_000 + booked, "касса")
    word = "+RUB\xa050.00 to" if booked > 0 else "−RUB\xa050.00 from"
    assert toast(answer).startswith(f"{word} Анна Иванова as a correction · balance after:")
    assert "Alice" in page(answer).one(id=f"history-{anna.id}").text


def test_without_scripts_it_leads_back(admin, anna, purse):
    answer = admin.post(address(anna), data=sent(amount="-1", description="касса"))
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/?account={purse}")


def test_adding_opens_a_wallet_and_taking_does_not(admin, anna, nothing_changes):
    with nothing_changes():
        answer = admin.post(address(anna), data=sent(amount="-1", description="касса"))
    assert refused(answer) == {"currency": "The customer has no wallet in RUB."}
    admin.post(address(anna), data=sent(amount="1", description="касса"))
    assert [wallet.balance for wallet in accounts.of_customer(anna.id)] == [100]


@pytest.mark.parametrize("reason", [None, "", "   ", "ab", "a b", "\u200b\u200b\u200b"])
def test_a_reason_must_be_given(admin, anna, nothing_changes, reason):
    form = sent(amount="1") | ({} if reason is None else {"description": reason})
    with nothing_changes():
        for htmx in (False, True):
            assert list(refused(admin.post(address(anna), data=form, htmx=htmx))) == ["description"]


@pytest.mark.parametrize("amount", [*sorted({*NO_AMOUNTS} - {"-1", "−1", "+1"}), "-", "--1", "-+1", "-0", "-1e9"])
def test_what_is_no_amount_is_said_beside_it(admin, anna, purse, nothing_changes, amount):
    with nothing_changes():
        answer = admin.post(address(anna), data=sent(amount=amount, account=purse, description="касса"))
    assert list(refused(answer)) == ["amount"]


@pytest.mark.parametrize("direction", ["", "x", "TAKE"])
def test_a_direction_that_is_none_is_refused(admin, anna, purse, nothing_changes, direction):
    with nothing_changes():
        answer = admin.post(address(anna), data=sent(amount="1", description="касса", direction=direction))
    assert list(refused(answer)) == ["direction"]


def test_more_than_there_is_cannot_be_taken(admin, anna, purse, nothing_changes):
    with nothing_changes():
        answer = admin.post(address(anna), data=sent(amount="-1000,01", account=purse, description="касса"))
    assert refused(answer) == {"amount": "There is not enough money in the wallet."}


@pytest.mark.parametrize("amount", ["1", "-1"])
def test_a_frozen_wallet_and_one_of_somebody_else_are_refused(admin, anna, purse, nothing_changes, amount):
    accounts.set_status(people.CLI, purse, "frozen")
    other = money.wallet(name="Борис", balance=500)
    with nothing_changes():
        frozen = admin.post(address(anna), data=sent(amount=amount, account=purse, description="касса"))
        foreign = admin.post(address(anna), data=sent(amount=amount, account=other, description="касса"))
    assert refused(frozen) == {"account": "The wallet is frozen."}
    assert refused(foreign) == {"account": "There is no such wallet."}


def test_sent_twice_it_is_done_once(admin, anna, purse, nothing_changes):
    form = sent(amount="-5", account=purse, description="касса")
    admin.post(address(anna), data=form)
    with nothing_changes():
        again = admin.post(address(anna), data=form, htmx=True)
        turned = admin.post(address(anna), data=form | {"amount": "5"})
    assert toast(again).startswith("This was done already: −RUB") and turned.status_code == 409


@pytest.mark.parametrize("htmx", [False, True])
def test_the_form_is_there_as_page_and_partial(admin, anna, purse, htmx):
    shown = page(admin.get(address(anna), htmx=htmx))
    assert shown.is_whole is not htmx and shown.value("direction") == "add" and shown.value("idempotency_key")


def test_only_administrators_may_and_are_offered_it(
    client, viewer, manager, stranger, admin, anna, purse, nothing_changes
):
    form = sent(amount="1", account=purse, description="касса")
    with nothing_changes():
        got = wallets.statuses([client, viewer, manager, stranger], address(anna), form)
        assert got == [[302, 302], [403, 403], [403, 403], [404, 404]]
        assert wallets.statuses([admin], "/customers/999999/wallet/adjust/", form) == [[404, 404]]
        assert admin.put(address(anna), data=form).status_code == 405
    for browser, offered in ((manager, False), (admin, True)):
        links = [link["href"] for link in page(browser.get(f"/customers/{anna.id}/")).all("a")]
        assert any("/adjust/" in link for link in links) is offered
