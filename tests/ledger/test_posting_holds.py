"""Laws of deciding what is held, captured and let go: the pure function, against a model in plain Python."""

from hypothesis import given
from hypothesis import strategies as st

from crm.ledger.orders import Capture, Order, Release
from crm.ledger.posting import MAX_BALANCE, Balance, decide

SHOP, COMMISSION = 101, 109
amounts = st.integers(1, 60)
steps = st.lists(
    st.tuples(
        st.sampled_from(["hold", "capture", "release", "spend", "deposit"]), st.integers(1, 60), st.integers(1, 60)
    ),
    max_size=14,
)


def wallet(balance: int = 0, overdraft: int = 0, held: int = 0, status: str = "open") -> dict[int, Balance]:
    return {1: Balance(1, status, overdraft, balance, held, 0), 2: Balance(2, "open", 0, 0, 0, 0)}


def hold(pk: str, amount: int) -> Order:
    return Order(pk, 1, SHOP, amount, hold=True)


@given(steps, st.integers(0, 100), st.sampled_from([0, 40]))
def test_whatever_comes_what_is_held_is_there_when_it_is_wanted(found, balance, overdraft):
    balances = wallet(balance, overdraft)
    holds: dict[str, int] = {}
    for number, (what, amount, part) in enumerate(found):
        pk = f"p{number}"
        if what == "hold":
            is_enough = balance - sum(holds.values()) + overdraft >= amount
            decisions = decide([hold(pk, amount)], balances)
            assert (decisions.held, decisions.entries) == ([pk] if is_enough else [], [])
            holds |= {pk: amount} if is_enough else {}
        elif what in ("capture", "release") and holds:
            one, held = holds.popitem()
            if what == "release":
                assert len(decide([Release(one, 1, held, "VOIDED")], balances).released) == 1
            else:
                taken = min(part, held)
                commission = taken // 3
                order = Order(one, 1, SHOP, taken, commission, COMMISSION if commission else 0)
                decisions = decide([Capture(order, held)], balances)
                assert [each.payment_id for each in decisions.captured] == [one] and not decisions.refused
                assert sum(entry.signed_amount for entry in decisions.entries if entry.account_id == 1) == -taken
                balance -= taken
        elif what == "spend":
            is_enough = balance - sum(holds.values()) + overdraft >= amount
            assert decide([Order(pk, 1, SHOP, amount)], balances).completed == ([pk] if is_enough else [])
            balance -= amount if is_enough else 0
        elif what == "deposit":
            decide([Order(pk, SHOP, 1, amount)], balances)
            balance += amount
        assert (balances[1].balance, balances[1].held) == (balance, sum(holds.values()))


def test_one_batch_holds_and_spends_in_its_order():
    balances = wallet(100)
    decisions = decide([hold("a", 60), Order("b", 1, SHOP, 50), hold("c", 40), Order("d", 1, SHOP, 1)], balances)
    assert (decisions.held, decisions.completed, set(decisions.refused)) == (["a", "c"], [], {"b", "d"})
    freed = decide([Release("a", 1, 60, "EXPIRED"), Order("b", 1, SHOP, 60)], balances)
    assert freed.completed == ["b"] and (balances[1].balance, balances[1].held) == (40, 40)


def test_a_frozen_payer_is_held_to_what_was_promised_and_to_nothing_else():
    balances = wallet(100, held=50, status="frozen")
    assert decide([hold("a", 1)], balances).refused == {"a": "account_frozen"}
    assert len(decide([Capture(Order("b", 1, 2, 20), 30)], balances).captured) == 1
    assert (balances[1].balance, balances[1].held, balances[2].balance) == (80, 20, 20)


def test_a_capture_that_the_payee_cannot_take_leaves_everything_as_it_was():
    for payee, code in ((Balance(2, "closed", 0, 0, 0, 0), "account_closed"),
                        (Balance(2, "open", 0, MAX_BALANCE, 0, 0), "balance_too_large")):  # fmt: skip
        balances = wallet(100, held=50) | {2: payee}
        decisions = decide([Capture(Order("a", 1, 2, 20), 50)], balances)
        assert (decisions.refused, decisions.entries, balances[1].held) == ({"a": code}, [], 50)


def test_technical_accounts_hold_nothing():
    assert decide([Order("a", SHOP, 1, 5, hold=True)], wallet()).refused == {"a": "hold_not_possible"}
