"""Deciding what payments do to balances, in memory: balances in, operations and refusals out. Pure: no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crm.ledger.orders import TRANSFER, Capture, Line, Order, Original, Release, Reversal

MAX_BALANCE = 10**18  # minor units; beyond it BIGINT comes near
Balances = dict[int, "Balance"]


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
    """What is to be written: each order is completed, held, captured, released, or refused with a failure code."""

    entries: list[Entry] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    captured: list[Capture] = field(default_factory=list)
    released: list[Release] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)  # customers' accounts whose balance changed
    reversed: set[str] = field(default_factory=set)  # originals of which something was given back


def decide(
    orders: Iterable[Order | Reversal | Capture | Release],
    balances: Balances,
    originals: Mapping[str, Original] | None = None,
) -> Decisions:
    """Post the orders one after another; `balances` has every customer's account and is moved on, as are the
    `originals` of reversals.

    An account that is not in `balances` is technical: it has no balance to look at and takes everything. An order
    that is refused leaves all balances as they were.
    """
    decisions = Decisions()
    for order in orders:
        match order:
            case Release():
                balances[order.account_id].held -= order.held
                decisions.released.append(order)
            case Capture():
                _capture(order, balances, decisions)
            case Order(hold=True):
                _hold(order, balances, decisions)
            case _:
                _move(order, balances, originals or {}, decisions)
    return decisions


def _move(order: Order | Reversal, balances: Balances, originals: Mapping[str, Original], decisions: Decisions) -> None:
    original, refusal = None, ""
    if isinstance(order, Reversal):
        original = originals.get(order.original_id)
        lines, refusal = _mirrored(order, original) if original else ([], "not_reversible")
    else:
        lines = list(order.lines())
    refusal = refusal or _refusal(lines, balances)
    if refusal:
        decisions.refused[order.payment_id] = refusal
        return
    decisions.completed.append(order.payment_id)
    if original:
        original.note(order.amount, lines)
        decisions.reversed.add(original.payment_id)
    _write(order.payment_id, lines, balances, decisions)


def _hold(order: Order, balances: Balances, decisions: Decisions) -> None:
    """Reserve what the order will take: it could be posted now, but for the payee's room."""
    refusal = _refusal([(order.to_account, TRANSFER, 0), (order.from_account, TRANSFER, -order.amount)], balances)
    if refusal or order.from_account not in balances:
        decisions.refused[order.payment_id] = refusal or "hold_not_possible"
        return
    balances[order.from_account].held += order.amount
    decisions.held.append(order.payment_id)


def _capture(capture: Capture, balances: Balances, decisions: Decisions) -> None:
    """Move what was held. The payer is not looked at: the money was promised, whatever became of the wallet since."""
    order = capture.order
    lines = list(order.lines())
    refusal = _refusal([line for line in lines if line[0] != order.from_account], balances)
    if refusal:
        decisions.refused[order.payment_id] = refusal
        return
    balances[order.from_account].held -= capture.held
    decisions.captured.append(capture)
    _write(order.payment_id, lines, balances, decisions)


def _write(payment_id: str, lines: Iterable[Line], balances: Balances, decisions: Decisions) -> None:
    for account_id, kind, signed_amount in lines:
        decisions.entries.append(_entry(payment_id, account_id, kind, signed_amount, balances))
        if account_id in balances:
            decisions.touched.add(account_id)


def _mirrored(reversal: Reversal, original: Original) -> tuple[list[Line], str]:
    """The reversal's lines, or why there are none."""
    if reversal.amount > original.amount - original.reversed_amount:
        return [], "exceeds_reversible"
    lines = original.give_back(reversal.amount)
    moved = {account_id for account_id, kind, _amount in lines if kind == TRANSFER}
    if moved != {account_id for account_id, kind in original.lines if kind == TRANSFER}:
        return [], "amount_too_small"  # what is rounded to nothing on one side would be a gift on the other
    return lines, ""


def _refusal(lines: list[Line], balances: Balances) -> str:
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


def _entry(payment_id: str, account_id: int, kind: str, signed_amount: int, balances: Balances) -> Entry:
    account = balances.get(account_id)
    if account is None:
        return Entry(payment_id, account_id, kind, signed_amount, None, None)
    account.balance += signed_amount
    account.sequence += 1
    return Entry(payment_id, account_id, kind, signed_amount, account.balance, account.sequence)
