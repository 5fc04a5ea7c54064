"""What customers of the demo do with their money: movements that mostly succeed, from a seed."""

import random
from collections import Counter, deque
from dataclasses import dataclass, field

from crm.db import atomic
from crm.errors import Invalid
from crm.ledger import engine
from crm.ledger.engine import Draft
from crm.models.ledger import PaymentKind, TechnicalCode
from crm.services import reversals
from crm.services.audit import Actor
from crm.services.movements import Movement, Scene, draft, scene

_KINDS = {
    PaymentKind.DEPOSIT: 32,
    PaymentKind.SPEND: 41,
    PaymentKind.TRANSFER: 11,
    PaymentKind.WITHDRAWAL: 8,
    PaymentKind.CONVERSION: 4,
    PaymentKind.ADJUSTMENT: 1,
    PaymentKind.REVERSAL: 3,
}
_SOURCES = ("bank_transfer", "bank_transfer", "card", "card", "cash", "e_wallet", "crypto")
_UNIT = {"RUB": 100_00, "USD": 1_00, "EUR": 1_00}  # minor units: amounts are so many of these
_FOR = {
    PaymentKind.DEPOSIT: ("Аванс", "Пополнение по счёту № {}", "Prepayment", ""),
    PaymentKind.SPEND: ("Заказ № {}", "Order {}", "Абонемент", "Доставка заказа № {}"),
    PaymentKind.TRANSFER: ("За общий заказ", "Возврат долга", "Gift", ""),
    PaymentKind.WITHDRAWAL: ("Вывод остатка", "Бонусы партнёра", ""),
    PaymentKind.ADJUSTMENT: ("Ошибка кассира в чеке № {}", "Бонус за ожидание"),
    PaymentKind.REVERSAL: ("Возврат по заказу № {}", "Отменено по просьбе клиента"),
}
_RECENT = 300  # payments that somebody may still want back


@dataclass
class Purse:
    """A wallet, and what is in it as far as the demo knows."""

    id: int
    owner: int
    currency: str
    balance: int = 0
    overdraft: int = 0


@dataclass
class Life:
    """The wallets that are used, by id, and what was paid of late."""

    actor: Actor
    pick: random.Random
    purses: dict[int, Purse] = field(default_factory=dict)
    returns: int = 0
    recent: deque[tuple[str, int]] = field(default_factory=lambda: deque(maxlen=_RECENT))  # with the amount

    def pay(self, count: int) -> int:
        """Store and post so many payments as one batch, now; how many of them failed."""
        with atomic():
            wanted = [one for one in (self._movement() for _number in range(count)) if one]
            known = scene(wanted)
            drafts = [made for one in wanted if (made := self._priced(one, known))]
            drafts += [made for _number in range(count - len(drafts)) if (made := self._reversal())]
            engine.store(drafts)
            decisions = engine.post([made.order for made in drafts])
        for entry in decisions.entries:
            if entry.balance_after is not None:
                self.purses[entry.account_id].balance = entry.balance_after
        done = set(decisions.completed)
        fit = (made for made in drafts if made.id in done and made.kind in ("spend", "transfer"))
        self.recent.extend((made.id, made.amount) for made in fit)
        return len(decisions.refused)

    def _movement(self) -> Movement | None:
        """One that is likely; None for a reversal."""
        kind = self.pick.choices(list(_KINDS), list(_KINDS.values()))[0]
        if kind == PaymentKind.REVERSAL:
            return None
        purse = self.pick.choice(self._several() if kind == PaymentKind.CONVERSION else list(self.purses.values()))
        other = self._other(kind, purse)
        if (kind in (PaymentKind.TRANSFER, PaymentKind.CONVERSION) and other is None) or self._is_poor(purse):
            kind = PaymentKind.DEPOSIT
        if kind == PaymentKind.DEPOSIT:
            amount = self.pick.randint(5, 300) * _UNIT[purse.currency]
            return self._asked(kind, amount, None, purse.id, self.pick.choice(_SOURCES))
        amount = self._affordable(purse)
        if kind == PaymentKind.WITHDRAWAL:
            return self._asked(kind, amount, purse.id, None, self.pick.choice(_SOURCES))
        if other is not None:
            return self._asked(kind, amount, purse.id, other.id, None)
        source = TechnicalCode.SALES if kind == PaymentKind.SPEND else TechnicalCode.ADJUSTMENT
        return self._asked(kind, amount, purse.id, None, source)

    def _asked(
        self, kind: PaymentKind, amount: int, payer: int | None, payee: int | None, source: str | None
    ) -> Movement:
        said = self.pick.choice(_FOR.get(kind, ("",))).format(self.pick.randint(1001, 9999))
        return Movement(kind, amount, payer, payee, source, said)

    def _several(self) -> list[Purse]:
        """The wallets of those who have several, or simply all."""
        owners = Counter(one.owner for one in self.purses.values())
        return [one for one in self.purses.values() if owners[one.owner] > 1] or list(self.purses.values())

    def _other(self, kind: PaymentKind, purse: Purse) -> Purse | None:
        """Who is paid: anybody with the currency, or the owner's own wallet in another one."""
        if kind == PaymentKind.CONVERSION:
            own = (one for one in self.purses.values() if one.owner == purse.owner and one.currency != purse.currency)
            return next(own, None)
        if kind != PaymentKind.TRANSFER:
            return None
        other = self.pick.choice(list(self.purses.values()))
        return other if other.currency == purse.currency and other.id != purse.id else None

    def _is_poor(self, purse: Purse) -> bool:
        """Whether it is better filled first; now and then somebody tries all the same, and fails."""
        return purse.balance + purse.overdraft < 10 * _UNIT[purse.currency] and self.pick.random() < 0.95

    def _affordable(self, purse: Purse) -> int:
        """A part of what there is, in prices that a shop has; one in a hundred asks for more than there is."""
        if self.pick.random() < 0.01:
            return max(purse.balance + purse.overdraft, 0) // 1_000 * 1_000 + 50 * _UNIT[purse.currency]
        most = max(purse.balance + purse.overdraft, 20 * _UNIT[purse.currency])
        amount = int(most * self.pick.choice((3, 5, 8, 12, 20, 40))) // 100
        return max(1_000, amount // 1_000 * 1_000 - self.pick.choice((0, 0, 10, 100)))

    def _priced(self, movement: Movement, known: Scene) -> Draft | None:
        try:
            return draft(self.actor, movement, known)
        except Invalid:  # its commission would eat it up
            return None

    def _reversal(self) -> Draft | None:
        """Of something that was paid of late: in turn all that is left of it, and a part."""
        if not self.recent:
            return None
        payment_id, amount = self.pick.choice(self.recent)
        self.returns += 1
        part = None if self.returns % 2 else max(1, amount * self.pick.choice((25, 50)) // 100)
        said = self.pick.choice(_FOR[PaymentKind.REVERSAL]).format(self.pick.randint(1001, 9999))
        try:
            return reversals.draft(self.actor, payment_id, part, said)
        except Invalid:  # nothing is left of it
            return None
