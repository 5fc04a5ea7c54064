"""Laws of customers' wallets: opened, named, frozen, closed, overdrawn; each change leaves its audit row."""

import pytest

from crm.db import db
from crm.errors import InsufficientFunds, Invalid, NotFound
from crm.models import AuditEntry
from crm.money import MAX_MINOR
from crm.services import accounts, customers
from crm.services.audit import Actor
from tests import money, people
from tests.money import SERVICE


@pytest.fixture(autouse=True)
def sound_ledger(app):
    yield
    money.check_ledger()


@pytest.fixture
def actor(alice) -> Actor:
    return Actor(alice.id, "10.0.0.1")


def trail(account_id: int) -> list[tuple[str, dict]]:
    entries = db.session.query(AuditEntry).filter_by(entity="account", entity_id=str(account_id))
    return [(entry.action, entry.changes) for entry in entries.order_by(AuditEntry.id)]


def found(account_id: int) -> accounts.Wallet:
    owner = db.session.get(accounts.Account, account_id).customer_id
    return accounts.wallet(owner, account_id)


def refused(field, function, *args) -> None:
    """`Invalid` at this field alone, and neither the ledger nor the audit trail is touched."""
    before = money.everything(), money.rows("audit_entries")
    with pytest.raises(Invalid) as refusal:
        function(*args)
    assert list(refusal.value.fields) == [field] and all(refusal.value.fields[field])
    assert (money.everything(), money.rows("audit_entries")) == before


CHANGES = {
    "rename": lambda actor, pk: accounts.rename(actor, pk, "Savings"),
    "freeze": lambda actor, pk: accounts.set_status(actor, pk, "frozen"),
    "overdraft": lambda actor, pk: accounts.set_overdraft(actor, pk, 5),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_only_wallets_can_be_changed(actor, change):
    before = money.everything(), money.rows("audit_entries")
    for nobody in (0, 10**9, money.technical("cash"), money.technical("sales")):
        with pytest.raises(NotFound):
            change(actor, nobody)
    assert (money.everything(), money.rows("audit_entries")) == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_nothing_leaves_no_trace(actor, change):
    wallet = money.wallet()
    change(actor, wallet)
    once = trail(wallet)
    change(actor, wallet)
    assert trail(wallet) == once and len(once) == 1


def test_a_wallet_is_opened_empty_and_with_a_name(actor):
    customer = people.add().id
    pk = accounts.open_wallet(actor, customer, "EUR", "  For   travels ")
    assert accounts.of_customer(customer) == [
        accounts.Wallet(pk, customer, "EUR", "For travels", "open", 0, 0, 0, None)
    ]
    assert trail(pk) == [("account.opened", {"currency": [None, "EUR"], "name": [None, "For travels"]})]


def test_the_same_wish_sent_twice_opens_one_wallet(actor):
    customer = people.add().id
    asked = actor, customer, "EUR", "Travels"
    first = accounts.open_wallet(*asked, after=0)
    before = money.everything(), money.rows("audit_entries")
    assert (
        accounts.open_wallet(*asked, after=0) == accounts.open_wallet(actor, customer, "EUR", " Travels ", 0) == first
    )
    assert (money.everything(), money.rows("audit_entries")) == before
    assert len({first, *(accounts.open_wallet(*asked, after=first) for _time in range(2))}) == 2
    for other in ((actor, customer, "USD", "Travels"), (actor, customer, "EUR", "")):
        assert accounts.open_wallet(*other, after=0) != first
    neighbour = people.add("Борис").id
    assert accounts.open_wallet(actor, neighbour, "EUR", "Travels", after=0) != first


def test_a_customer_may_have_several_wallets_in_one_currency(actor):
    customer = people.add().id
    ids = [accounts.open_wallet(actor, customer, "RUB") for _time in range(3)]
    assert [wallet.id for wallet in accounts.of_customer(customer)] == ids == sorted(set(ids))


@pytest.mark.parametrize("currency", ["JPY", "XXX", "", "rub", "R" * 100, "'; --"])
def test_a_wallet_is_opened_only_in_a_currency_that_is_in_use(actor, currency):
    customer = people.add().id
    refused("currency", accounts.open_wallet, actor, customer, currency)
    refused("currency", accounts.first_in, actor, customer, currency)


def test_nobody_has_no_wallet(actor):
    for function in (accounts.open_wallet, accounts.first_in):
        with pytest.raises(NotFound):
            function(actor, 10**9, "RUB")


def test_the_first_wallet_in_a_currency_is_the_oldest_open_one(actor):
    customer = people.add().id
    euros, first, second = (money.wallet_of(customer, currency) for currency in ("EUR", "RUB", "RUB"))
    assert accounts.first_in(actor, customer, "RUB") == first
    assert accounts.first_in(actor, customer, "EUR") == euros
    accounts.set_status(actor, first, "frozen")
    assert accounts.first_in(actor, customer, "RUB") == second
    accounts.set_status(actor, second, "closed")
    third = accounts.first_in(actor, customer, "RUB")
    assert third not in (euros, first, second) and accounts.first_in(actor, customer, "RUB") == third
    assert trail(third) == [("account.opened", {"currency": [None, "RUB"]})]


def test_closed_wallets_are_listed_last(actor):
    customer = people.add().id
    one, two, three = (money.wallet_of(customer) for _time in range(3))
    accounts.set_status(actor, one, "closed")
    accounts.set_status(actor, two, "frozen")
    assert [wallet.id for wallet in accounts.of_customer(customer)] == [two, three, one]


def test_a_wallet_of_somebody_else_is_none(actor):
    wallet, stranger = money.wallet(), people.add("Борис").id
    for field in ("account", "to_account"):
        refused(field, accounts.wallet, stranger, wallet, field)
    refused("account", accounts.wallet, stranger, money.technical("cash"))


def test_a_wallet_tells_what_may_be_taken(actor):
    wallet = money.wallet(balance=100, overdraft=50)
    SERVICE.spend(wallet, 30, hold=True)
    assert (found(wallet).balance, found(wallet).held, found(wallet).available) == (100, 30, 120)


def test_a_wallet_is_called_something_else_or_nothing(actor):
    wallet = money.wallet()
    accounts.rename(actor, wallet, " Для  поездок ")
    assert found(wallet).name == "Для поездок"
    accounts.rename(actor, wallet, "x" * 100)
    accounts.rename(actor, wallet, "  ")
    assert found(wallet).name == ""
    names = [changes["name"] for action, changes in trail(wallet) if action == "account.updated"]
    assert names == [["", "Для поездок"], ["Для поездок", "x" * 100], ["x" * 100, ""]]


@pytest.mark.parametrize("name", ["x" * 101, "a\0b", "a\x1bb", "\u202eabc", "\ud800"])
def test_a_name_can_be_shown_and_is_not_too_long(actor, name):
    wallet, customer = money.wallet(), people.add("Борис").id
    refused("name", accounts.rename, actor, wallet, name)
    refused("name", accounts.open_wallet, actor, customer, "RUB", name)


def test_a_wallet_is_frozen_opened_again_and_closed_when_it_is_empty(actor):
    wallet = money.wallet(balance=100)
    accounts.set_status(actor, wallet, "frozen")
    refused("status", accounts.set_status, actor, wallet, "closed")
    accounts.set_status(actor, wallet, "open")
    refused("status", accounts.set_status, actor, wallet, "closed")
    SERVICE.spend(wallet, 100)
    accounts.set_status(actor, wallet, "closed")
    assert found(wallet).status == "closed"
    accounts.set_status(actor, wallet, "open")
    SERVICE.deposit(wallet, 1)
    steps = [("open", "frozen"), ("frozen", "open"), ("open", "closed"), ("closed", "open")]
    assert trail(wallet) == [(f"account.{after}", {"status": [before, after]}) for before, after in steps]


def test_a_wallet_that_owes_or_in_which_something_is_held_cannot_be_closed(actor):
    owing, holding = money.wallet(overdraft=50), money.wallet(overdraft=50)
    SERVICE.spend(owing, 50)
    SERVICE.spend(holding, 1, hold=True)
    for wallet in (owing, holding):
        refused("status", accounts.set_status, actor, wallet, "closed")


@pytest.mark.parametrize("status", ["", "gone", "OPEN", "active"])
def test_there_are_three_statuses_alone(actor, status):
    refused("status", accounts.set_status, actor, money.wallet(), status)


def test_an_overdraft_is_given_and_taken_back(actor):
    wallet = money.wallet()
    accounts.set_overdraft(actor, wallet, 500)
    SERVICE.spend(wallet, 300)
    refused("overdraft_limit", accounts.set_overdraft, actor, wallet, 299)
    accounts.set_overdraft(actor, wallet, 300)
    with pytest.raises(InsufficientFunds):
        SERVICE.spend(wallet, 1)
    SERVICE.deposit(wallet, 300)
    accounts.set_overdraft(actor, wallet, 0)
    limits = [changes["overdraft_limit"] for _action, changes in trail(wallet)]
    assert limits == [[0, 500], [500, 300], [300, 0]]


def test_what_is_held_counts_as_in_use(actor):
    wallet = money.wallet(balance=10, overdraft=50)
    SERVICE.spend(wallet, 40, hold=True)
    refused("overdraft_limit", accounts.set_overdraft, actor, wallet, 29)
    accounts.set_overdraft(actor, wallet, 30)


def test_an_overdraft_is_an_amount(actor):
    wallet = money.wallet()
    for limit in (-1, MAX_MINOR + 1, 2**63):
        refused("overdraft_limit", accounts.set_overdraft, actor, wallet, limit)
    accounts.set_overdraft(actor, wallet, MAX_MINOR)
    assert found(wallet).overdraft_limit == MAX_MINOR


def test_who_changed_a_wallet_and_from_where_is_kept(actor):
    wallet = money.wallet()
    accounts.set_status(actor, wallet, "frozen")
    entry = db.session.query(AuditEntry).filter_by(entity="account").one()
    assert (entry.actor_id, entry.origin) == (actor.user_id, "10.0.0.1")


def test_wallets_that_were_never_used_go_with_their_customer(actor):
    customer = people.add().id
    money.wallet_of(customer)
    assert customers.delete(actor, customer) is True
    assert (money.rows("account_balances"), accounts.of_customer(customer)) == ([], [])


def test_a_customer_whose_money_moved_is_archived_and_keeps_it(actor):
    customer = people.add().id
    money.wallet_of(customer, balance=100)
    before = money.everything()
    assert customers.delete(actor, customer) is False
    assert money.everything() == before


def test_who_may_be_paid_has_an_open_wallet_in_the_currency(actor):
    boris, anna = people.add("Борис").id, people.add("Анна").id
    euros, his = money.wallet_of(boris, "EUR"), money.wallet_of(boris)
    hers, frozen, closed = (money.wallet_of(anna) for _time in range(3))
    accounts.set_status(actor, frozen, "frozen")
    accounts.set_status(actor, closed, "closed")
    assert [wallet.id for wallet in accounts.with_owners("RUB", [boris, anna])] == [hers, his]
    everyone = [euros, his, hers, frozen, closed, money.technical("cash")]
    assert [wallet.id for wallet in accounts.with_owners("RUB", account_ids=everyone)] == [hers, his]
    assert accounts.with_owners("EUR", [boris]) == [accounts.OwnedWallet(euros, boris, "Борис", "")]
    assert accounts.with_owners("RUB") == []
