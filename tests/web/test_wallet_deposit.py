"""Money that comes in, from the customer's page."""

import pytest

from crm.services import accounts
from tests import money, people
from tests.web import wallets
from tests.web.pages import page, toast
from tests.web.wallets import NO_ACCOUNTS, NO_AMOUNTS, lines, refused, sent, wrong


def address(customer) -> str:
    return wallets.address(customer, "deposit")


def test_it_is_booked_with_source_and_words(manager, boris, anna, purse):
    form = sent(amount="1 250,50", account=purse, source="cash", description="  по договору  ")
    answer = manager.post(address(anna), data=form)
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/?account={purse}")
    assert lines(purse)[0] == ("deposit", 125_050, 225_050, "по договору")
    shown = manager.get(answer.location)
    assert "+RUB\xa01,250.50 to Анна Иванова · balance after: RUB\xa02,250.50" in shown.text
    newest = page(shown).all("tr", inside=f"history-{anna.id}")[1].text
    assert all(text in newest for text in ("Deposit · Cash", "по договору", "Boris", "+RUB 1,250.50", "RUB 2,250.50"))


def test_in_place_it_is_the_wallet_as_it_is_now_and_the_sentence(manager, anna, purse):
    answer = manager.post(address(anna), data=sent(amount="1", account=purse), htmx=True)
    shown = page(answer)
    assert [root["id"] for root in shown.roots] == [f"wallet-{anna.id}"]
    assert answer.headers["HX-Retarget"] == f"#wallet-{anna.id}" and answer.headers["HX-Reswap"] == "outerHTML"
    assert answer.headers["HX-Replace-Url"] == f"/customers/{anna.id}/?account={purse}"
    assert "RUB 1,001.00" in shown.one(id=f"account-{purse}").text
    assert "+RUB 1.00" in shown.one(id=f"history-{anna.id}").text
    assert toast(answer) == "+RUB\xa01.00 to Анна Иванова · balance after: RUB\xa01,001.00"
    assert "wallet/deposit/" in next(one["href"] for one in shown.all("a") if "data-focus" in one.attrs)


def test_an_amount_and_a_key_are_enough_and_open_a_wallet(manager, anna, trail):
    trail()
    assert manager.post(address(anna), data=sent(amount="5")).status_code == 303
    (wallet,) = accounts.of_customer(anna.id)
    assert (wallet.currency, wallet.balance) == ("RUB", 500)
    assert [entry.action for entry in trail()] == ["account.opened"]
    manager.post(address(anna), data=sent(amount="7"))
    assert [one.balance for one in accounts.of_customer(anna.id)] == [1_200]


def test_the_currency_says_which_wallet(manager, anna, purse):
    manager.post(address(anna), data=sent(amount="3", currency="EUR"))
    assert {one.currency: one.balance for one in accounts.of_customer(anna.id)} == {"RUB": 100_000, "EUR": 300}


def test_a_frozen_wallet_is_left_alone_where_only_the_currency_is_given(manager, anna, purse):
    accounts.set_status(people.CLI, purse, "frozen")
    manager.post(address(anna), data=sent(amount="3"))
    assert [one.balance for one in accounts.of_customer(anna.id)] == [100_000, 300]


@pytest.mark.parametrize("htmx", [False, True])
def test_the_form_is_there_as_page_and_partial_with_a_new_key_each_time(manager, anna, purse, htmx):
    first, second = (page(manager.get(f"{address(anna)}?account={purse}", htmx=htmx)) for _time in range(2))
    assert first.is_whole is not htmx and first.value("account") == str(purse)
    keys = {shown.value("idempotency_key") for shown in (first, second)}
    assert len(keys) == 2 and all(len(key) == 36 for key in keys)
    assert {one["value"] for one in first.all("option")} >= {"bank_transfer", "cash", "card", "e_wallet", "crypto"}


def test_without_a_wallet_a_currency_is_chosen(manager, anna):
    shown = page(manager.get(address(anna), htmx=True))
    assert shown.value("currency") == "RUB" and not shown.all(name="account")


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_what_is_no_amount_is_said_beside_it(manager, anna, purse, nothing_changes, amount):
    with nothing_changes():
        for htmx in (False, True):
            answer = manager.post(address(anna), data=sent(amount=amount, account=purse), htmx=htmx)
            assert list(refused(answer)) == ["amount"] and page(answer).is_whole is not htmx


def test_decimals_are_the_currency_s(manager, anna, nothing_changes):
    from crm.services import currencies

    for code in ("JPY", "KWD"):
        currencies.add(people.CLI, code)
    with nothing_changes():
        yen = refused(manager.post(address(anna), data=sent(amount="1.5", currency="JPY")))
        dinar = refused(manager.post(address(anna), data=sent(amount="1.2345", currency="KWD")))
    assert yen == {"amount": "JPY has no more than 0 decimals."}
    assert dinar == {"amount": "KWD has no more than 3 decimals."}
    manager.post(address(anna), data=sent(amount="1.234", currency="KWD"))
    assert [wallet.balance for wallet in accounts.of_customer(anna.id)] == [1_234]


@pytest.mark.parametrize("account", NO_ACCOUNTS)
def test_a_wallet_that_is_not_there_is_refused(manager, anna, purse, nothing_changes, account):
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount="1", account=account))
    assert refused(answer) == {"account": "There is no such wallet."}


@pytest.mark.parametrize("htmx", [False, True])
def test_the_wallet_of_somebody_else_is_refused(manager, anna, nothing_changes, htmx):
    other = money.wallet(name="Борис")
    technical = money.technical("cash")
    with nothing_changes():
        for account in (other, technical):
            answer = manager.post(address(anna), data=sent(amount="1", account=account), htmx=htmx)
            assert refused(answer) == {"account": "There is no such wallet."}


@pytest.mark.parametrize("currency", ["XXX", "JPY", "rub", "x" * 5000, "\x00", "٣"])
def test_a_currency_that_is_not_in_use_is_refused(manager, anna, nothing_changes, currency):
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount="1", currency=currency))
    assert list(refused(answer)) == ["currency"]


def test_a_currency_that_is_not_the_wallet_s_is_refused(manager, anna, purse, nothing_changes):
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount="1", account=purse, currency="EUR"))
    assert refused(answer) == {"currency": "The wallet is in RUB."}


@pytest.mark.parametrize(
    ("field", "value"), [("source", ""), ("source", "sales"), ("description", "x" * 501), ("description", "a\x07b")]
)
def test_what_the_service_refuses_is_said_beside_it_and_opens_nothing(manager, anna, nothing_changes, field, value):
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount="1") | {field: value})
    assert list(refused(answer)) == [field]


@pytest.mark.parametrize("status", ["frozen", "closed"])
def test_a_wallet_that_cannot_be_used_takes_nothing(manager, anna, nothing_changes, status):
    account = money.wallet_of(anna.id)
    accounts.set_status(people.CLI, account, status)
    with nothing_changes():
        answer = manager.post(address(anna), data=sent(amount="1", account=account))
    assert refused(answer) == {"account": f"The wallet is {status}."}


def test_sent_twice_it_is_done_once_and_said_so(manager, anna, purse):
    form = sent(amount="5", account=purse)
    answers = [manager.post(address(anna), data=form, htmx=True) for _time in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3 and len(lines(purse)) == 2
    assert toast(answers[0]).startswith("+RUB") and toast(answers[2]).startswith("This was done already: +RUB")


def test_sent_twice_without_a_wallet_it_opens_one(manager, anna):
    form = sent(amount="5")
    assert [manager.post(address(anna), data=form).status_code for _time in range(2)] == [303, 303]
    assert [wallet.balance for wallet in accounts.of_customer(anna.id)] == [500]


@pytest.mark.parametrize("htmx", [False, True])
def test_a_used_key_with_another_amount_is_a_conflict(manager, anna, purse, nothing_changes, htmx):
    form = sent(amount="5", account=purse)
    manager.post(address(anna), data=form)
    with nothing_changes():
        answer = manager.post(address(anna), data=form | {"amount": "6"}, htmx=htmx)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (409, not htmx)
    assert "Nothing was moved this time." in shown.one(class_="alert-danger").text
    assert shown.value("idempotency_key") not in ("", form["idempotency_key"]) and shown.value("amount") == "6"


def test_a_refused_form_has_a_new_key_and_what_was_typed(manager, anna, purse):
    form = sent(amount="0", account=purse, source="card", description="раз")
    shown = page(manager.post(address(anna), data=form, htmx=True))
    typed = {name: shown.value(name) for name in ("amount", "account", "source", "description")}
    assert typed == {name: form[name] for name in typed} and shown.value("idempotency_key") != form["idempotency_key"]


@pytest.mark.parametrize("key", [None, "", "  ", "k" * 201, "a\x00b"])
def test_a_form_without_its_key_moves_nothing(manager, anna, purse, nothing_changes, key):
    form = sent(amount="1", account=purse) | {"idempotency_key": key}
    with nothing_changes():
        answer = manager.post(address(anna), data={name: value for name, value in form.items() if value is not None})
    assert answer.status_code == 422 and "Reload" in page(answer).one(class_="alert-danger").text
    assert wrong(page(answer)) == {}


def test_it_leaves_no_second_trail(manager, anna, purse, trail):
    trail()
    manager.post(address(anna), data=sent(amount="1", account=purse))
    assert trail() == []  # the payment is its own


def test_strangers_lookers_customers_missing_ones_and_other_methods(
    client, viewer, stranger, manager, anna, purse, nothing_changes
):
    form = sent(amount="1", account=purse)
    with nothing_changes():
        got = wallets.statuses([client, viewer, stranger], address(anna), form)
        assert got == [[302, 302], [403, 403], [404, 404]]
        for pk in (anna.id + 1, 2**63, 10**30):
            assert wallets.statuses([manager], f"/customers/{pk}/wallet/deposit/", form) == [[404, 404]]
        assert manager.put(address(anna), data=form).status_code == 405
