"""Openings and how they are given back: what wallets hold now, and one reversal for each opening, in a chunk."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, or_, select, union

from crm.bulk import among, packed
from crm.db import db
from crm.i18n import gettext as _
from crm.ledger import engine
from crm.ledger.engine import Draft
from crm.ledger.orders import Original, Reversal
from crm.ledger.posting import Balance, decide
from crm.models import Account, AccountBalance, Payment
from crm.models.ledger import OperationKind, PaymentKind, TechnicalCode
from crm.services.audit import Actor

_TRANSFER = OperationKind.TRANSFER.value


@dataclass(slots=True)
class Wallet:
    """A customer's account. Where the import has opened it, `payment_id` is its opening (32 hexadecimal digits), `left`
    what of that has not been given back yet, in minor units, and `refusal` the code of what keeps it from being so.
    """

    customer_id: int
    currency: str
    balance: Balance
    payment_id: str = ""
    left: int = 0
    refusal: str = ""
    is_used: bool = False  # other money than the opening has moved, or was meant to
    is_over: bool = False  # closed, and nothing but imports that were taken back has ever moved money in it

    @property
    def id(self) -> int:
        """The account's."""
        return self.balance.account_id

    @property
    def will_close(self) -> bool:
        """Whether the wallet was of no use but for the opening; then nothing is left of it without that."""
        row = self.balance
        only = not self.is_used and row.balance == self.left and not row.held and not row.overdraft_limit
        return bool(self.payment_id) and row.status == "open" and only


def load(pks: Collection[int], import_id: int, lock: bool) -> list[Wallet]:
    """The wallets of these customers; with `lock` their payments and balances stay as they are."""
    owned = select(Account.id).where(among(Account.customer_id)).order_by(Account.id)
    ids = [pk for (pk,) in _found(owned, pks)]
    openings = _openings(ids, import_id, lock)
    row = AccountBalance
    balances = (
        select(row.customer_id, row.currency, *(getattr(row, name) for name in Balance.__slots__))
        .where(among(row.account_id))
        .order_by(row.account_id)
    )
    found = _found(balances.with_for_update() if lock else balances, ids)
    wallets = {row[2]: Wallet(row[0], row[1], Balance(*row[2:])) for row in found}
    for account_id, payment in openings.items():
        _note(wallets[account_id], payment)
    for (account_id,) in _found(_other_payments(import_id), ids):
        wallets[account_id].is_used = True
    return list(wallets.values())


def origins(ids: Collection[int]) -> Iterable[tuple[int, str]]:
    """Where the payments of these accounts came from, by account."""
    sides = (Payment.to_account_id, Payment.from_account_id)
    found: Any = union(*(select(side, Payment.origin).where(among(side)) for side in sides))
    return _found(found, ids)


def _found(statement: Select[*tuple[Any, ...]], values: Collection[int]) -> Iterable[Any]:
    return db.session.execute(statement, packed(values)) if values else ()


def _openings(ids: list[int], import_id: int, lock: bool) -> dict[int, Original]:
    """What the import has brought into the accounts, by account."""
    payments = (
        select(Payment.id, Payment.from_account_id, Payment.to_account_id, Payment.amount, Payment.reversed_amount)
        .where(among(Payment.to_account_id), Payment.kind == PaymentKind.OPENING, Payment.origin == _origin(import_id))
        .order_by(Payment.id)
    )
    found = _found(payments.with_for_update() if lock else payments, ids)
    return {
        account_id: _opening(pk.hex, source, account_id, amount, part) for pk, source, account_id, amount, part in found
    }


def _opening(pk: str, source: int, account_id: int, amount: int, part: int) -> Original:
    """Its two lines are known without a look at the operations: there is no commission."""
    lines, left = ({(source, _TRANSFER): -moved, (account_id, _TRANSFER): moved} for moved in (amount, amount - part))
    return Original(pk, amount, part, lines, left)


def _origin(import_id: int) -> str:
    return f"import {import_id}"


def _note(wallet: Wallet, payment: Original) -> None:
    """Ask the ledger's own rules whether the opening could be given back now."""
    wallet.payment_id, wallet.left = payment.payment_id, payment.amount - payment.reversed_amount
    if wallet.left:
        reversal = Reversal("", payment.payment_id, wallet.left)
        refused = decide([reversal], {wallet.id: replace(wallet.balance)}, {payment.payment_id: payment}).refused
        wallet.refusal = refused.get("", "")


def _other_payments(import_id: int) -> Select[Any]:
    """Those of the accounts that have payments which are neither the import's openings nor reversals of these."""
    mine = Payment.kind == PaymentKind.OPENING, Payment.origin == _origin(import_id)
    came = select(Payment.to_account_id.label("pk")).where(
        among(Payment.to_account_id), or_(Payment.kind != PaymentKind.OPENING, Payment.origin != _origin(import_id))
    )
    reversed_ = select(Payment.id).where(among(Payment.to_account_id), *mine)
    is_reversal = Payment.reversal_of_id.is_not(None) & Payment.reversal_of_id.in_(reversed_)
    went = select(Payment.from_account_id.label("pk")).where(among(Payment.from_account_id), ~is_reversal)
    return select(union(came, went).subquery().c.pk)


def give_back(parts: Sequence[tuple[Wallet, int]], import_id: int, actor: Actor) -> None:
    """Reverse so much (minor units) of each opening: all that is left of it. In the present transaction.

    The wallets come from `load` with `lock`, and none has a refusal. So many statements, however many wallets.
    """
    if not parts:
        return
    source = {row.currency: row.id for row in db.session.execute(_OPENING_ACCOUNTS)}
    drafts = [
        Draft(
            kind=PaymentKind.REVERSAL.value,
            from_account=wallet.id,
            to_account=source[wallet.currency],
            amount=amount,
            currency=wallet.currency,
            source=TechnicalCode.OPENING.value,
            description=_("Undo of import %(id)s", id=import_id),
            key=f"undo import {import_id} payment {wallet.payment_id}",
            reversal_of_id=wallet.payment_id,
            takes_rest=True,
            created_by_id=actor.user_id,
            origin=actor.origin,
        )
        for wallet, amount in parts
    ]
    if engine.store(drafts):
        raise RuntimeError("openings were reversed already")
    refused = engine.post([draft.order for draft in drafts]).refused
    if refused:
        raise RuntimeError(f"openings cannot be reversed: {refused}")


_OPENING_ACCOUNTS = select(Account.currency, Account.id).where(Account.code == TechnicalCode.OPENING)
