"""Payments on their way into a file."""

from sqlalchemy import func, literal_column, select

from crm.db import db
from crm.i18n import gettext as _
from crm.models import Payment
from crm.money import to_text
from crm.services.exporting.sheet import Cells, Sheet
from crm.services.paying import lists as listed
from crm.services.paying.criteria import Criteria, check, conditions


def count(criteria: Criteria, cap: int | None = None) -> int:
    """How many payments meet the criteria, counted no further than `cap`. Raises `Invalid` by field."""
    check(criteria)
    some = select(Payment.id).where(*conditions(criteria))
    if cap is not None:
        some = some.limit(literal_column(str(cap)))
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def sheet(criteria: Criteria) -> Sheet:
    """The payments, the newest first; amounts are plain decimals (`1250.00`). Those that come meanwhile are not cut
    off, or the oldest would be. Raises `Invalid` by field.
    """
    total = count(criteria)
    columns, headings = zip(*_columns(), strict=True)
    return Sheet("payments", _("Payments"), columns, headings, total, map(_cells, listed.every(criteria)))


def _columns() -> list[tuple[str, str]]:
    return [
        ("id", _("Payment")),
        ("created_at", _("Created at")),
        ("completed_at", _("Completed at")),
        ("kind", _("Kind of payment")),
        ("status", _("Status")),
        ("failure_code", _("Reason of failure")),
        ("source", _("By what way")),
        ("from_account", _("Payer's account")),
        ("from_code", _("Payer's code")),
        ("from_customer_id", _("Payer's CRM ID")),
        ("from_customer", _("Payer")),
        ("to_account", _("Payee's account")),
        ("to_code", _("Payee's code")),
        ("to_customer_id", _("Payee's CRM ID")),
        ("to_customer", _("Payee")),
        ("currency", _("Currency")),
        ("amount", _("Amount")),
        ("commission", _("Commission")),
        ("to_currency", _("Currency that arrived")),
        ("to_amount", _("Amount that arrived")),
        ("reversal_of", _("Reversal of payment")),
        ("reversed_amount", _("Reversed amount")),
        ("batch", _("Batch")),
        ("description", _("Description")),
        ("created_by", _("Who")),
    ]


def _cells(row: listed.Row) -> Cells:
    to_currency = row.to_currency or row.currency
    arrives = row.amount - row.commission if row.to_amount is None else row.to_amount
    return (
        str(row.id), row.created_at, row.completed_at, row.kind, row.status, row.failure_code,
        row.source, row.from_account, row.from_code, row.from_customer, row.from_name, row.to_account, row.to_code,
        row.to_customer, row.to_name, row.currency, to_text(row.amount, row.currency),
        to_text(row.commission, row.currency), to_currency, to_text(arrives, to_currency), _id(row.reversal_of_id),
        to_text(row.reversed_amount, row.currency), _id(row.batch_id), row.description, row.who,
    )  # fmt: skip


def _id(pk: object) -> str | None:
    return None if pk is None else str(pk)
