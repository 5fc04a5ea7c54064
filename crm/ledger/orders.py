"""What may be asked of the ledger, and the double-entry lines that it comes to. Pure: no I/O."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from crm.ledger.pricing import share
from crm.models.ledger import OperationKind

Line = tuple[int, str, int]  # account id, kind of operation, signed amount in minor units
TRANSFER, COMMISSION = OperationKind.TRANSFER.value, OperationKind.COMMISSION.value


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
    conversion, it gets what the exchange gives for that. A `hold` reserves the amount and moves nothing.
    """

    payment_id: str
    from_account: int
    to_account: int
    amount: int
    commission: int = 0
    commission_account: int = 0
    exchange: Exchange | None = None
    hold: bool = False

    def lines(self) -> Iterator[Line]:
        """The double entry: each kind sums to zero by itself, in each currency.

        >>> list(Order("p", 1, 2, 10000, 200, 9).lines())
        [(1, 'transfer', -9800), (2, 'transfer', 9800), (1, 'commission', -200), (9, 'commission', 200)]
        >>> list(Order("p", 1, 2, 100, exchange=Exchange(7, 8, 9250)).lines())
        [(1, 'transfer', -100), (7, 'transfer', 100), (8, 'transfer', -9250), (2, 'transfer', 9250)]
        """
        net = self.amount - self.commission
        yield self.from_account, TRANSFER, -net
        if self.exchange:
            yield self.exchange.taker, TRANSFER, net
            yield self.exchange.giver, TRANSFER, -self.exchange.amount
        yield self.to_account, TRANSFER, self.exchange.amount if self.exchange else net
        if self.commission:
            yield self.from_account, COMMISSION, -self.commission
            yield self.commission_account, COMMISSION, self.commission


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
class Capture:
    """A hold to be captured: the `order` is what moves of it, `held` what was reserved for it, which is no less."""

    order: Order
    held: int

    @property
    def payment_id(self) -> str:
        """The hold's."""
        return self.order.payment_id


@dataclass(slots=True)
class Release:
    """A hold that ends without moving anything: what was `held` of the account may be taken again. `status` is what the
    payment becomes.
    """

    payment_id: str
    account_id: int
    held: int
    status: str
