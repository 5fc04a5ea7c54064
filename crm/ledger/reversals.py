"""Payments that are reversed: locked before the balances, read with all that was given back of them, and counted."""

import uuid
from collections.abc import Iterable

from sqlalchemy import bindparam, select, union_all, update

from crm import bulk
from crm.db import db
from crm.ledger.orders import Original
from crm.models import Operation, Payment
from crm.models.ledger import PaymentStatus


def locked(payment_ids: Iterable[str]) -> dict[str, Original]:
    """The payments with these ids (32 hexadecimal digits), locked in order until the transaction ends, with their
    lines and what is left of each. Two statements, none where there are no ids.
    """
    wanted = sorted(set(payment_ids))
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Payment.id, Payment.amount, Payment.reversed_amount)
        .where(bulk.among(Payment.id), Payment.status == PaymentStatus.COMPLETED)
        .order_by(Payment.id)
        .with_for_update(),
        bulk.packed(wanted),
    )
    originals = {pk.hex: Original(pk.hex, amount, part, {}, {}) for pk, amount, part in rows}
    read_lines(originals)
    return originals


def read_lines(originals: dict[str, Original]) -> None:
    """Fill in the lines and what is left of them, by the operations, since they are what was moved: the originals' own,
    less those of reversals.
    """
    line = (Operation.id, Operation.account_id, Operation.kind, Operation.signed_amount)
    lines = select(Payment.id, Payment.reversal_of_id, *line).join(Operation, Operation.payment_id == Payment.id)
    both = union_all(lines.where(bulk.among(Payment.id)), lines.where(bulk.among(Payment.reversal_of_id))).subquery()
    ordered = select(both).order_by(both.c.reversal_of_id.is_not(None), both.c[2])
    found = db.session.execute(ordered, bulk.packed(originals))
    for pk, original_id, _line, account_id, kind, signed_amount in found:
        if original_id is None:
            original = originals[pk.hex]
            original.lines[account_id, kind] = original.left[account_id, kind] = signed_amount
        else:
            originals[original_id.hex].left[account_id, kind] += signed_amount


def count(originals: Iterable[Original]) -> None:
    """Write how much of each was given back: one statement, none where there is nothing to write."""
    rows = [{"pk": uuid.UUID(original.payment_id), "part": original.reversed_amount} for original in originals]
    if rows:
        statement = update(Payment).where(Payment.id == bindparam("pk")).values(reversed_amount=bindparam("part"))
        db.session.connection().execute(statement, rows)
