"""Customers whom an import has made and nobody has touched since: an undo foresees these as a set, not one by one."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, text

from crm.bulk import among, packed
from crm.db import db
from crm.models import AccountBalance, AuditEntry, ImportRow
from crm.services.importing.undo_state import State, Touched, undo_origin

_PAGE = 20_000


@dataclass
class Untouched:
    """So many rows would be taken back with all that came with them: their customers are deleted, or `archived` where
    there are wallets. `others` are the rows to be decided on by themselves, the last first, `people` their customers.
    """

    rows: int
    others: list[int]
    people: set[int]
    archived: int = 0
    reversals: int = 0
    returned: Counter[str] = field(default_factory=Counter)  # minor units by currency

    def let_go(self, state: State, import_id: int) -> None:
        """Take the external ids of the untouched from their holders: they stand behind the rows that want these."""
        made = select(AuditEntry.entity_id).where(
            AuditEntry.entity == "customer",
            among(AuditEntry.entity_id),
            AuditEntry.action == "customer.created",
            AuditEntry.origin == f"import {import_id}",
        )
        others = {str(pk) for pk in state.holders.values() if pk not in self.people}
        gone = {int(pk) for pk in db.session.scalars(made, packed(others))} if others else set()
        state.holders = {name: pk for name, pk in state.holders.items() if pk not in gone}


def untouched(import_id: int, repeated: Collection[int]) -> Untouched:
    """What of the import nobody has touched since, but for the customers whom several of its rows have: `repeated`.

    Three statements, four with `repeated`; a million rows take seconds.
    """
    about = {"id": import_id, "own": f"import {import_id}", "undo": undo_origin(import_id)}
    numbers, people = set[int](), set[int]()
    for number, pk in db.session.execute(_OTHERS, about, execution_options={"yield_per": _PAGE}):
        numbers.add(number)
        people.add(pk)
    if repeated:
        twice = select(ImportRow.row).where(*_open(import_id), among(ImportRow.customer_id))
        numbers.update(db.session.scalars(twice, packed(repeated)))
        people.update(repeated)
    total = db.session.scalar(select(func.count()).select_from(ImportRow).where(*_open(import_id))) or 0
    made = Untouched(total - len(numbers), sorted(numbers, reverse=True), people)
    _add_money(made, import_id, numbers)
    return made


def touched(import_id: int, numbers: Sequence[int]) -> list[Touched]:
    """The rows with these numbers, the last first."""
    row = ImportRow
    wanted = select(row.row, row.customer_id, row.outcome, row.changes).where(*_open(import_id), among(row.row))
    found = db.session.execute(wanted.order_by(row.row.desc()), packed(numbers))
    return [Touched(number, pk, outcome, changes or {}) for number, pk, outcome, changes in found]


def _open(import_id: int) -> tuple[Any, ...]:
    row = ImportRow
    return row.import_id == import_id, row.outcome.in_(("created", "updated")), row.undo.is_(None)


def _add_money(made: Untouched, import_id: int, others: Collection[int]) -> None:
    wallets = (
        select(ImportRow.row, AccountBalance.currency, AccountBalance.balance)
        .join(AccountBalance, AccountBalance.customer_id == ImportRow.customer_id)
        .where(*_open(import_id), ImportRow.outcome == "created")
        .order_by(ImportRow.row)
    )
    last = 0
    for number, currency, amount in db.session.execute(wallets, execution_options={"yield_per": _PAGE}):
        if number in others:
            continue
        made.archived += number != last
        made.reversals += 1
        made.returned[currency] += amount
        last = number


# Rows that have updated somebody, or whose customer is not just what the import has made of them: gone, changed by
# somebody, signing in, or with a wallet in which anything but the import's own opening has moved or was meant to.
_OTHERS = text("""
    SELECT r."row", r.customer_id FROM import_rows AS r
    WHERE r.import_id = :id AND r.undo IS NULL AND (r.outcome = 'updated' OR (r.outcome = 'created' AND (
        NOT EXISTS (SELECT 1 FROM customers AS c WHERE c.id = r.customer_id)
        OR EXISTS (SELECT 1 FROM users AS u WHERE u.customer_id = r.customer_id)
        OR EXISTS (SELECT 1 FROM audit_entries AS a WHERE a.entity = 'customer'
            AND a.entity_id = CAST(r.customer_id AS varchar(40)) AND a.origin NOT IN (:own, :undo))
        OR EXISTS (SELECT 1 FROM account_balances AS b WHERE b.customer_id = r.customer_id AND (
            b.status <> 'open' OR b.held <> 0 OR b.overdraft_limit <> 0 OR b.sequence <> 1
            OR NOT EXISTS (SELECT 1 FROM payments AS p WHERE p.to_account_id = b.account_id AND p.kind = 'opening'
                AND p.origin = :own AND p.amount = b.balance AND p.reversed_amount = 0)
            OR EXISTS (SELECT 1 FROM payments AS p WHERE p.to_account_id = b.account_id
                AND (p.kind <> 'opening' OR p.origin <> :own))
            OR EXISTS (SELECT 1 FROM payments AS p WHERE p.from_account_id = b.account_id))))))
""")
