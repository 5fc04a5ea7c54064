"""Sequences of the state machine that have failed once, or go where chance seldom does: each is tried every time.

The lines are what Hypothesis prints, without the first one, in which the machine is made.
"""

from tests.ledger.machine import Ledger
from tests.ledger.model import USUAL, Asked


def a_key_that_a_payment_has_is_used_for_a_reversal_and_the_other_way_round(state: Ledger) -> None:
    """The key tells two requests apart whatever they are, and what was refused has not used it up."""
    state.earn(amount=500, name="anna")
    state.reverse(ago=0, later=False, part=100)
    state.same()
    state.repeat(ago=0, later=True, more=0)
    state.repeat(ago=0, later=False, more=1)
    state.repeat(ago=1, later=True, more=1)
    state.same()
    state.move(asked=Asked("spend", "anna", "", 500, "sales"))
    state.earn(amount=600, name="anna")
    state.repeat(ago=1, later=False, more=0)
    state.same()
    state.teardown()


def parts_are_accepted_that_are_more_than_the_whole_together(state: Ledger) -> None:
    """The later ones fail when they are posted; the rounding of the small ones is made good by the last."""
    state.earn(amount=900, name="anna")
    state.move(asked=Asked("transfer", "anna", "boris", 99))
    for part in (33, 33, 1, 32, None, 1):
        state.reverse(ago=0 if part != 1 else 1, later=True, part=part)
    state.same()
    state.drain(bite=2)
    state.same()
    state.reverse(ago=0, later=False, part=None)
    state.teardown()


def what_was_accepted_is_posted_while_a_wallet_is_frozen_and_told_again_later(state: Ledger) -> None:
    """A payment that has failed stays failed under its key; its price is that of when it was accepted."""
    state.earn(amount=700, name="boris")
    state.accept(asked=Asked("transfer", "boris", "anna", 100))
    state.charge(percent=50)
    state.accept(asked=Asked("transfer", "boris", "anna", 100))
    state.drain(bite=1)
    state.accept(asked=Asked("transfer", "boris", "spare", 10))
    state.set_terms(name="spare", status="frozen", limit=0)
    state.drain(bite=5)
    state.same()
    state.set_terms(name="spare", status="open", limit=0)
    state.repeat(ago=0, later=False, more=0)
    state.repeat(ago=0, later=True, more=0)
    state.repeat(ago=0, later=True, more=1)
    state.same()
    state.teardown()


def a_hold_outlives_whatever_is_done_to_its_wallets_and_ends_by_the_prices_it_was_made_at(state: Ledger) -> None:
    """Captured in part out of a frozen wallet, refused while the payee takes nothing, over when its time is over."""
    transfer = Asked("transfer", "anna", "boris", 300)
    for hours in (USUAL, 5, 90 * 24, 90 * 24 + 1, 0):
        state.hold(asked=transfer, hours=hours, later=hours == 5)
    state.hold(asked=Asked("deposit", "", "anna", 10, "cash"), hours=5, later=True)
    state.charge(percent=60)
    state.same()
    state.move(asked=Asked("spend", "anna", "", 201, "sales"))
    state.set_terms(name="anna", status="frozen", limit=0)
    state.set_terms(name="boris", status="frozen", limit=0)
    state.capture(ago=0, part=150)
    state.set_terms(name="boris", status="open", limit=0)
    state.capture(ago=0, part=151)
    state.capture(ago=0, part=401)
    state.same()
    state.wait(hours=10, bite=4)
    state.capture_all(ago=0)
    state.void(ago=0)
    state.same()
    state.wait(hours=1, bite=1)
    state.capture_all(ago=0)
    state.void(ago=7)
    state.same()
    state.reverse(ago=0, later=False, part=75)
    state.reverse(ago=0, later=False, part=None)
    state.repeat(ago=6, later=False, more=0)
    state.same()
    state.teardown()


def what_is_held_is_nobodys_until_it_is_let_go(state: Ledger) -> None:
    """Neither spent, nor given back, nor overdrawn, nor held once more, nor closed away; then all of it is there."""
    state.hold(asked=Asked("spend", "boris", "", 1_300, "sales"), hours=USUAL, later=False)
    state.hold(asked=Asked("spend", "boris", "", 1, "sales"), hours=USUAL, later=False)
    state.hold(asked=Asked("withdrawal", "boris", "", 6, "card"), hours=USUAL, later=True)
    state.set_terms(name="boris", status="closed", limit=299)
    state.reverse(ago=0, later=False, part=1)
    state.accept(asked=Asked("transfer", "boris", "anna", 60))
    state.drain(bite=1)
    state.same()
    state.earn(name="boris", amount=6)
    state.hold(asked=Asked("withdrawal", "boris", "", 6, "card"), hours=5, later=True)
    state.same()
    state.capture(ago=0, part=5)
    state.capture(ago=0, part=6)
    state.void(ago=0)
    state.same()
    state.move(asked=Asked("withdrawal", "boris", "", 1_300, "cash"))
    state.set_terms(name="boris", status="closed", limit=300)
    state.same()
    state.teardown()


KEPT = [
    a_hold_outlives_whatever_is_done_to_its_wallets_and_ends_by_the_prices_it_was_made_at,
    what_is_held_is_nobodys_until_it_is_let_go,
    a_key_that_a_payment_has_is_used_for_a_reversal_and_the_other_way_round,
    parts_are_accepted_that_are_more_than_the_whole_together,
    what_was_accepted_is_posted_while_a_wallet_is_frozen_and_told_again_later,
]
