"""One more wallet for a customer."""

import pytest

from crm.services import accounts
from tests import money
from tests.web import wallets
from tests.web.pages import page, toast
from tests.web.wallets import refused


def address(customer) -> str:
    return wallets.address(customer, "open")


def test_it_is_opened_chosen_and_noted(manager, boris, anna, purse, trail):
    trail()
    answer = manager.post(address(anna), data={"currency": "EUR", "name": " На  отпуск "})
    first, second = accounts.of_customer(anna.id)
    assert (second.currency, second.name, second.balance, first.id) == ("EUR", "На отпуск", 0, purse)
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/?account={second.id}")
    (entry,) = trail()
    assert (entry.action, entry.actor_id, entry.entity_id) == ("account.opened", boris.id, str(second.id))
    shown = page(manager.get(answer.location))
    assert shown.one("a", inside=f"account-{second.id}")["aria-current"] == "true"
    assert "The wallet was opened." in shown.one(id="toasts").text


def test_a_second_one_in_the_same_currency_is_offered_first_and_opened_once(manager, anna, purse, nothing_changes):
    euros = money.wallet_of(anna.id, "EUR")
    shown = page(manager.get(f"{address(anna)}?account={euros}"))
    form = {name: shown.value(name, inside="open-form") for name in ("currency", "after", "name")}
    assert form == {"currency": "EUR", "after": str(euros), "name": ""}
    first = manager.post(address(anna), data=form)
    with nothing_changes():
        again = manager.post(address(anna), data=form)
    assert again.location == first.location and len(accounts.of_customer(anna.id)) == 3
    other = manager.post(address(anna), data=form | {"name": "Отпуск"})
    assert other.location != first.location and len(accounts.of_customer(anna.id)) == 4


def test_a_form_that_was_refused_comes_back_able_to_open_another(manager, anna, purse):
    shown = page(manager.post(address(anna), data={"currency": "XXX", "after": "0"}))
    assert shown.value("after", inside="open-form") == str(purse)


@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 30, "²", "1\x00"])
def test_a_mark_that_makes_no_sense_is_as_if_it_were_not_there(manager, anna, purse, after):
    assert manager.post(address(anna), data={"currency": "RUB", "after": after}).status_code == 303
    assert len(accounts.of_customer(anna.id)) == 2


def test_in_place_it_is_the_wallets_with_the_new_one(manager, anna):
    answer = manager.post(address(anna), data={"currency": "RUB"}, htmx=True)
    shown = page(answer)
    assert [root["id"] for root in shown.roots] == [f"wallet-{anna.id}"] and len(shown.all(class_="account")) == 1
    assert toast(answer) == "The wallet was opened." and answer.headers["HX-Retarget"] == f"#wallet-{anna.id}"


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("field", "form"),
    [
        ("currency", {}),
        ("currency", {"currency": "XXX"}),
        ("currency", {"currency": "JPY"}),
        ("currency", {"currency": "x" * 5000}),
        ("name", {"currency": "RUB", "name": "x" * 101}),
        ("name", {"currency": "RUB", "name": "a\x07b"}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(manager, anna, nothing_changes, field, form, htmx):
    with nothing_changes():
        answer = manager.post(address(anna), data=form, htmx=htmx)
    shown = page(answer)
    assert (answer.status_code, shown.is_whole) == (422, not htmx)
    assert [name for name in ("currency", "name") if shown.error(name)] == [field]


def test_the_form_offers_the_currencies_in_use(manager, anna):
    whole, part = page(manager.get(address(anna))), page(manager.get(address(anna), htmx=True))
    assert whole.is_whole and [root["id"] for root in part.roots] == ["open-form"]
    assert [option["value"] for option in part.all("option")] == ["EUR", "RUB", "USD"]
    assert part.value("currency") == "RUB"


def test_strangers_lookers_customers_missing_ones_and_other_methods(
    client, viewer, stranger, manager, anna, nothing_changes
):
    form = {"currency": "RUB"}
    with nothing_changes():
        got = wallets.statuses([client, viewer, stranger], address(anna), form)
        assert got == [[302, 302], [403, 403], [404, 404]]
        assert wallets.statuses([manager], "/customers/999999/wallet/open/", form) == [[404, 404]]
        assert manager.put(address(anna), data=form).status_code == 405
    assert refused(manager.post(address(anna), data={})) != {}
