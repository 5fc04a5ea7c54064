"""One row of a spreadsheet of payments: the movement that it asks for, or everything that is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from crm import money
from crm.i18n import gettext as _
from crm.models.ledger import PaymentKind, TechnicalCode
from crm.services.amounts import typed_amount
from crm.services.importing.rows import too_many
from crm.services.movements import INSIDE, KEY_LIMIT, Movement
from crm.services.paying.columns import CURRENCY_OF, FIELDS, KIND_OF, SOURCE_OF
from crm.services.paying.wallets import Meant, Unknown, Wallet, Wallets
from crm.spreadsheet import unguarded
from crm.text import fold

_SOURCED = (PaymentKind.DEPOSIT, PaymentKind.WITHDRAWAL)
_FIXED = {PaymentKind.SPEND: TechnicalCode.SALES, PaymentKind.ADJUSTMENT: TechnicalCode.ADJUSTMENT}


@dataclass
class Row:
    """A row that is not blank: its place in the file, as a spreadsheet shows it, its cells as they stood, and what
    they say by field. `problems` has a sentence by field; '' is the whole row.
    """

    number: int
    cells: list[str]
    typed: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)

    def says(self, name: str) -> str:
        """The cell of the field, '' where there is none."""
        return self.typed.get(name, "")


def row(number: int, cells: list[str], mapping: Sequence[str | None]) -> Row:
    """The row with its cells by field."""
    said = zip(mapping, cells, strict=False)
    typed = {name: unguarded(cell).strip() for name, cell in said if name in FIELDS}
    surplus = too_many(cells, len(mapping))
    return Row(number, cells, typed, {"": surplus} if surplus else {})


def movement(row: Row, wallets: Wallets, may_adjust: bool, key: str) -> Movement | None:
    """What the row asks for, None where something is wrong with it: `row.problems` tells. `key` is for rows without
    one of their own. Only with `may_adjust` a balance may be adjusted.
    """
    kind = _kind(row, may_adjust)
    first = _wallet(row, wallets, "account", "customer", "currency")
    if kind is None or first is None:
        return None
    last = _payee(row, wallets, kind, first)
    takes, amount = _amount(row, kind, first.currency)
    source = _source(row, kind)
    _check_key(row)
    if row.problems:
        return None
    payer: int | None = first.id
    payee = last.id if last else None
    if kind == PaymentKind.DEPOSIT or (kind == PaymentKind.ADJUSTMENT and not takes):
        payer, payee = None, first.id
    return Movement(kind, amount, payer, payee, source, row.says("description"), row.says("key") or key)


def _kind(row: Row, may_adjust: bool) -> PaymentKind | None:
    kind = KIND_OF.get(fold(row.says("kind")))
    if kind is None:
        row.problems["kind"] = _("Write deposit, withdrawal, spend, transfer, conversion or adjustment.")
    elif kind == PaymentKind.ADJUSTMENT and not may_adjust:
        row.problems["kind"] = _("Only administrators may adjust balances.")
    return kind


def _wallet(row: Row, wallets: Wallets, account: str, customer: str, currency: str) -> Wallet | None:
    try:
        return wallets.find(Meant(row.says(account), row.says(customer), _currency(row, currency)))
    except Unknown as error:
        names = {"account": account, "customer": customer, "currency": currency}
        row.problems.setdefault(names[error.field], str(error))
        return None


def _currency(row: Row, name: str) -> str:
    """The ISO 4217 code, '' for none; what is no currency is a problem."""
    text = row.says(name)
    code = CURRENCY_OF.get(fold(text), text.upper())
    if code and not money.is_currency(code):
        message = _("%(value)s is not a currency; write a code such as RUB.", value=text[:40])
        raise Unknown("currency", message)
    return code


def _payee(row: Row, wallets: Wallets, kind: PaymentKind, payer: Wallet) -> Wallet | None:
    """The other wallet of a transfer or a conversion; by itself, a conversion is between wallets of one owner."""
    named = [name for name in ("to_account", "to_customer", "to_currency") if row.says(name)]
    if kind not in INSIDE:
        if named:
            row.problems[named[0]] = _("Only a transfer or a conversion has a payee.")
        return None
    account, customer = row.says("to_account"), row.says("to_customer")
    converts = kind == PaymentKind.CONVERSION
    try:
        currency = _currency(row, "to_currency") or ("" if converts or account else payer.currency)
        if converts and not account and not customer:
            theirs = [one for one in wallets.by_owner[payer.customer_id] if one.status == "open"]
            return wallets.first(theirs, currency, payer.currency)
        return wallets.find(Meant(account, customer, currency), payer.currency if converts else "")
    except Unknown as error:
        row.problems.setdefault(f"to_{error.field}", str(error))
        return None


def _amount(row: Row, kind: PaymentKind, currency: str) -> tuple[bool, int]:
    """The positive amount, and whether it is taken: only an adjustment may have a minus."""
    text = row.says("amount")
    takes = kind == PaymentKind.ADJUSTMENT and text[:1] in ("-", "−")
    try:
        return takes, typed_amount(text[1:] if takes else text, currency)
    except ValueError as error:
        row.problems["amount"] = str(error)
        return takes, 0


def _source(row: Row, kind: PaymentKind) -> str | None:
    text = row.says("source")
    if kind not in _SOURCED:
        if text:
            row.problems["source"] = _("Only a deposit or a withdrawal has a source.")
        return _FIXED.get(kind)
    source = SOURCE_OF.get(fold(text)) if text else TechnicalCode.BANK_TRANSFER
    if source is None:
        row.problems["source"] = _("Write bank_transfer, cash, card, e_wallet or crypto.")
    return source


def _check_key(row: Row) -> None:
    key = row.says("key")
    if not key.isprintable():
        row.problems["key"] = _("This has characters that cannot be shown.")
    elif len(key) > KEY_LIMIT:
        row.problems["key"] = _("This is longer than %(count)d characters.", count=KEY_LIMIT)
