"""Balances brought over: wallets opened by the thousand, each with one `opening` payment, in a chunk's transaction."""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import Insert, select
from sqlalchemy.dialects import postgresql, sqlite

from crm.db import db, is_postgresql
from crm.ledger import accounts, engine
from crm.ledger.engine import Draft
from crm.models import Account, ImportOpening
from crm.models.ledger import PaymentKind, TechnicalCode
from crm.services.importing.decide import Decisions, Opening


def write(decisions: Decisions, import_id: int, actor_id: int | None) -> None:
    """Open the wallets that were decided on and post what they begin with.

    The customers must be stored. So many statements, however many rows.
    """
    if not decisions.openings:
        return
    wallets = [(opening.record.pk or 0, opening.currency, "") for opening in decisions.openings]
    source = _opening_accounts()
    drafts = [
        Draft(
            kind=PaymentKind.OPENING.value,
            from_account=source[opening.currency],
            to_account=account_id,
            amount=opening.amount,
            currency=opening.currency,
            source=TechnicalCode.OPENING.value,
            key=f"import {import_id} row {opening.row} {opening.currency}",
            created_by_id=actor_id,
            origin=f"import {import_id}",
        )
        for opening, account_id in zip(decisions.openings, accounts.open_wallets(wallets), strict=True)
    ]
    engine.store(drafts)
    posted = engine.post([draft.order for draft in drafts])
    if posted.refused:
        raise RuntimeError(f"openings were refused: {posted.refused}")
    count(import_id, decisions.openings)


def _opening_accounts() -> dict[str, int]:
    found = db.session.connection().execute(_OUTSIDE)
    return {row.currency: row.id for row in found}


def count(import_id: int, openings: Iterable[Opening]) -> None:
    """Add up by currency what is brought over, within the present transaction."""
    sums: dict[str, tuple[int, int]] = {}
    for opening in openings:
        wallets, amount = sums.get(opening.currency, (0, 0))
        sums[opening.currency] = wallets + 1, amount + opening.amount
    if not sums:
        return
    rows = [
        {"import_id": import_id, "currency": currency, "wallets": wallets, "amount": amount}
        for currency, (wallets, amount) in sorted(sums.items())
    ]
    db.session.connection().execute(_added(is_postgresql()), rows)


_OUTSIDE = select(Account.currency, Account.id).where(Account.code == TechnicalCode.OPENING)


@cache
def _added(on_postgresql: bool) -> Insert:
    """Built once: on SQLite, where chunks are small, building it takes longer than running it."""
    insert = (postgresql.insert if on_postgresql else sqlite.insert)(ImportOpening.__table__)  # type: ignore[arg-type]
    columns = ImportOpening.__table__.c
    added = {name: columns[name] + insert.excluded[name] for name in ("wallets", "amount")}
    return insert.on_conflict_do_update(index_elements=["import_id", "currency"], set_=added)
