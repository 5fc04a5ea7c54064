"""Laws of reversals: what was moved is given back, whole or in parts, and never more than that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.db import atomic, db
from crm.errors import AccountUnavailable, DuplicateRequest, Invalid, NotFound, PaymentRefused
from crm.ledger.posting import Original
from crm.models import CommissionRule
from crm.models.currency import SCALE
from crm.services import accounts, payments, posting
from crm.services.audit import Actor
from tests import money
from tests.money import SERVICE

TEST = Actor(None, "test")
sound = pytest.mark.usefixtures("sound_ledger")


def charge(percent: int, kind: str = "transfer") -> None:
    with atomic() as session:
        session.add(CommissionRule(payment_kind=kind, percent=percent * SCALE, valid_from=money.EARLY))


def transferred(amount: int) -> tuple[int, int, str]:
    """Two wallets, and the payment from the one to the other."""
    one, other = money.wallet(balance=amount), money.wallet(name="Борис")
    return one, other, SERVICE.transfer(one, other, amount).payment_id


@sound
def test_a_reversal_gives_back_the_amount_and_the_commission(app):
    charge(2)
    one, other, payment = transferred(10_000)
    assert (SERVICE.balance(one), SERVICE.balance(other)) == (0, 9_800)
    SERVICE.reverse(payment, 5_000)
    assert (SERVICE.balance(one), SERVICE.balance(other), money.total(money.technical("commission"))) == (
        5_000, 4_900, 100
    )  # fmt: skip
    SERVICE.reverse(payment)
    assert (SERVICE.balance(one), SERVICE.balance(other), money.total(money.technical("commission"))) == (10_000, 0, 0)


@sound
def test_parts_cannot_be_more_than_the_whole(app):
    _one, _other, payment = transferred(100)
    SERVICE.reverse(payment, 60)
    before = money.everything()
    for amount in (41, 100, 10**15):
        with pytest.raises(PaymentRefused) as refused:
            SERVICE.reverse(payment, amount)
        assert refused.value.code == "exceeds_reversible"
    assert money.everything() == before
    SERVICE.reverse(payment, 40)
    with pytest.raises(PaymentRefused):
        SERVICE.reverse(payment)


@sound
def test_who_cannot_pay_back_is_not_reversed(app):
    _one, other, payment = transferred(100)
    SERVICE.spend(other, 50)
    before = money.everything()
    with pytest.raises(PaymentRefused) as refused:
        SERVICE.reverse(payment)
    assert refused.value.code == "insufficient_funds" and money.everything() == before


@sound
def test_reversals_and_what_is_not_completed_cannot_be_reversed(app):
    one, other, payment = transferred(100)
    reversal = SERVICE.reverse(payment, 10).payment_id
    waiting = money.draft(other, one, 10)
    money.wait([waiting])
    for pk in (reversal, waiting.id):
        with pytest.raises(PaymentRefused) as refused:
            SERVICE.reverse(pk)
        assert refused.value.code == "not_reversible"
    for amount in (0, -1):
        with pytest.raises(Invalid):
            SERVICE.reverse(payment, amount)
    with pytest.raises(NotFound):
        SERVICE.reverse("0" * 32)
    with pytest.raises(NotFound):
        SERVICE.reverse("no payment")


@sound
def test_a_key_reverses_once(app):
    _one, other, payment = transferred(100)
    first, again = SERVICE.reverse(payment, key="a"), SERVICE.reverse(payment, key="a")
    assert (again.payment_id, again.replayed) == (first.payment_id, True) and SERVICE.balance(other) == 0
    with pytest.raises(DuplicateRequest):
        SERVICE.reverse(payment, 5, key="a")


lines = st.tuples(st.integers(1, 500), st.integers(0, 100)).map(
    lambda given: {
        (1, "transfer"): -given[0], (2, "transfer"): given[0], (1, "commission"): -given[1], (9, "commission"): given[1]
    }
)  # fmt: skip


@given(lines, st.lists(st.integers(1, 200)))
def test_all_parts_sum_to_the_original_and_each_to_zero(whole, parts):
    whole = {place: amount for place, amount in whole.items() if amount}
    amount = -sum(signed for (account, _kind), signed in whole.items() if account == 1)
    original = Original("p", amount, 0, whole, dict(whole))
    given_back: dict[tuple[int, str], int] = {}
    for part in [*parts, amount]:
        part = min(part, amount - original.reversed_amount)
        if not part:
            break
        mirrored = original.give_back(part)
        original.note(part, mirrored)
        for kind in ("transfer", "commission"):
            assert sum(signed for _account, of_kind, signed in mirrored if of_kind == kind) == 0
        for account, kind, signed in mirrored:
            given_back[account, kind] = given_back.get((account, kind), 0) + signed
            assert 0 <= abs(given_back[account, kind]) <= abs(whole[account, kind])
    assert {place: -signed for place, signed in given_back.items() if signed} == whole
    assert set(original.left.values()) <= {0}


@sound
def test_the_payment_knows_what_was_reversed(app):
    _one, _other, payment = transferred(100)
    SERVICE.reverse(payment, 30)
    SERVICE.reverse(payment, 20)
    stored = {row.kind: row for row in db.session.execute(money.text("SELECT * FROM payments ORDER BY id"))}
    assert stored["transfer"].reversed_amount == 50 and stored["reversal"].reversed_amount == 0


@sound
def test_a_reversal_is_accepted_and_posted_later(app):
    one, other, payment = transferred(100)
    first, second = (payments.accept_reversal(TEST, payment, part, "", "") for part in (60, 41))
    assert (SERVICE.balance(one), first.status, second.status) == (0, "INITIATED", "INITIATED")
    assert posting.drain() == (1, 1)  # the second is more than what the first has left
    assert (SERVICE.balance(one), SERVICE.balance(other)) == (60, 40)
    accounts.set_status(TEST, other, "frozen")
    with pytest.raises(AccountUnavailable):
        payments.accept_reversal(TEST, payment, 1, "", "")
