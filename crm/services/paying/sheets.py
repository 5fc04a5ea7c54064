"""A spreadsheet of payments, checked as a whole: what it would pay, or what is wrong where. Nothing is written here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import select

from crm.db import db
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.i18n import lazy_gettext as _l
from crm.ledger.engine import Draft
from crm.models import Payment, PaymentBatch, User
from crm.models.ledger import SYSTEM
from crm.services import tables
from crm.services.audit import Actor
from crm.services.importing import failures
from crm.services.movements import INSIDE, Movement
from crm.services.paying import columns as payment_columns
from crm.services.paying import rows as payment_rows
from crm.services.paying.rows import Row
from crm.services.paying.wallets import Wallets
from crm.services.payments import BATCH_LIMIT, check_batch
from crm.services.tables import Layout
from crm.tabular.errors import Unreadable

FIELD_NAMES = {
    "kind": _l("Kind"),
    "account": _l("Wallet"),
    "customer": _l("Customer"),
    "to_account": _l("To wallet"),
    "to_customer": _l("To customer"),
    "amount": _l("Amount"),
    "currency": _l("Currency"),
    "to_currency": _l("To currency"),
    "source": _l("Source"),
    "description": _l("Description"),
    "key": _l("Key"),
}


class Problem(NamedTuple):
    """What is wrong, and where: the row as a spreadsheet numbers it, and the column's name."""

    row: int
    column: str
    message: str


class Sum(NamedTuple):
    """What the payments of a kind move together, in minor units of the currency."""

    kind: str
    currency: str
    payments: int
    amount: int
    commission: int


class Sender(NamedTuple):
    """Somebody else who has sent the same file before."""

    name: str
    batch_id: str | None


@dataclass
class Sheet:
    """A file that was read; `movements` are complete only where there are no problems. `repeated` of the payments were
    accepted before and are not paid again.
    """

    layout: Layout
    rows: list[Row]
    movements: list[Movement]
    drafts: list[Draft] = field(default_factory=list)
    repeated: int = 0
    sender: Sender | None = None

    @property
    def problems(self) -> list[Problem]:
        """All that is wrong, in the order of the file."""
        return [
            Problem(row.number, self._column(name), message)
            for row in self.rows
            for name, message in row.problems.items()
        ]

    @property
    def is_clean(self) -> bool:
        """Whether it may be accepted."""
        return self.sender is None and not any(row.problems for row in self.rows)

    @property
    def sums(self) -> list[Sum]:
        """What would be paid now, by currency and kind."""
        sums: dict[tuple[str, str], list[int]] = {}
        for draft in self.drafts:
            one = sums.setdefault((draft.currency, draft.kind), [0, 0, 0])
            one[:] = one[0] + 1, one[1] + draft.amount, one[2] + draft.commission
        return [Sum(kind, currency, *figures) for (currency, kind), figures in sorted(sums.items())]

    def errors_csv(self) -> Iterator[str]:
        """The whole file, since it is accepted whole or not at all, with a column that says what is wrong."""
        said = ((row.cells, " ".join(self._sentences(row))) for row in self.rows)
        return failures.lines(self.layout.header.columns, self.layout.delimiter, said)

    def _sentences(self, row: Row) -> Iterator[str]:
        for name, message in row.problems.items():
            yield f"{self._column(name)}: {message}" if name else message

    def _column(self, name: str) -> str:
        header = self.layout.header
        return header.columns[header.mapping.index(name)] if name in header.mapping else str(FIELD_NAMES.get(name, ""))


def examined(path: Path) -> Layout:
    """How the file reads. Raises `Invalid` (`file`) for what is no spreadsheet of payments, or too long a one."""
    try:
        layout = tables.examine(path, tables.Wanted(payment_columns.find_header, _unrecognised))
    except Unreadable as error:
        raise Invalid({"file": [str(error)]}) from error
    if layout.total > BATCH_LIMIT:
        sentence = _("The file has more than %(count)d payments: send it in parts.", count=BATCH_LIMIT)
        raise Invalid({"file": [sentence]})
    return layout


def check(actor: Actor, path: Path, layout: Layout, digest: str, may_adjust: bool) -> Sheet:
    """Read the file and say of every row what `payments.accept_batch` would. Ten statements, however many rows.

    `digest` is of the file as it was sent: rows without a key get one of it and their number, so that the same file
    sent twice pays once.
    """
    rows = _rows(path, layout)
    wallets = Wallets(current_app.config["CRM_DEFAULT_REGION"])
    accounts, customers = (
        [said for row in rows for name in names if (said := row.says(name))]
        for names in (("account", "to_account"), ("customer", "to_customer"))
    )
    wallets.load(accounts, customers)
    asked = [
        (row, wanted)
        for row in rows
        if (wanted := payment_rows.movement(row, wallets, may_adjust, f"file {digest} row {row.number}"))
    ]
    sheet = Sheet(layout, rows, [wanted for _row, wanted in asked])
    checked = check_batch(actor, sheet.movements)
    for place, fields in checked.problems.items():
        for name, messages in fields.items():
            asked[place][0].problems.setdefault(_field(name, *asked[place]), " ".join(messages))
    sheet.drafts = [draft for draft in checked.drafts if draft.id not in checked.stored]
    sheet.repeated = len(checked.drafts) - len(sheet.drafts)
    own = [wanted.key for row, wanted in asked if not row.says("key")]
    sheet.sender = _sender(actor, own[0]) if own else None
    return sheet


def _rows(path: Path, layout: Layout) -> list[Row]:
    mapping = layout.header.mapping
    return [payment_rows.row(number, cells, mapping) for number, cells in layout.rows(path)]


def _field(name: str, row: Row, wanted: Movement) -> str:
    """The column that a field of the payment comes from."""
    if name == "idempotency_key":
        return "key"
    if name not in ("from_account", "to_account"):
        return name
    prefix = "to_" if name == "to_account" and wanted.kind in INSIDE else ""
    return f"{prefix}account" if row.says(f"{prefix}account") else f"{prefix}customer"


def _sender(actor: Actor, key: str) -> Sender | None:
    """Keys are each caller's own: a colleague who sends the file that was sent already would pay all of it again."""
    callers = select(PaymentBatch.created_by_id).distinct()
    wanted: Any = (
        select(User.name, User.email, Payment.batch_id)
        .join(User, User.id == Payment.caller)
        .where(Payment.caller.in_(callers), Payment.caller != (actor.user_id or SYSTEM), Payment.idempotency_key == key)
    )
    found = db.session.execute(wanted.limit(1)).first()
    return Sender(found.name or found.email, found.batch_id.hex if found.batch_id else None) if found else None


def _unrecognised(columns: str) -> str:
    return _(
        "The columns kind, amount, and wallet or customer are needed. The columns found are: %(columns)s.",
        columns=columns,
    )
