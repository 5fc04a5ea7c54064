"""Whatever an import has done: when it is undone, everything is as it was before."""

import random
from typing import Any

import pytest
import sqlalchemy as sa

from crm.db import db
from crm.models import AccountBalance, Customer
from crm.services import imports
from crm.services.importing.chunks import Pace
from crm.services.importing.plan import Column
from tests import money, people
from tests.services.test_import_undo import everybody, planned, undo
from tests.uploads import table

FIELDS = ("external_id", "name", "kind", "company", "city", "notes", "tags", "phone", "email", "telegram")
HEADER = (*FIELDS, "size", "shade", "rub", "usd")


def held() -> list[tuple[Any, ...]]:
    """The wallets that are open, and what is in them."""
    db.session.rollback()
    row = AccountBalance
    wanted = sa.select(row.account_id, row.customer_id, row.currency, row.balance).where(row.status == "open")
    return [tuple(found) for found in db.session.execute(wanted.order_by(row.account_id))]


def rows(pick: random.Random, crowd: list[people.Person], count: int) -> list[list[str]]:
    """Rows about the crowd, about nobody who is known, and about one another."""
    found: list[list[str]] = []
    for number in range(count):
        kind = pick.random()
        if kind < 0.15 and found:
            keys = pick.choice(found)[:1] + pick.choice(found)[7:10]
        elif kind < 0.6:
            person = pick.choice(crowd)
            keys = [person.external_id, person.phone, person.email, person.telegram]
        else:
            keys = [f"N{number}", f"+7926{pick.randrange(10**7):07}", f"n{number}@example.com", ""]
        if pick.random() < 0.3:
            keys[pick.randrange(4)] = pick.choice(["", f"x{number}@example.com"] if pick.random() < 0.5 else [""])
        if pick.random() < 0.2:
            keys[0] = f"M{number % 20}"
        values = [pick.choice(["", word, f"{word} {number}"]) for word in ("company", "Tver", "notes", "a", "b")]
        name = pick.choice([*people.LAST, f"Name {number}"])
        tags = ",".join(pick.sample(people.TAGS, pick.choice([0, 1, 2])))
        kind_cell = pick.choice(["", "person", "company"])
        money_cells = [pick.choice(["", "", "0", "12.50", "700"]) for _currency in range(2)]
        at = "" if "@" in keys[1] or keys[1].startswith("x") else keys[1]
        found.append([keys[0], name, kind_cell, *values[:3], tags, at, keys[2], keys[3], *values[3:], *money_cells])
    return found


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("on_duplicate", ["update", "skip", "create"])
def test_all_is_as_it_was_before(app, monkeypatch, seed, on_duplicate):
    pick = random.Random(f"{seed} {on_duplicate}")
    monkeypatch.setattr(Pace, "limit", pick.choice([3, 25, 2_000]))
    crowd = people.crowd(25, seed)
    for person in crowd[:6]:
        money.wallet_of(person.id, pick.choice(["RUB", "USD"]), 500)
    people_before, held_before = everybody(), held()
    columns = [Column(name, pick.choice(["overwrite", "overwrite", "fill"])) for name in FIELDS]  # type: ignore[arg-type]
    more = (Column("attribute:Size"), Column("attribute:Shade"))
    balances = (Column("wallet_balance", currency="RUB"), Column("wallet_balance", currency="USD"))
    match = tuple(pick.sample(["external_id", "email", "phone", "channel"], 3))
    upload = planned(
        table([HEADER, *rows(pick, crowd, 60)]).decode(), *columns, *more, *balances,
        on_duplicate=on_duplicate, match=match, restore=pick.random() < 0.5,
    )  # fmt: skip
    assert upload.status == "done" and upload.created and everybody() != people_before
    preview = imports.undo_preview(upload.id)
    assert undo(upload).kept == 0
    known = {one[0] for one in people_before}
    after = everybody()
    assert [one for one in after if one[0] in known] == people_before
    assert held() == held_before
    shells = db.session.scalars(sa.select(Customer).where(Customer.id.not_in(known))).all()
    assert {(one.status, one.external_id, len(one.channels)) for one in shells} <= {("archived", None, 0)}
    assert len(shells) == preview.archived and preview.removed + preview.archived == upload.created
