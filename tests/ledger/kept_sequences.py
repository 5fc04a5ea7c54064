"""Sequences of the state machine that have failed once, or go where chance seldom does: each is tried every time.

The lines are what Hypothesis prints, without the first one, in which the machine is made.
"""

from tests.ledger.machine import Ledger
from tests.ledger.model import Asked


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
    state.set_status(name="spare", status="frozen")
    state.drain(bite=5)
    state.same()
    state.set_status(name="spare", status="open")
    state.repeat(ago=0, later=False, more=0)
    state.repeat(ago=0, later=True, more=0)
    state.repeat(ago=0, later=True, more=1)
    state.same()
    state.teardown()


KEPT = [
    a_key_that_a_payment_has_is_used_for_a_reversal_and_the_other_way_round,
    parts_are_accepted_that_are_more_than_the_whole_together,
    what_was_accepted_is_posted_while_a_wallet_is_frozen_and_told_again_later,
]
