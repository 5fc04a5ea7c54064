"""Laws of the posting engine: what it writes is what was decided, whatever comes, by few statements."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from crm.db import atomic, db
from crm.ledger import accounts, engine
from crm.services import accounts as wallets_of
from crm.services.audit import Actor
from tests import money, people
from tests.gateway import Street
from tests.money import SERVICE, draft, post

pytestmark = pytest.mark.usefixtures("sound_ledger")

CASH, SALES = "cash", "sales"
# Examples share the fixtures, and so the database; each opens wallets of its own.
with_database = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
sides = st.sampled_from([0, 1, 2, CASH, SALES])
movements = st.tuples(sides, sides, st.integers(1, 120), st.integers(0, 3)).filter(lambda given: given[0] != given[1])
batches = st.lists(st.lists(movements, min_size=1, max_size=8), min_size=1, max_size=3)


@pytest.fixture
def customer(app) -> int:
    return people.add("Анна").id


def fresh_wallets(customer: int) -> list[int]:
    """Three new ones: with money, with an overdraft, and empty."""
    with atomic():
        wallets = accounts.open_wallets([(customer, "RUB", "")] * 3)
        accounts.set_terms(wallets[1], overdraft_limit=70)
    SERVICE.deposit(wallets[0], 100)
    return wallets


def drafts(batch, wallets: list[int]) -> list[engine.Draft]:
    """The movements between these wallets; a movement's share for commission is in hundredths."""
    at = {**dict(enumerate(wallets)), CASH: money.technical(CASH), SALES: money.technical(SALES)}
    return [draft(at[payer], at[payee], amount, amount * share // 100) for payer, payee, amount, share in batch]


def lines(account_id: int) -> list[tuple[object, ...]]:
    wanted = text("""SELECT operations.kind, signed_amount, balance_after, sequence, status, amount, commission
        FROM operations JOIN payments ON payments.id = payment_id WHERE account_id = :id ORDER BY sequence""")
    return [tuple(row) for row in db.session.execute(wanted, {"id": account_id})]


def statuses() -> dict[str, tuple[str, str | None]]:
    found = db.session.execute(text("SELECT id, status, failure_code FROM payments"))
    return {str(pk).replace("-", ""): (status, code) for pk, status, code in found}


def test_whatever_is_posted_the_laws_of_the_ledger_hold(app, customer):
    @with_database
    @given(batches)
    def law(some):
        wallets = fresh_wallets(customer)
        for batch in some:
            post(drafts(batch, wallets))
        money.check_ledger()
        for wallet in wallets:
            balance = SERVICE.balance(wallet)
            chain = lines(wallet)
            assert money.total(wallet) == balance == (chain[-1][2] if chain else 0)
            assert [line[3] for line in chain] == list(range(1, len(chain) + 1))

    law()


def test_a_payment_ends_as_it_was_decided(app, customer):
    @with_database
    @given(batches)
    def law(some):
        wallets = fresh_wallets(customer)
        for batch in some:
            given_payments = drafts(batch, wallets)
            decisions = post(given_payments)
            stored = statuses()
            completed = dict.fromkeys(decisions.completed, ("COMPLETED", None))
            failed = {pk: ("FAILED", code) for pk, code in decisions.refused.items()}
            assert {payment.id: stored[payment.id] for payment in given_payments} == completed | failed

    law()


def test_a_batch_writes_what_its_payments_write_one_by_one(app, customer):
    @with_database
    @given(st.lists(movements, min_size=1, max_size=12))
    def law(batch):
        together, singly = fresh_wallets(customer), fresh_wallets(customer)
        decided = post(drafts(batch, together))
        one_by_one = [post([payment]) for payment in drafts(batch, singly)]
        assert [*decided.refused.values()] == [code for each in one_by_one for code in each.refused.values()]
        assert [lines(wallet) for wallet in together] == [lines(wallet) for wallet in singly]

    law()


def test_a_payment_that_failed_has_no_operations_and_stays_with_its_reason(app, customer):
    wallet = fresh_wallets(customer)[0]
    too_much = draft(wallet, money.technical(CASH), 101)
    fine = draft(wallet, money.technical(CASH), 100)
    post([too_much, fine])
    assert statuses()[too_much.id] == ("FAILED", "insufficient_funds")
    of_payment = text("SELECT count(*) FROM operations WHERE payment_id = :id")
    counts = [db.session.scalar(of_payment, {"id": payment.id}) for payment in (too_much, fine)]
    assert (counts, SERVICE.balance(wallet)) == ([0, 2], 0)


def test_a_batch_in_which_all_fail_moves_nothing(app, customer):
    wallets = fresh_wallets(customer)
    before = money.everything()
    post([draft(wallets[2], wallets[0], 1), draft(wallets[2], money.technical(SALES), 1)])
    after = money.everything()
    assert len(after.pop("payments")) == len(before.pop("payments")) + 2
    assert after == before


def test_a_wallet_frozen_after_acceptance_makes_the_payment_fail(app, customer):
    wallet = fresh_wallets(customer)[0]
    with atomic():
        late = draft(wallet, money.technical(CASH), 1)
        engine.store([late])
    wallets_of.set_status(Actor(None, "test"), wallet, "frozen")
    with atomic():
        engine.post([late.order])
    assert statuses()[late.id] == ("FAILED", "account_frozen")


def test_what_is_posted_and_rolled_back_was_never_there(app, customer):
    wallets = fresh_wallets(customer)
    before = money.everything()
    with pytest.raises(KeyError), atomic():
        post([draft(wallets[0], wallets[1], 50, 1)])
        raise KeyError
    assert money.everything() == before


def test_nothing_to_store_is_nothing_to_do(app, count_statements):
    with count_statements() as statements, atomic():
        assert engine.store([]) == {}
    assert statements == []


@pytest.mark.parametrize(
    "move",
    [
        lambda one, other, key: SERVICE.deposit(one, 5, key=key),
        lambda one, other, key: SERVICE.withdraw(one, 5, key=key),
        lambda one, other, key: SERVICE.spend(one, 5, key=key),
        lambda one, other, key: SERVICE.adjust(one, -5, "mended", key=key),
        lambda one, other, key: SERVICE.transfer(one, other, 5, key=key),
    ],
    ids=["deposit", "withdraw", "spend", "adjust", "transfer"],
)
def test_a_movement_takes_six_statements_and_its_replay_no_more_than_one_read(app, customer, count_statements, move):
    one, other, _empty = fresh_wallets(customer)
    with count_statements() as first:
        move(one, other, "a key")
    with count_statements() as again:
        assert move(one, other, "a key").replayed
    assert len(first) <= 6, first
    assert len(again) <= 3, again  # the accounts, the store that finds the key used, and one read


@pytest.mark.parametrize(
    "move",
    [
        lambda street, key: SERVICE.transfer(street.anna, street.boris, 100, key=key),
        lambda street, key: SERVICE.convert(street.dollars, street.anna, 100, key=key),
    ],
    ids=["transfer", "convert"],
)
def test_a_movement_with_its_price_takes_six_statements(app, count_statements, move):
    street = Street.opened()
    with count_statements() as statements:
        payment = move(street, "a key").payment_id
    assert len(statements) <= 6, statements
    assert db.session.scalar(text("SELECT commission FROM payments WHERE id = :id"), {"id": payment}) > 0


def test_a_reversal_takes_ten_statements_however_many_there_were_before(app, count_statements):
    street, counts = Street.opened(), []
    for part in (100, 100, None):
        with count_statements() as statements:
            SERVICE.reverse(street.paid, part, key=f"part {len(counts)}")
        counts.append(len(statements))
    assert counts[0] == counts[1] == counts[2] <= 10, statements


@pytest.mark.parametrize("count", [1, 500])
def test_a_batch_with_commission_takes_six_statements_however_large(app, customer, count_statements, count):
    one, other, _empty = fresh_wallets(customer)
    SERVICE.deposit(one, 1_000_000)
    with count_statements() as statements, atomic():
        (taker,) = [
            side.id for side in accounts.parties([one, other], ["commission"]).sides if side.code == "commission"
        ]
        batch = [
            engine.Draft("transfer", one, other, 100, "RUB", f"key {number}", commission=2, commission_account=taker)
            for number in range(count)
        ]
        assert engine.store(batch) == {}
        assert len(engine.post([payment.order for payment in batch]).completed) == count
    assert len(statements) <= 6, statements
    assert money.total(taker) == 2 * count
