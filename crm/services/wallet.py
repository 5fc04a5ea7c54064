"""Moving customers' money: the one face of the ledger for views, jobs, commands and the API."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from crm.db import atomic, retrying
from crm.errors import Invalid
from crm.ledger import engine
from crm.ledger.engine import Draft
from crm.ledger.refusals import refusal
from crm.models.ledger import PaymentKind, TechnicalCode
from crm.services import reversals, statements
from crm.services.audit import Actor
from crm.services.movements import Movement, check_open, draft, scene
from crm.services.statements import Statement


@dataclass(frozen=True)
class Receipt:
    """A payment that was completed, or is held: by this call, or `replayed`, by an earlier one with the same key (which
    may wait to be posted, where a program has sent it).
    """

    payment_id: str
    replayed: bool = False


@dataclass(frozen=True)
class WalletService:
    """What an actor does with customers' wallets.

    Accounts are given by id, amounts are positive integers in the minor unit of the wallet's currency (kopecks,
    cents). Every movement is one payment with its operations, in one transaction: it is completed (a hold is held), or
    it raises and nothing at all is written. `key` makes a call repeatable: a second one with the same key and the same
    request moves nothing and gives the same payment, with another request it raises `DuplicateRequest`; without a key
    each call is a payment of its own.

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
        return self._move(Movement(PaymentKind.DEPOSIT, amount, None, account_id, source, description, key))

    def withdraw(
        self,
        account_id: int,
        amount: int,
        source: str = "bank_transfer",
        description: str = "",
        key: str = "",
        hold: bool = False,
        expires_at: datetime | None = None,
    ) -> Receipt:
        """Pay money out; `source` is the technical code it leaves by.

        >>> customer, wallet = example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> service.withdraw(wallet, 1)
        Traceback (most recent call last):
        crm.errors.InsufficientFunds: There is not enough money in the wallet.
        """
        asked = Movement(PaymentKind.WITHDRAWAL, amount, account_id, None, source, description, key)
        return self._move(asked._replace(hold=hold, expires_at=expires_at))

    def spend(
        self,
        account_id: int,
        amount: int,
        description: str = "",
        key: str = "",
        hold: bool = False,
        expires_at: datetime | None = None,
    ) -> Receipt:
        """Take money for what the customer buys, to the technical account `sales`.

        A `hold` (of a withdrawal or a transfer too) reserves it until it is captured, let go, or `expires_at`, which is
        some days from now where nothing is said and 90 at most: `services/holds`.

        >>> customer, wallet = example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> receipt = service.deposit(wallet, 500)
        >>> receipt = service.spend(wallet, 300, hold=True)
        >>> service.balance(wallet)
        500
        >>> service.withdraw(wallet, 201)
        Traceback (most recent call last):
        crm.errors.InsufficientFunds: There is not enough money in the wallet.
        """
        asked = Movement(PaymentKind.SPEND, amount, account_id, None, TechnicalCode.SALES, description, key)
        return self._move(asked._replace(hold=hold, expires_at=expires_at))

    def adjust(self, account_id: int, amount: int, description: str, key: str = "") -> Receipt:
        """Mend a mistake: a positive `amount` is added, a negative one taken. The description is the reason, at
        least three characters of it not blank. For administrators alone: who calls sees to that.

        >>> customer, wallet = example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> service.adjust(wallet, 500, "  ")
        Traceback (most recent call last):
        crm.errors.Invalid: Say why, in three characters or more.
        """
        payer, payee = (None, account_id) if amount > 0 else (account_id, None)
        where = TechnicalCode.ADJUSTMENT
        return self._move(Movement(PaymentKind.ADJUSTMENT, abs(amount), payer, payee, where, description, key))

    def transfer(
        self,
        from_account_id: int,
        to_account_id: int,
        amount: int,
        description: str = "",
        key: str = "",
        hold: bool = False,
        expires_at: datetime | None = None,
    ) -> Receipt:
        """Move money from one wallet to another in the same currency. The payee gets the amount without the
        commission that a rule may take; between wallets of one owner there is none.

        >>> (_anna, hers), (_boris, his) = example_wallet(), example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> receipt = service.deposit(hers, 300)
        >>> receipt = service.transfer(hers, his, 100)
        >>> service.balance(hers), service.balance(his)  # where no rule takes a commission
        (200, 100)
        """
        asked = Movement(PaymentKind.TRANSFER, amount, from_account_id, to_account_id, None, description, key)
        return self._move(asked._replace(hold=hold, expires_at=expires_at))

    def convert(
        self, from_account_id: int, to_account_id: int, amount: int, description: str = "", key: str = ""
    ) -> Receipt:
        """Turn `amount` of one wallet into the currency of another one of the same owner, by the rate that is in
        force; the rate's spread is taken as commission. Without a rate it is refused (`PaymentRefused`, `no_rate`).

        >>> customer, wallet = example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> service.convert(wallet, wallet, 100)
        Traceback (most recent call last):
        crm.errors.Invalid: Choose another wallet than the one that pays.
        """
        sides = from_account_id, to_account_id
        return self._move(Movement(PaymentKind.CONVERSION, amount, *sides, None, description, key))

    @retrying
    def reverse(self, payment_id: str, amount: int | None = None, description: str = "", key: str = "") -> Receipt:
        """Give back `amount` of what a completed payment moved (of its own amount, in its currency), or all that is
        left of it; commission is given back in the same share. For administrators alone: who calls sees to that.

        >>> customer, wallet = example_wallet()
        >>> service = WalletService(Actor(None, "cli"))
        >>> receipt = service.deposit(wallet, 500)
        >>> receipt = service.reverse(receipt.payment_id, 200)
        >>> service.balance(wallet)
        300
        """
        with atomic():
            return self._post(reversals.draft(self.actor, payment_id, amount, description, key))

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

    @retrying
    def _move(self, movement: Movement) -> Receipt:
        """Read, store, lock, decide, write: six statements, and one more where the key was used before."""
        try:
            with atomic():
                known = scene([movement])
                made = draft(self.actor, movement, known)
                return self._post(made, lambda: check_open(movement, known))
        except Invalid as error:
            error.fields = {_field(name, movement): messages for name, messages in error.fields.items()}
            raise

    def _post(self, made: Draft, check: Callable[[], None] = lambda: None) -> Receipt:
        """Store and post within the present transaction. `check` comes after the key: what was done is told, even if
        the wallets are frozen or closed since.
        """
        known = engine.store([made]).get(made.id)
        if known is None:
            check()
            decisions = engine.post([made.order])
            if decisions.refused:
                raise refusal(decisions.refused[made.id])  # and with it goes everything that was written
        elif known.failure_code:
            raise refusal(known.failure_code)
        return Receipt(known.id if known else made.id, replayed=known is not None)


def _field(name: str, movement: Movement) -> str:
    """The form's name: the wallet that a form is about is its `account`, whichever side it is."""
    return "account" if name == movement.wallets[0][0] else name
