"""The money of the first page: what wallets hold, what came and went from day to day, and who holds most."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import func, select

from crm import cache, money
from crm.cache import Kept
from crm.db import db, utcnow
from crm.ledger import days
from crm.models import Account, AccountBalance, Customer, Operation
from crm.models.ledger import SOURCES, TechnicalCode
from crm.services.searching.balances import totals
from crm.services.technical_days import daily

DAYS = 30  # that are told, today included
TOP = 5  # customers
KEPT_FROM = 10_000  # wallets, or operations of a day: the figures of fewer are worked out each time


@dataclass(frozen=True)
class Held:
    """What the wallets of one currency hold together, and how much of it is reserved, in minor units."""

    currency: str
    balance: int
    reserved: int


@dataclass(frozen=True)
class Day:
    """What came in by all ways of paying, what was spent, and what commission was taken, in minor units. Commission
    that was given back is none; the others are told whatever went the other way, as technical accounts tell them.
    """

    start: date
    deposits: int
    spends: int
    commission: int


@dataclass(frozen=True)
class Holder:
    """A customer, and what their wallets in the currency hold together."""

    id: int
    name: str
    balance: int


@dataclass(frozen=True)
class Overview:
    """All of it; `days` and `top` in one currency, the oldest day and the largest balance first, no days where nothing
    happened. `accounts` are technical ones by code; `at` is when it was worked out where that was some time ago.
    """

    currency: str
    held: list[Held]
    accounts: dict[str, int]
    days: list[Day]
    top: list[Holder]
    at: datetime | None = None

    @property
    def currencies(self) -> list[str]:
        """What may be chosen."""
        return [one.currency for one in self.held]

    @property
    def exponent(self) -> int:
        """How many decimals the amounts have."""
        return money.exponent(self.currency)

    @property
    def together(self) -> Day:
        """All days as one that begins with the first."""
        summed = [sum(getattr(one, name) for one in self.days) for name in ("deposits", "spends", "commission")]
        return Day(self.days[0].start, *summed)


def overview(currency: str = "", patient: bool = True, anew: bool = False) -> Overview | None:
    """The figures in the currency, or in the product's own where no wallet has it. Those that cost much are kept for
    some minutes, and worked out `anew` at wish; who is not `patient` gets None where those are not kept yet.
    """
    wanted = currency if money.is_currency(currency) else ""
    today = days.day_of(utcnow())
    key = f"overview:{wanted}:{today}"
    known = None if anew else cache.recall(key)
    if known:
        return _told(known.value, known.at)
    costly = _is_costly(today)
    if costly and not patient:
        return None
    found = Kept(_worked_out(wanted, today), utcnow())
    if costly:
        cache.keep(key, found)
    return _told(found.value, found.at if costly else None)


def _is_costly(today: date) -> bool:
    """Counts no further than it must."""
    wallets = select(AccountBalance.account_id).limit(KEPT_FROM + 1).subquery()
    recent = select(Operation.id).where(Operation.created_at >= days.moments(today, today)[0])
    counted = [select(func.count()).select_from(some) for some in (wallets, recent.limit(KEPT_FROM + 1).subquery())]
    return max(db.session.execute(select(*(one.scalar_subquery() for one in counted))).one()) > KEPT_FROM


def _worked_out(wanted: str, today: date) -> dict[str, Any]:
    """As it is kept: nothing but what JSON has, and nobody's name."""
    own = current_app.config["CRM_DEFAULT_CURRENCY"]
    held = sorted(_held(), key=lambda row: (row[0] != own, row[0]))
    codes = [code for code, *_sums in held]
    currency = next((code for code in (wanted, *codes) if code in codes), own)
    technical = db.session.execute(select(Account.code, Account.id).where(_technical(currency)))
    accounts = {str(code): pk for code, pk in technical}
    return {
        "currency": currency,
        "held": held,
        "accounts": accounts,
        "days": _days(accounts, today),
        "top": _top(currency),
    }


def _held() -> list[tuple[str, int, int]]:
    by = AccountBalance.currency
    summed = select(by, func.sum(AccountBalance.balance), func.sum(AccountBalance.held)).group_by(by)
    return [(code, int(balance), int(reserved)) for code, balance, reserved in db.session.execute(summed)]


def _technical(currency: str) -> Any:
    told = [*SOURCES, TechnicalCode.SALES, TechnicalCode.COMMISSION]
    return Account.code.in_(told) & (Account.currency == currency)


def _days(accounts: dict[Any, int], today: date) -> list[tuple[str, int, int, int]]:
    found = daily(list(accounts.values()), today - timedelta(days=DAYS - 1), today)
    if not found:
        return []
    ways = [found[accounts[code]] for code in SOURCES]
    rest = zip(found[accounts["sales"]], found[accounts["commission"]], *ways, strict=True)
    return [
        (sales.start.isoformat(), sum(way.outgoing for way in day), sales.incoming, commission.net)
        for sales, commission, *day in rest
    ]


def _top(currency: str) -> list[tuple[int, int]]:
    held = totals(currency)
    wanted = select(held.c.customer_id, held.c.total).where(held.c.total > 0)
    largest = db.session.execute(wanted.order_by(held.c.total.desc(), held.c.customer_id).limit(TOP))
    return [(pk, int(total)) for pk, total in largest]


def _told(kept: dict[str, Any], at: datetime | None) -> Overview:
    """With the names as they are now; who is gone is left out."""
    asked = select(Customer.id, Customer.name).where(Customer.id.in_([pk for pk, _total in kept["top"]]))
    names = {row.id: row.name for row in db.session.execute(asked)}
    return Overview(
        kept["currency"],
        [Held(*row) for row in kept["held"]],
        kept["accounts"],
        [Day(date.fromisoformat(start), *sums) for start, *sums in kept["days"]],
        [Holder(pk, names[pk], total) for pk, total in kept["top"] if pk in names],
        at,
    )
