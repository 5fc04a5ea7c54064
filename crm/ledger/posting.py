"""Deciding what payments do to balances, in memory: balances in, operations and refusals out. Pure: no I/O."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from crm.ledger.pricing import share
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


class Exchange(NamedTuple):
    """What makes an order a conversion: the technical accounts that take the one currency and give the other, and how
    much they give.
    """

    taker: int
    giver: int
    amount: int


@dataclass(slots=True)
class Order:
    """A payment to be posted: `amount` leaves `from_account`, and `to_account` gets it without the commission; in a
    conversion, it gets what the exchange gives for that.
    """

    payment_id: str
    from_account: int
    to_account: int
    amount: int
    commission: int = 0
    commission_account: int = 0
    exchange: Exchange | None = None

    def lines(self) -> Iterator[Line]:
        """The double entry: each kind sums to zero by itself, in each currency.

        >>> list(Order("p", 1, 2, 10000, 200, 9).lines())
        [(1, 'transfer', -9800), (2, 'transfer', 9800), (1, 'commission', -200), (9, 'commission', 200)]
        >>> list(Order("p", 1, 2, 100, exchange=Exchange(7, 8, 9250)).lines())
        [(1, 'transfer', -100), (7, 'transfer', 100), (8, 'transfer', -9250), (2, 'transfer', 9250)]
        """
        net = self.amount - self.commission
        yield self.from_account, _TRANSFER, -net
        if self.exchange:
            yield self.exchange.taker, _TRANSFER, net
            yield self.exchange.giver, _TRANSFER, -self.exchange.amount
        yield self.to_account, _TRANSFER, self.exchange.amount if self.exchange else net
        if self.commission:
            yield self.from_account, _COMMISSION, -self.commission
            yield self.commission_account, _COMMISSION, self.commission


@dataclass(slots=True)
class Reversal:
    """A payment to be posted that gives back `amount` of what another one, the original, has moved."""

    payment_id: str
    original_id: str
    amount: int


@dataclass(slots=True)
class Original:
    """A payment that is reversed, as its locked row and its operations have it; `left` is what each of its lines has
    not given back yet, in their order.
    """

    payment_id: str
    amount: int
    reversed_amount: int
    lines: dict[tuple[int, str], int]
    left: dict[tuple[int, str], int]

    def give_back(self, amount: int) -> list[Line]:
        """The lines mirrored at `amount` of the whole, half-even; the part that completes it takes what is left of
        each, so that all parts sum to the original.

        >>> lines = {(1, "transfer"): -98, (2, "transfer"): 98, (1, "commission"): -2, (9, "commission"): 2}
        >>> Original("p", 100, 0, lines, dict(lines)).give_back(50)[:2]
        [(1, 'transfer', 49), (2, 'transfer', -49)]
        """
        if self.reversed_amount + amount == self.amount:
            return [(*place, -rest) for place, rest in self.left.items() if rest]
        parts = {place: share(whole, amount, self.amount) for place, whole in self.lines.items()}
        capped = {place: min(part, self.left[place], key=abs) for place, part in parts.items()}
        return [(*place, -part) for place, part in capped.items() if part]

    def note(self, amount: int, lines: Iterable[Line]) -> None:
        """Count what was given back."""
        self.reversed_amount += amount
        for account_id, kind, signed_amount in lines:
            self.left[account_id, kind] += signed_amount


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
    reversed: set[str] = field(default_factory=set)  # originals of which something was given back


def decide(
    orders: Iterable[Order | Reversal],
    balances: dict[int, Balance],
    originals: Mapping[str, Original] | None = None,
) -> Decisions:
    """Post the orders one after another; `balances` has every customer's account and is moved on, as are the
    `originals` of reversals.

    An account that is not in `balances` is technical: it has no balance to look at and takes everything. An order
    that is refused leaves all balances as they were.
    """
    decisions = Decisions()
    for order in orders:
        original, refusal = None, ""
        if isinstance(order, Reversal):
            original = (originals or {}).get(order.original_id)
            lines, refusal = _mirrored(order, original) if original else ([], "not_reversible")
        else:
            lines = list(order.lines())
        refusal = refusal or _refusal(lines, balances)
        if refusal:
            decisions.refused[order.payment_id] = refusal
            continue
        decisions.completed.append(order.payment_id)
        if original:
            original.note(order.amount, lines)
            decisions.reversed.add(original.payment_id)
        for account_id, kind, signed_amount in lines:
            decisions.entries.append(_entry(order.payment_id, account_id, kind, signed_amount, balances))
            if account_id in balances:
                decisions.touched.add(account_id)
    return decisions


def _mirrored(reversal: Reversal, original: Original) -> tuple[list[Line], str]:
    """The reversal's lines, or why there are none."""
    if reversal.amount > original.amount - original.reversed_amount:
        return [], "exceeds_reversible"
    lines = original.give_back(reversal.amount)
    moved = {account_id for account_id, kind, _amount in lines if kind == _TRANSFER}
    if moved != {account_id for account_id, kind in original.lines if kind == _TRANSFER}:
        return [], "amount_too_small"  # what is rounded to nothing on one side would be a gift on the other
    return lines, ""


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
