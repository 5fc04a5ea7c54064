"""Operations on their way into a file."""

from crm.i18n import gettext as _
from crm.money import to_text
from crm.services import operations as listed
from crm.services.exporting.sheet import Cells, Sheet
from crm.services.operations import Criteria


def count(criteria: Criteria, cap: int | None = None) -> int:
    """How many operations meet the criteria, counted no further than `cap`. Raises `Invalid` by field."""
    return listed.count(criteria, cap)


def sheet(criteria: Criteria) -> Sheet:
    """The operations in their order; amounts are plain decimals (`-1250.00`). Those that come meanwhile are not cut
    off, or others would be. Raises `Invalid` by field.
    """
    total = count(criteria)
    columns, headings = zip(*_columns(), strict=True)
    rows = map(_cells, listed.every(criteria))
    return Sheet("operations", _("Operations"), columns, headings, total, rows)


def _columns() -> list[tuple[str, str]]:
    return [
        ("id", _("Operation")),
        ("created_at", _("Created at")),
        ("kind", _("Kind of payment")),
        ("part", _("Part of the payment")),
        ("description", _("Description")),
        ("account", _("Account")),
        ("code", _("Account's code")),
        ("account_name", _("Account's name")),
        ("customer_id", _("CRM ID")),
        ("customer", _("Customer name")),
        ("currency", _("Currency")),
        ("signed_amount", _("Amount")),
        ("balance_after", _("Balance after")),
        ("sequence", _("Number in the account")),
        ("source", _("By what way")),
        ("created_by", _("Who")),
        ("payment", _("Payment")),
    ]


def _cells(line: listed.Line) -> Cells:
    balance = None if line.balance_after is None else to_text(line.balance_after, line.currency)
    return (
        line.id, line.at, line.kind, line.part, line.description, line.account_id,
        line.code, line.account_name, line.customer_id, line.customer_name, line.currency,
        to_text(line.signed_amount, line.currency), balance, line.sequence, line.source, line.who, str(line.payment_id),
    )  # fmt: skip
