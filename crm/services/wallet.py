"""Moving customers' money: the one face of the ledger for views, jobs, commands and the API."""

from dataclasses import dataclass
from datetime import date, datetime

from uuid_utils.compat import uuid7

from crm.db import atomic, retrying
from crm.errors import AccountUnavailable, Invalid, PaymentRefused
from crm.i18n import gettext as _
from crm.ledger import engine
from crm.ledger.accounts import Side, sides
from crm.ledger.engine import Draft
from crm.ledger.refusals import refusal
from crm.models.ledger import SOURCES, PaymentKind, TechnicalCode
from crm.money import MAX_MINOR
from crm.services import statements
from crm.services.audit import Actor
from crm.services.statements import Statement
from crm.text import has_control, squeeze

DESCRIPTION_LIMIT, KEY_LIMIT, REASON_LENGTH = 500, 200, 3
_FIELDS = ("account", "to_account")  # of the one or two wallets of a movement, in their order


@dataclass(frozen=True)
class Receipt:
    """A payment that was completed: by this call, or `replayed`, by an earlier one with the same key."""

    payment_id: str
    replayed: bool = False


@dataclass(frozen=True)
class WalletService:
    """What an actor does with customers' wallets.

    Accounts are given by id, amounts are positive integers in the minor unit of the wallet's currency (kopecks,
    cents). Every movement is one payment with its operations, in one transaction: it is completed, or it raises and
    nothing at all is written. `key` makes a call repeatable: a second one with the same key and the same request
    moves nothing and gives the same payment, with another request it raises `DuplicateRequest`; without a key each
    call is a payment of its own.

    All movements raise `Invalid` by field for what cannot be asked, `InsufficientFunds`, `AccountUnavailable` for
    frozen and closed wallets, and `Busy` when the database was too busy several times in a row.

    >>> customer, wallet = example_wallet()
    >>> service = WalletService(Actor(None, "cli"))
    >>> receipt = service.deposit(wallet, 125_000, source="cash", description="Prepayment")
    >>> service.balance(wallet)
    125000
    """

    actor: Actor

    def deposit(
        self, account_id: int, amount: int, source: str = "bank_transfer", description: str = "", key: str = ""
    ) -> Receipt:
        """Bring money in from outside; `source` is the technical code it comes by.

        >>> customer, wallet = example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> first = service.deposit(wallet, 500, key="order 7")
        >>> again = service.deposit(wallet, 500, key="order 7")
        >>> again.payment_id == first.payment_id, again.replayed, service.balance(wallet)
        (True, True, 500)
        """
        return self._cross(PaymentKind.DEPOSIT, account_id, amount, _source(source), description, key, comes_in=True)

    def withdraw(
        self, account_id: int, amount: int, source: str = "bank_transfer", description: str = "", key: str = ""
    ) -> Receipt:
        """Pay money out; `source` is the technical code it leaves by.

        >>> customer, wallet = example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> service.withdraw(wallet, 1)
        Traceback (most recent call last):
        crm.errors.InsufficientFunds: There is not enough money in the wallet.
        """
        return self._cross(PaymentKind.WITHDRAWAL, account_id, amount, _source(source), description, key)

    def spend(self, account_id: int, amount: int, description: str = "", key: str = "") -> Receipt:
        """Take money for what the customer buys, to the technical account `sales`."""
        return self._cross(PaymentKind.SPEND, account_id, amount, TechnicalCode.SALES, description, key)

    def adjust(self, account_id: int, amount: int, description: str, key: str = "") -> Receipt:
        """Mend a mistake: a positive `amount` is added, a negative one taken. The description is the reason, at
        least three characters of it not blank. For administrators alone: who calls sees to that.

        >>> customer, wallet = example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> service.adjust(wallet, 500, "  ")
        Traceback (most recent call last):
        crm.errors.Invalid: Say why, in three characters or more.
        """
        if len(squeeze(description).replace(" ", "")) < REASON_LENGTH:
            raise Invalid({"description": [_("Say why, in three characters or more.")]})
        other = TechnicalCode.ADJUSTMENT
        comes_in = amount > 0
        return self._cross(PaymentKind.ADJUSTMENT, account_id, abs(amount), other, description, key, comes_in)

    def transfer(
        self, from_account_id: int, to_account_id: int, amount: int, description: str = "", key: str = ""
    ) -> Receipt:
        """Move money from one wallet to another in the same currency.

        >>> (_anna, hers), (_boris, his) = example_wallet(), example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> receipt = service.deposit(hers, 300)
        >>> receipt = service.transfer(hers, his, 100)
        >>> service.balance(hers), service.balance(his)
        (200, 100)
        """
        if from_account_id == to_account_id:
            raise Invalid({"to_account": [_("Choose another wallet than the one that pays.")]})
        return self._move(PaymentKind.TRANSFER, from_account_id, to_account_id, amount, None, description, key)

    def balance(self, account_id: int, at: datetime | None = None) -> int:
        """The balance in minor units, now or after the last operation that was not later than the moment `at`.

        >>> from datetime import UTC
        >>> customer, wallet = example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> receipt = service.deposit(wallet, 100)
        >>> service.balance(wallet), service.balance(wallet, datetime(2020, 1, 1, tzinfo=UTC))
        (100, 0)
        """
        return statements.balance(account_id, at)

    def statement(self, account_id: int, first: date, last: date) -> Statement:
        """What happened on the days from `first` to `last` (of the product's time zone, both included).

        >>> customer, wallet = example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> receipt = service.deposit(wallet, 100)
        >>> found = service.statement(wallet, date(2020, 1, 1), date(2020, 12, 31))
        >>> found.opening, found.closing
        (0, 0)
        """
        return statements.statement(account_id, first, last)

    def _cross(
        self,
        kind: PaymentKind,
        account_id: int,
        amount: int,
        code: TechnicalCode,
        description: str,
        key: str,
        comes_in: bool = False,
    ) -> Receipt:
        """Between a wallet and the technical account of the code."""
        payer, payee = (None, account_id) if comes_in else (account_id, None)
        return self._move(kind, payer, payee, amount, code, description, key)

    @retrying
    def _move(
        self,
        kind: PaymentKind,
        payer: int | None,
        payee: int | None,
        amount: int,
        code: TechnicalCode | None,
        description: str,
        key: str,
    ) -> Receipt:
        """Store, lock, decide, write: six statements, and one more where the key was used before."""
        if not 0 < amount <= MAX_MINOR:
            raise Invalid({"amount": [_("The amount must be more than zero.") if amount <= 0 else _too_large()]})
        about, key = _text(description), _key(key)
        with atomic():
            wallets = [pk for pk in (payer, payee) if pk is not None]
            found = sides(wallets, [code] if code else [])
            outside = next((side.id for side in found if side.code == code), 0)
            first = _checked(wallets, found)
            draft = Draft(
                kind=kind.value,
                from_account=outside if payer is None else payer,
                to_account=outside if payee is None else payee,
                amount=amount,
                currency=first.currency,
                source=code.value if code else None,
                created_by_id=self.actor.user_id,
                origin=self.actor.origin,
                description=about,
                key=key,
            )
            repeated = engine.store([draft])
            if draft.id in repeated:  # what was done is told, even if the wallets are frozen or closed since
                return Receipt(repeated[draft.id], replayed=True)
            _check_open(wallets, found)
            return _posted(draft)


def _posted(draft: Draft) -> Receipt:
    decisions = engine.post([draft.order])
    if decisions.refused:
        raise refusal(decisions.refused[draft.id])  # and with it goes everything that was written
    return Receipt(draft.id)


def _checked(wallets: list[int], found: list[Side]) -> Side:
    """The first of the wallets; all of them are customers', and in one currency."""
    by_id = {side.id: side for side in found if side.customer_id is not None}
    for field, pk in zip(_FIELDS, wallets, strict=False):
        if pk not in by_id:
            raise Invalid({field: [_("There is no such wallet.")]})
    first, last = by_id[wallets[0]], by_id[wallets[-1]]
    if first.currency != last.currency:
        message = _(
            "The wallets have different currencies: %(one)s and %(two)s.", one=first.currency, two=last.currency
        )
        raise PaymentRefused("currencies_differ", "to_account", message)
    return first


def _check_open(wallets: list[int], found: list[Side]) -> None:
    statuses = {side.id: side.status for side in found}
    for field, pk in zip(_FIELDS, wallets, strict=False):
        if statuses[pk] != "open":
            problem = refusal(f"account_{statuses[pk]}")
            raise AccountUnavailable(problem.code, field, problem.message)


def _source(source: str) -> TechnicalCode:
    if source not in [code.value for code in SOURCES]:
        raise Invalid({"source": [_("Choose how the money comes or goes.")]})
    return TechnicalCode(source)


def _too_large() -> str:
    return _("This amount is too large.")


def _text(description: str) -> str:
    text = squeeze(description)
    if has_control(text):
        raise Invalid({"description": [_("This has characters that cannot be shown.")]})
    if len(text) > DESCRIPTION_LIMIT:
        raise Invalid({"description": [_("This is longer than %(count)d characters.", count=DESCRIPTION_LIMIT)]})
    return text


def _key(key: str) -> str:
    if len(key) > KEY_LIMIT or not key.isprintable():
        raise Invalid({"idempotency_key": [_("This form is incomplete. Reload the page and try again.")]})
    return key or uuid7().hex
