"""What Hypothesis may draw: payments that are asked for, amounts, and which earlier payment is meant."""

from hypothesis import strategies as st

from tests.ledger.model import USUAL, Asked

NAMES = ("anna", "spare", "dollars", "boris")

names, large = st.sampled_from(NAMES), st.integers(500, 3_000)
amounts = st.one_of(st.integers(1, 60), st.integers(50, 1_500))
any_pair = st.tuples(names, names)
pairs = st.one_of(st.sampled_from([("anna", "boris"), ("boris", "anna"), ("anna", "spare")]), any_pair)
two_currencies = st.one_of(st.sampled_from([("dollars", "anna"), ("spare", "dollars")]), any_pair)
payers, payees = st.tuples(names, st.just("")), st.tuples(st.just(""), names)


def a_payment(kind: str, sides: st.SearchStrategy[tuple[str, str]], *sources: str) -> st.SearchStrategy[Asked]:
    """Payments of the kind; the first value of each choice is the simplest."""
    return st.builds(
        lambda pair, amount, source: Asked(kind, *pair, amount, source),
        sides,
        amounts,
        st.sampled_from(sources or [""]),
    )


some = st.one_of(
    a_payment("deposit", payees, "cash", "card"),
    a_payment("withdrawal", payers, "cash", "card"),
    a_payment("spend", payers, "sales"),
    a_payment("transfer", pairs),
    a_payment("conversion", two_currencies),
    a_payment("adjustment", st.one_of(payees, payers), "adjustment"),
)
holdable = st.one_of(
    a_payment("spend", payers, "sales"),
    a_payment("transfer", pairs),
    a_payment("withdrawal", payers, "cash", "card"),
)
hours = st.sampled_from([USUAL, 300, 48, USUAL, 300, 5, 0])  # to hold for, from now on
LONG_AGO = 7
ago = st.integers(0, LONG_AGO)  # which one, counted backwards from the newest
parts = st.one_of(st.none(), amounts)
statuses = st.sampled_from(["open", "open", "open", "frozen", "closed"])
