"""Law of batches: the same payments accepted and posted together write the rows that they write one by one."""

from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from hypothesis import given, note, settings
from hypothesis import strategies as st
from sqlalchemy import text

from crm.db import db
from crm.ledger import pending
from crm.services import accounts, payments
from tests import databases, money
from tests.ledger import asking
from tests.ledger.asking import ACTOR, told
from tests.ledger.book import Book
from tests.ledger.machine import ago, names, parts, some
from tests.ledger.model import Asked
from tests.ledger.test_machine import SETTINGS

# What no two runs have in common (a reversal's fingerprint tells the original's id), and the batch a payment came in.
OF_A_RUN = {"id", "payment_id", "reversal_of_id", "fingerprint", "created_at", "completed_at", "last_at"}
OF_A_RUN |= {"batch_id", "batch_row"}
Rows = dict[str, list[dict[str, Any]]]


class Turn(NamedTuple):
    """What is asked for, which earlier payments are to be given back, and who is frozen before it is posted."""

    many: list[Asked]
    back: list[tuple[int, int | None]]
    frozen: list[str]


turns = st.lists(
    st.builds(
        Turn,
        st.lists(some, min_size=1, max_size=6),
        st.lists(st.tuples(ago, parts), max_size=3),
        st.lists(names, max_size=1),
    ),
    min_size=2,
    max_size=3,
)


class World:
    """A new ledger; what is accepted there is posted in bites of these sizes."""

    def __init__(self, app: Flask, run: Path, bites: list[int]) -> None:
        databases.empty(app, run)
        asking.prices()
        self.wallets, self.ids, self.bites = asking.wallets(Book()), list[str](), cycle(bites)
        for name, pk in self.wallets.items():
            asking.SERVICE.deposit(pk, 1_000, key=name)

    def one_by_one(self, many: list[Asked]) -> list[Asked]:
        """Accept what can be accepted; that."""
        taken = []
        for asked in many:
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
            original, key = before[place % len(before)] if before else "0" * 32, f"{len(self.ids)}"
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

    def _set(self, names: list[str], status: str) -> None:
        for name in names:
            accounts.set_status(ACTOR, self.wallets[name], status)

    def rows(self) -> Rows:
        """Everything that was written, the payments by their numbers."""
        numbers = {pk: number for number, pk in enumerate(self.ids)}
        numbers |= {pk: -number for number, pk in enumerate(self._others(numbers), start=1)}
        return {
            "payments": sorted(_rows("payments", numbers), key=lambda row: row["number"]),
            "operations": _rows("operations", numbers, "ORDER BY id"),
            "balances": _rows("account_balances", numbers, "ORDER BY account_id"),
            "waiting": _rows("pending_payments", numbers),
        }

    def _others(self, numbers: dict[str, int]) -> list[str]:
        found = (str(pk).replace("-", "") for pk in db.session.scalars(text("SELECT id FROM payments ORDER BY id")))
        return [pk for pk in found if pk not in numbers]


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


def test_batches_of_any_size_write_what_is_written_one_by_one(app, run):
    @settings(SETTINGS)
    @given(turns, st.lists(st.integers(1, 12), min_size=1, max_size=4))
    def law(asked, bites):
        note(f"asked={asked}, bites={bites}")
        singly, refusals, plan = World(app, run, [1]), [], []
        for many, back, frozen in asked:
            plan.append(singly.one_by_one(many))
            refusals.append(singly.give_back(back))
            singly.post(frozen)
        rows = singly.rows()
        batches = World(app, run, bites)
        for (_many, back, frozen), taken, refused in zip(asked, plan, refusals, strict=True):
            batches.together(taken)
            assert batches.give_back(back) == refused
            batches.post(frozen)
        found = batches.rows()
        assert {table: different(found[table], rows[table]) for table in rows} == {table: [] for table in rows}
        assert rows["waiting"] == []
        money.check_ledger()

    law()
