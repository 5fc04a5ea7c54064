"""Laws of deciding what may be posted: the pure function, against a model in plain Python."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.ledger.posting import MAX_BALANCE, Balance, Decisions, Order, decide

WALLETS, TECHNICAL, COMMISSION = (1, 2, 3, 4), (101, 102), 109
Balances = dict[int, Balance]


@st.composite
def a_balance(draw, account_id: int) -> Balance:
    """A wallet as the database allows it: never below its floor, whatever is held."""
    held, overdraft = draw(st.integers(0, 50)), draw(st.sampled_from([0, 0, 1, 100]))
    balance = held - overdraft + draw(st.integers(0, 300))
    status = draw(st.sampled_from(["open", "open", "open", "open", "frozen", "closed"]))
    return Balance(account_id, status, overdraft, balance, held, draw(st.integers(0, 5)))


@st.composite
def some_orders(draw) -> list[Order]:
    side = st.sampled_from(WALLETS + TECHNICAL)
    sides = draw(st.lists(st.tuples(side, side).filter(lambda pair: pair[0] != pair[1]), max_size=12))
    orders = []
    for number, (payer, payee) in enumerate(sides):
        amount = draw(st.integers(1, 200))
        commission = draw(st.integers(0, amount - 1)) if draw(st.booleans()) else 0
        orders.append(Order(f"p{number}", payer, payee, amount, commission, COMMISSION if commission else 0))
    return orders


some_balances = st.tuples(*map(a_balance, WALLETS)).map(lambda found: {each.account_id: each for each in found})
given_some = given(some_balances, some_orders())


def posted(orders: list[Order], balances: Balances) -> tuple[Decisions, Balances]:
    """What was decided, and the balances afterwards; those given are left as they are."""
    after = deepcopy(balances)
    return decide(orders, after), after


def expected(orders: list[Order], balances: Balances) -> tuple[dict[str, str], dict[int, int]]:
    """The model: each order's verdict ('' is completed) and what each wallet holds in the end."""
    purses = {pk: wallet.balance for pk, wallet in balances.items()}
    verdicts = {}
    for order in orders:
        sides = [balances[pk] for pk in (order.from_account, order.to_account) if pk in balances]
        shut = next((wallet.status for wallet in sides if wallet.status != "open"), None)
        payer = balances.get(order.from_account)
        if payer and payer.status == "open":  # what the payer lacks is told before the payee is looked at
            left = purses[payer.account_id] - order.amount
            if left < payer.held - payer.overdraft_limit:
                verdicts[order.payment_id] = "insufficient_funds"
                continue
        verdicts[order.payment_id] = f"account_{shut}" if shut else ""
        if not shut:
            for pk, change in (
                (order.from_account, -order.amount),
                (order.to_account, order.amount - order.commission),
            ):
                if pk in purses:
                    purses[pk] += change
    return verdicts, purses


@given_some
def test_what_is_decided_is_what_the_model_says(balances, orders):
    verdicts, purses = expected(orders, balances)
    decisions, after = posted(orders, balances)
    assert decisions.completed == [pk for pk, verdict in verdicts.items() if not verdict]
    assert decisions.refused == {pk: verdict for pk, verdict in verdicts.items() if verdict}
    assert {pk: wallet.balance for pk, wallet in after.items()} == purses


@given_some
def test_each_kind_of_each_payment_sums_to_zero(balances, orders):
    sums: dict[tuple[str, str], int] = {}
    for entry in posted(orders, balances)[0].entries:
        place = entry.payment_id, entry.kind
        sums[place] = sums.get(place, 0) + entry.signed_amount
    assert set(sums.values()) <= {0}


@given_some
def test_the_payer_pays_the_amount_and_the_payee_gets_it_without_the_commission(balances, orders):
    decisions, _after = posted(orders, balances)
    for order in orders:
        flows: dict[int, int] = {}
        for entry in decisions.entries:
            if entry.payment_id == order.payment_id:
                flows[entry.account_id] = flows.get(entry.account_id, 0) + entry.signed_amount
        net = {order.from_account: -order.amount, order.to_account: order.amount - order.commission}
        taken = {COMMISSION: order.commission} if order.commission else {}
        assert flows == (net | taken if order.payment_id in decisions.completed else {})


@given_some
def test_a_refused_order_is_as_if_it_had_not_been_asked(balances, orders):
    decisions, after = posted(orders, balances)
    granted = [order for order in orders if order.payment_id in decisions.completed]
    without, after_without = posted(granted, balances)
    assert (without.entries, without.refused, after_without) == (decisions.entries, {}, after)


@given_some
def test_the_operations_of_a_wallet_are_a_chain_from_where_it_was(balances, orders):
    decisions, after = posted(orders, balances)
    now = {pk: (wallet.balance, wallet.sequence) for pk, wallet in balances.items()}
    for entry in decisions.entries:
        if entry.account_id in now:
            balance, sequence = now[entry.account_id]
            now[entry.account_id] = balance + entry.signed_amount, sequence + 1
            assert (entry.balance_after, entry.sequence) == now[entry.account_id]
        else:
            assert (entry.balance_after, entry.sequence) == (None, None)
    assert now == {pk: (wallet.balance, wallet.sequence) for pk, wallet in after.items()}
    assert decisions.touched == {pk for pk in after if after[pk] != balances[pk]}


@given_some
def test_no_wallet_ever_goes_below_its_overdraft_and_what_is_held(balances, orders):
    for entry in posted(orders, balances)[0].entries:
        if entry.account_id in balances:
            wallet = balances[entry.account_id]
            assert entry.balance_after >= wallet.held - wallet.overdraft_limit


@given_some
def test_only_balances_and_sequences_move(balances, orders):
    _decisions, after = posted(orders, balances)
    for pk, wallet in balances.items():
        kept = [(each.status, each.overdraft_limit, each.held) for each in (wallet, after[pk])]
        assert kept[0] == kept[1]


@given_some
def test_one_batch_decides_as_one_order_after_another(balances, orders):
    together, after = posted(orders, balances)
    one_by_one = deepcopy(balances)
    singles = [decide([order], one_by_one) for order in orders]
    assert [entry for single in singles for entry in single.entries] == together.entries
    assert one_by_one == after


def test_who_comes_first_is_served_first():
    large, small = Order("large", 1, 2, 80), Order("small", 1, 2, 50)
    for orders in ([large, small], [small, large]):
        decisions = decide(orders, {1: Balance(1, "open", 0, 100, 0, 0), 2: Balance(2, "open", 0, 0, 0, 0)})
        assert decisions.completed == [orders[0].payment_id]
        assert decisions.refused == {orders[1].payment_id: "insufficient_funds"}


def test_what_came_in_by_one_order_is_spent_by_the_next():
    balances = {1: Balance(1, "open", 0, 0, 0, 0), 2: Balance(2, "open", 0, 0, 0, 0)}
    decisions = decide([Order("in", 101, 1, 70), Order("over", 1, 2, 70), Order("out", 2, 102, 70)], balances)
    assert decisions.completed == ["in", "over", "out"]


@given(st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 10**15), st.booleans())
def test_all_that_is_available_may_be_taken_and_not_one_unit_more(free, held, overdraft, with_commission):
    for more in (0, 1):
        balances = {1: Balance(1, "open", overdraft, held - overdraft + free, held, 0)}
        amount = free + more
        commission = amount // 50 if with_commission else 0
        decisions = decide([Order("p", 1, 101, amount, commission, COMMISSION)], balances) if amount else None
        if decisions:
            assert decisions.refused == ({"p": "insufficient_funds"} if more else {})
            assert balances[1].balance == held - overdraft + (free if more else 0)


def test_money_may_come_into_a_wallet_that_is_below_its_floor():
    balances = {1: Balance(1, "open", 0, -500, 0, 3)}  # as an operator may have left it
    assert decide([Order("p", 101, 1, 100)], balances).completed == ["p"]


@pytest.mark.parametrize("status", ["frozen", "closed"])
@pytest.mark.parametrize(("payer", "payee"), [(1, 101), (101, 1), (1, 2), (2, 1)])
def test_an_account_that_is_not_open_neither_pays_nor_gets(status, payer, payee):
    balances = {1: Balance(1, status, 0, 500, 0, 1), 2: Balance(2, "open", 0, 500, 0, 1)}
    decisions = decide([Order("p", payer, payee, 100)], balances)
    assert (decisions.entries, decisions.refused) == ([], {"p": f"account_{status}"})


def test_a_balance_that_could_not_be_counted_is_refused():
    balances = {1: Balance(1, "open", 0, MAX_BALANCE - 10, 0, 1)}
    decisions = decide([Order("most", 101, 1, 10), Order("more", 101, 1, 1)], balances)
    assert (decisions.completed, decisions.refused) == (["most"], {"more": "balance_too_large"})
