"""Law of batches: the same payments accepted and posted together write the rows that they write one by one."""

from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from hypothesis import given, note, settings
from hypothesis import strategies as st
from sqlalchemy import text

from crm.db import at, db
from crm.ledger import pending
from crm.services import accounts, holds, payments
from tests import databases, money
from tests.ledger import asking
from tests.ledger.asking import ACTOR, told
from tests.ledger.book import Book
from tests.ledger.chances import ago, holdable, names, parts, some
from tests.ledger.model import USUAL, USUAL_HOURS, Asked
from tests.ledger.test_machine import SETTINGS

# What no two runs have in common (a reversal's fingerprint tells the original's id), and the batch a payment came in.
OF_A_RUN = {"id", "payment_id", "reversal_of_id", "fingerprint", "batch_id", "batch_row"}
Rows = dict[str, list[dict[str, Any]]]


class Turn(NamedTuple):
    """What is asked for (the second of each pair: whether it is to be held), which earlier payments are to be given
    back, who is frozen before it is posted, which holds are captured then, and how long it is to the next turn.
    """

    many: list[tuple[Asked, bool]]
    back: list[tuple[int, int | None]]
    frozen: list[str]
    captured: list[tuple[int, int | None]]
    hours: int


few = st.lists(st.tuples(ago, parts), max_size=3)
turn = st.builds(
    Turn,
    st.lists(st.one_of(st.tuples(some, st.just(False)), st.tuples(holdable, st.just(True))), min_size=1, max_size=6),
    few,
    st.lists(names, max_size=1),
    few,
    st.sampled_from([0, 5, USUAL_HOURS]),
)
turns = st.lists(turn, min_size=2, max_size=3)


class World:
    """A new ledger; what is accepted there is posted in bites of these sizes."""

    def __init__(self, app: Flask, run: Path, bites: list[int]) -> None:
        databases.empty(app, run)
        asking.prices()
        self.wallets, self.bites = asking.wallets(Book()), cycle(bites)
        self.ids = [asking.SERVICE.deposit(pk, 1_000, key=name).payment_id for name, pk in self.wallets.items()]

    def one_by_one(self, many: list[tuple[Asked, bool]]) -> list[Asked]:
        """Accept what can be accepted; that."""
        taken = []
        for one, is_hold in many:
            asked = one._replace(hold=USUAL if is_hold else 0)
            movement = asking.movement(asked, self.wallets, f"{len(self.ids)}")
            accepted, _refusal = told(lambda movement=movement: payments.accept(ACTOR, movement))
            if accepted:
                taken.append(asked)
                self.ids.append(accepted.payment_id)
        return taken

    def together(self, many: list[Asked]) -> None:
        """Accept all of it."""
        movements = [asking.movement(asked, self.wallets, f"{len(self.ids) + more}") for more, asked in enumerate(many)]
        if movements:
            self.ids += [one.payment_id for one in payments.accept_batch(ACTOR, movements).payments]

    def give_back(self, which: list[tuple[int, int | None]]) -> list[str]:
        """Accept reversals; why each was not."""
        before, refusals = self.ids[::-1], []
        for place, part in which:
            original, key = before[place % len(before)], f"{len(self.ids)}"
            accepted, refusal = told(
                lambda original=original, part=part, key=key: payments.accept_reversal(ACTOR, original, part, "", key)
            )
            refusals.append(refusal)
            self.ids += [accepted.payment_id] if accepted else []
        return refusals

    def post(self, frozen: list[str]) -> None:
        """Post all that waits, while these are frozen."""
        self._set(frozen, "frozen")
        while claimed := pending.claim(next(self.bites)):
            pending.post(claimed)
        self._set(frozen, "open")

    def end(self, captured: list[tuple[int, int | None]]) -> list[str]:
        """Capture holds, whole or in part, and let go of those whose time is over; why some were not captured."""
        refusals = []
        for place, part in captured:
            hold = self._held()[place : place + 1] or self.ids[:1]
            refusals.append(told(lambda pk=hold[0], part=part: holds.capture(ACTOR, pk, part))[1])
        holds.expire_due(next(self.bites))
        return refusals

    def _held(self) -> list[str]:
        """The payments that are held, in their order."""
        held = {str(pk).replace("-", "") for pk in db.session.scalars(text("SELECT payment_id FROM holds"))}
        return [pk for pk in self.ids if pk in held]

    def _set(self, names: list[str], status: str) -> None:
        for name in names:
            accounts.set_status(ACTOR, self.wallets[name], status)

    def rows(self) -> Rows:
        """Everything that was written, the payments by their numbers."""
        numbers = {pk: number for number, pk in enumerate(self.ids)}
        return {
            "payments": sorted(_rows("payments", numbers), key=lambda row: row["number"]),
            "operations": _rows("operations", numbers, "ORDER BY id"),
            "balances": _rows("account_balances", numbers, "ORDER BY account_id"),
            "holds": sorted(_rows("holds", numbers), key=lambda row: row["number"]),
            "waiting": _rows("pending_payments", numbers),
        }


def _rows(table: str, numbers: dict[str, int], order: str = "") -> list[dict[str, Any]]:
    found = []
    for row in db.session.execute(text(f"SELECT * FROM {table} {order}")).mappings():
        kept = {name: value for name, value in row.items() if name not in OF_A_RUN}
        pk = row.get("payment_id", row.get("id"))
        kept["number"] = numbers.get(str(pk).replace("-", ""))
        kept["original"] = numbers.get(str(row.get("reversal_of_id")).replace("-", ""))
        found.append(kept)
    return found


def different(some: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[Any]:
    """The values of two tables that are not the same: number of the payment, column, the one and the other."""
    assert len(some) == len(others)
    pairs = [(one, other) for one, other in zip(some, others, strict=True) if one != other]
    return [
        (one["number"], name, one[name], other[name])
        for one, other in pairs
        for name in one
        if one[name] != other[name]
    ]


def timed(turns: list[Turn]) -> list[tuple[Turn, datetime]]:
    """Each turn with its moment."""
    return [(turn, asking.moment(sum(one.hours for one in turns[:place]))) for place, turn in enumerate(turns)]


def test_batches_of_any_size_write_what_is_written_one_by_one(app, run):
    @settings(SETTINGS)
    @given(turns, st.lists(st.integers(1, 12), min_size=1, max_size=4))
    def law(asked, bites):
        note(f"asked={asked}, bites={bites}")
        plan, told_singly, told_together = [], [], []
        with at(asking.moment(0)):
            singly = World(app, run, [1])
        for turn, moment in timed(asked):
            with at(moment):
                plan.append(singly.one_by_one(turn.many))
                told_singly.append(singly.give_back(turn.back))
                singly.post(turn.frozen)
                told_singly.append(singly.end(turn.captured))
        rows = singly.rows()
        with at(asking.moment(0)):
            batches = World(app, run, bites)
        for taken, (turn, moment) in zip(plan, timed(asked), strict=True):
            with at(moment):
                batches.together(taken)
                told_together.append(batches.give_back(turn.back))
                batches.post(turn.frozen)
                told_together.append(batches.end(turn.captured))
        assert told_together == told_singly
        found = batches.rows()
        assert {table: different(found[table], rows[table]) for table in rows} == {table: [] for table in rows}
        assert rows["waiting"] == []
        money.check_ledger()

    law()
