"""A wallet's statement on its way into a file."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice

from crm.i18n import gettext as _
from crm.money import scaled_text, to_text
from crm.services import statements
from crm.services.exporting.sheet import Cells, Sheet
from crm.services.statements import Line


@dataclass(frozen=True)
class Criteria:
    """A wallet, and the days, both included. Its `own` customer is not told who of the staff did what."""

    account: int
    first: date
    last: date
    own: bool = False


def count(criteria: Criteria, cap: int | None = None) -> int:
    """How many operations the wallet had in these days; there is no need of a `cap`. Raises `NotFound`, `Invalid`."""
    found = statements.statement(criteria.account, criteria.first, criteria.last).count
    return found if cap is None else min(found, cap)


def sheet(criteria: Criteria) -> Sheet:
    """The wallet's operations in their order; amounts are plain decimals (`-1250.00`). Raises `NotFound`, `Invalid`."""
    statement = statements.statement(criteria.account, criteria.first, criteria.last)
    shown = [place for place, (name, _heading) in enumerate(_columns()) if not (criteria.own and name == "created_by")]
    columns, headings = zip(*(_columns()[place] for place in shown), strict=True)
    cells = map(partial(_cells, statement.account.currency), islice(statement.lines(), statement.count))
    rows = (tuple(row[place] for place in shown) for row in cells) if criteria.own else cells
    name = f"statement-{criteria.account}-{criteria.first}-{criteria.last}"
    return Sheet(name, _("Statement"), columns, headings, statement.count, rows)


def _columns() -> list[tuple[str, str]]:
    return [
        ("sequence", _("Number in the account")),
        ("created_at", _("Created at")),
        ("kind", _("Kind of payment")),
        ("part", _("Part of the payment")),
        ("description", _("Description")),
        ("signed_amount", _("Amount")),
        ("currency", _("Currency")),
        ("balance_after", _("Balance after")),
        ("rate", _("Rate")),
        ("source", _("By what way")),
        ("created_by", _("Who")),
        ("payment", _("Payment")),
    ]


def _cells(currency: str, line: Line) -> Cells:
    return (
        line.sequence, line.at, line.kind, line.part, line.description, to_text(line.signed_amount, currency),
        currency, to_text(line.balance_after, currency), None if line.rate is None else scaled_text(line.rate),
        line.source, line.who, str(line.payment_id),
    )  # fmt: skip
