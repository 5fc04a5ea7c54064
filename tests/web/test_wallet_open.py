"""One more wallet for a customer."""

import pytest

from crm.services import accounts
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
