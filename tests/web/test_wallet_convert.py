"""Money for a wallet of the same customer in another currency, by the rate in force."""

import pytest

from crm.services import accounts, rates
from crm.services.rates import RateData
from tests import money, people
from tests.web import wallets
from tests.web.pages import page, toast
from tests.web.wallets import NO_ACCOUNTS, NO_AMOUNTS, lines, sent


def address(customer) -> str:
    return wallets.address(customer, "convert")


@pytest.fixture
def dollars(anna) -> int:
    """Anna's dollars: 100."""
    return money.wallet_of(anna.id, "USD", balance=10_000)


@pytest.fixture
def rate(app) -> None:
    """A dollar costs 92.5 rubles, and one percent is kept."""
    rates.add(people.CLI, RateData("USD", "RUB", "92.5", "1", "2026-01-01"))


def wrong(answer) -> list[str]:
    shown = page(answer)
    assert answer.status_code == 422
    return [name for name in ("account", "to_account", "amount") if shown.all(id=name) and shown.error(name)]


def test_it_is_converted_at_the_rate(manager, anna, purse, dollars, rate):
    answer = manager.post(address(anna), data=sent(amount="100", account=dollars, to_account=purse))
    assert (answer.status_code, answer.location) == (303, f"/customers/{anna.id}/?account={dollars}")
    assert [line[:3] for line in lines(dollars)[:2]] == [("conversion", -100, 0), ("conversion", -9_900, 100)]
    assert lines(purse)[0][:3] == ("conversion", 915_750, 1_015_750)
    money.check_ledger()


def test_in_place_it_is_the_wallet_as_it_is_now_and_the_sentence(manager, anna, purse, dollars, rate):
    answer = manager.post(address(anna), data=sent(amount="100", account=dollars, to_account=purse), htmx=True)
    assert [root["id"] for root in page(answer).roots] == [f"wallet-{anna.id}"]
    assert toast(answer) == (
        "−$100.00 from Анна Иванова · +RUB 9,157.50 at the rate 92.5 · commission $1.00 · balance after: $0.00".replace(
            "RUB ", "RUB\xa0"
        )
    )


def test_the_preview_tells_what_arrives(manager, anna, purse, dollars, rate, nothing_changes):
    fields = {"action": "convert", "amount": "50", "account": dollars, "to_account": purse}
    with nothing_changes():
        told = page(manager.get(wallets.address(anna, "preview"), query_string=fields, htmx=True)).roots[0].text
        back = fields | {"account": purse, "to_account": dollars}
        none = page(manager.get(wallets.address(anna, "preview"), query_string=back, htmx=True)).roots[0].text
        same = fields | {"to_account": dollars}
        itself = page(manager.get(wallets.address(anna, "preview"), query_string=same, htmx=True)).roots[0].text
    assert told == (
        "−$50.00 from Анна Иванова · +RUB 4,578.75 at the rate 92.5 · commission $0.50 · balance after: $50.00"
    )
    assert none.endswith("There is no rate from RUB to USD.")
    assert itself.endswith("Choose another wallet than the one that pays.")


def test_the_history_tells_what_became_what(viewer, anna, purse, dollars, rate):
    payment = money.SERVICE.convert(dollars, purse, 10_000).payment_id
    money.SERVICE.reverse(payment, 5_000)
    told = page(viewer.get(f"/customers/{anna.id}/?account={dollars}")).one(id=f"history-{anna.id}").text
    for text in ("Conversion: $100.00 → RUB 9,157.50 at 92.5", "Commission: Conversion", "Reversal: Conversion"):
        assert text in told
    assert "Commission given back: Conversion" in told
    theirs = page(viewer.get(f"/customers/{anna.id}/?account={purse}")).one(id=f"history-{anna.id}").text
    assert "Conversion: $100.00 → RUB 9,157.50 at 92.5" in theirs and "+RUB 9,157.50" in theirs


def test_it_is_refused_beside_its_field(manager, anna, purse, dollars, nothing_changes):
    others, euros = money.wallet(name="Борис"), money.wallet_of(anna.id, "EUR")
    more = money.wallet_of(anna.id, "RUB")
    accounts.set_status(people.CLI, euros, "frozen")
    rates.add(people.CLI, RateData("RUB", "USD", "0.01", "", "2026-01-01"))
    rates.add(people.CLI, RateData("RUB", "EUR", "0.01", "", "2026-01-01"))
    with nothing_changes():
        for payer, payee, field in [
            (purse, more, "to_account"), (purse, purse, "to_account"), (dollars, purse, "to_account"),
            (purse, others, "to_account"), (purse, "", "to_account"), (purse, euros, "to_account"),
            (others, dollars, "account"),
        ]:  # fmt: skip
            answer = manager.post(address(anna), data=sent(amount="10", account=payer, to_account=payee))
            assert wrong(answer) == [field], (payer, payee)
        for text in ("1000,01", "0.01"):
            answer = manager.post(address(anna), data=sent(amount=text, account=purse, to_account=dollars))
            assert wrong(answer) == ["amount"]
        for nonsense in NO_ACCOUNTS:
            answer = manager.post(address(anna), data=sent(amount="10", account=purse, to_account=nonsense))
            assert wrong(answer) == ["to_account"]
        for text in NO_AMOUNTS:
            answer = manager.post(address(anna), data=sent(amount=text, account=purse, to_account=dollars))
            assert wrong(answer) == ["amount"]


def test_sent_twice_it_is_done_once(manager, anna, purse, dollars, rate, nothing_changes):
    form = sent(amount="5", account=dollars, to_account=purse)
    manager.post(address(anna), data=form)
    with nothing_changes():
        assert toast(manager.post(address(anna), data=form, htmx=True)).startswith("This was done already")
        assert manager.post(address(anna), data=form | {"amount": "6"}).status_code == 409
        assert manager.post(address(anna), data=form | {"idempotency_key": ""}).status_code == 422


@pytest.mark.parametrize("htmx", [False, True])
def test_the_form_suggests_a_wallet_in_another_currency(manager, anna, purse, dollars, htmx):
    for payer, payee in ((purse, dollars), (dollars, purse)):
        shown = page(manager.get(f"{address(anna)}?account={payer}", htmx=htmx))
        assert shown.is_whole is not htmx and shown.value("idempotency_key")
        assert (shown.value("account"), shown.value("to_account")) == (str(payer), str(payee))


def test_without_a_wallet_in_another_currency_one_may_be_opened(manager, anna, purse):
    shown = page(manager.get(address(anna)))
    assert not shown.all(id="to_account")
    assert next(link["href"] for link in shown.all("a", inside="movement-form")) == wallets.address(anna, "open")


def test_the_button_is_there_where_it_can_work(manager, viewer, anna, purse):
    def offered(browser) -> bool:
        return "/wallet/convert/" in browser.get(f"/customers/{anna.id}/").text

    assert not offered(manager)
    euros = money.wallet_of(anna.id, "EUR")
    assert offered(manager) and not offered(viewer)
    accounts.set_status(people.CLI, euros, "frozen")
    assert not offered(manager)


def test_strangers_lookers_customers_missing_ones_and_other_methods(
    client, viewer, stranger, manager, anna, purse, dollars, rate, nothing_changes
):
    form = sent(amount="1", account=dollars, to_account=purse)
    with nothing_changes():
        got = wallets.statuses([client, viewer, stranger], address(anna), form)
        assert got == [[302, 302], [403, 403], [404, 404]]
        assert wallets.statuses([manager], "/customers/999999/wallet/convert/", form) == [[404, 404]]
        assert manager.put(address(anna), data=form).status_code == 405
