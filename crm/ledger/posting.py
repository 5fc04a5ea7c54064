"""Deciding what payments do to balances, in memory: balances in, operations and refusals out. Pure: no I/O."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from crm.models.ledger import OperationKind

MAX_BALANCE = 10**18  # minor units; beyond it BIGINT comes near
Line = tuple[int, str, int]  # account id, kind of operation, signed amount in minor units
_TRANSFER, _COMMISSION = OperationKind.TRANSFER.value, OperationKind.COMMISSION.value


@dataclass(slots=True)
class Balance:
    """A customer's account as its locked row has it; amounts in minor units, `sequence` of its last operation."""

    account_id: int
    status: str
    overdraft_limit: int
    balance: int
    held: int
    sequence: int

    @property
    def available(self) -> int:
        """How much may be taken: what is not held, and the overdraft."""
        return self.balance - self.held + self.overdraft_limit


@dataclass(slots=True)
class Order:
    """A payment to be posted: `amount` leaves `from_account`, and `to_account` gets it without the commission."""

    payment_id: str
    from_account: int
    to_account: int
    amount: int
    commission: int = 0
    commission_account: int = 0

    def lines(self) -> Iterator[Line]:
        """The double entry: each kind sums to zero by itself.

        >>> list(Order("p", 1, 2, 10000, 200, 9).lines())
        [(1, 'transfer', -9800), (2, 'transfer', 9800), (1, 'commission', -200), (9, 'commission', 200)]
        """
        net = self.amount - self.commission
        yield self.from_account, _TRANSFER, -net
        yield self.to_account, _TRANSFER, net
        if self.commission:
            yield self.from_account, _COMMISSION, -self.commission
            yield self.commission_account, _COMMISSION, self.commission


@dataclass(slots=True)
class Entry:
    """An operation to be written; `balance_after` and `sequence` are None on technical accounts."""

    payment_id: str
    account_id: int
    kind: str
    signed_amount: int
    balance_after: int | None
    sequence: int | None


@dataclass(slots=True)
class Decisions:
    """What is to be written: each order is either completed or refused, with a failure code."""

    entries: list[Entry] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)  # customers' accounts whose balance changed


def decide(orders: Iterable[Order], balances: dict[int, Balance]) -> Decisions:
    """Post the orders one after another; `balances` has every customer's account and is moved on.

    An account that is not in `balances` is technical: it has no balance to look at and takes everything. An order
    that is refused leaves all balances as they were.
    """
    decisions = Decisions()
    for order in orders:
        lines = list(order.lines())
        refusal = _refusal(lines, balances)
        if refusal:
            decisions.refused[order.payment_id] = refusal
            continue
        decisions.completed.append(order.payment_id)
        for account_id, kind, signed_amount in lines:
            decisions.entries.append(_entry(order.payment_id, account_id, kind, signed_amount, balances))
            if account_id in balances:
                decisions.touched.add(account_id)
    return decisions


def _refusal(lines: list[Line], balances: dict[int, Balance]) -> str:
    """Why the lines cannot be posted together, '' where they can."""
    totals: dict[int, int] = {}
    for account_id, _kind, signed_amount in lines:
        if account_id in balances:
            totals[account_id] = totals.get(account_id, 0) + signed_amount
    for account_id, total in totals.items():
        account = balances[account_id]
        if account.status != "open":
            return f"account_{account.status}"
        if total < 0 and -total > account.available:
            return "insufficient_funds"
        if abs(account.balance + total) > MAX_BALANCE:
            return "balance_too_large"
    return ""


def _entry(payment_id: str, account_id: int, kind: str, signed_amount: int, balances: dict[int, Balance]) -> Entry:
    account = balances.get(account_id)
    if account is None:
        return Entry(payment_id, account_id, kind, signed_amount, None, None)
    account.balance += signed_amount
    account.sequence += 1
    return Entry(payment_id, account_id, kind, signed_amount, account.balance, account.sequence)
