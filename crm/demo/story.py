"""The months that the business of the demo has behind it, lived through in order."""

import io
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select

from crm.db import at, atomic, db, utcnow
from crm.demo import people, prices
from crm.demo.payments import Life, Purse
from crm.errors import Invalid
from crm.ledger import days
from crm.models import AccountBalance, Customer, Operation, Role, User
from crm.services import accounts, customers, imports, posting
from crm.services.audit import Actor
from crm.services.customer_data import CustomerData
from crm.services.paying import uploads

MONTHS = 6
_STEPS = 600  # moments at which something is paid, at most
_ONE_BY_ONE = 300  # customers who came by themselves, at most; the others came from a spreadsheet
_SHEET_ROWS = 40
_OPENING_UNITS = {"RUB": (1_000, 60_000), "USD": (50, 900), "EUR": (50, 900)}
_NAMES = {"USD": "Долларовый", "EUR": "Валютный", "RUB": "Бонусный"}
_IMPORT_SECONDS = 120
Progress = Callable[[int, int], None]
Event = tuple[datetime, Callable[[], object]]


@dataclass
class Demo:
    """How much there is to be: `seed` decides what, the present day when."""

    count: int
    payments: int
    seed: int
    show: Progress
    failed: int = 0
    first: int = 0  # the number of the first customer
    pick: random.Random = field(init=False)
    life: Life = field(init=False)

    def __post_init__(self) -> None:
        self.pick = random.Random(self.seed)  # noqa: S311  (it is to be foreseen)
        admin = select(User.id).where(User.role == Role.ADMIN, User.active).order_by(User.id).limit(1)
        self.life = Life(Actor(db.session.scalar(admin), "demo"), self.pick)
        self.first = (db.session.scalar(select(func.max(Customer.id))) or 0) + 1

    def live(self) -> None:
        """Live through it all, from the day it begins to the last midnight; today comes a spreadsheet."""
        begin, end = _beginning(), _end()
        alone = min(self.count // 4, _ONE_BY_ONE)
        made = [people.person(self.pick, self.first + number) for number in range(self.count)]
        with at(begin):
            prices.set_first(self.life.actor)
            rates = prices.Rates(self.pick)
            rates.quote(self.life.actor)
        self._import(begin, made[: self.count - alone])
        events = self._events(begin, end, made[self.count - alone :], rates)
        for number, (moment, happen) in enumerate(events, 1):
            with at(moment):
                happen()
            self.show(number, len(events))
        with at(max(end, utcnow() - timedelta(hours=2))):
            self._sheet()
        with atomic():
            days.reset()  # a scheduler may have closed days while they were lived through
        days.close()

    def _import(self, begin: datetime, made: list[CustomerData]) -> None:
        """Those who were there before, with what they had, as another program has exported them."""
        openings = []
        for one in made:
            currency = self.pick.choice(("USD", "EUR", "RUB") if people.is_foreign(one) else ("RUB",))
            openings.append((currency, self.pick.randint(*_OPENING_UNITS[currency])))
        stream = io.BytesIO(people.table(made, openings))
        with at(begin):
            upload = imports.accept(self.life.actor, stream, "клиенты.csv", locale="ru", start=False)
            imports.run(upload.id)
        limit = time.monotonic() + _IMPORT_SECONDS
        while not imports.get(upload.id).is_final and time.monotonic() < limit:  # a worker has taken it over
            db.session.rollback()
            time.sleep(0.5)
        self._learn_wallets()

    def _learn_wallets(self) -> None:
        columns = [getattr(AccountBalance, name) for name in ("account_id", "customer_id", "currency", "balance")]
        theirs = select(*columns).where(AccountBalance.customer_id >= self.first).order_by(AccountBalance.account_id)
        self.life.purses = {row.account_id: Purse(*row) for row in db.session.execute(theirs)}

    def _events(
        self, begin: datetime, end: datetime, newcomers: list[CustomerData], rates: prices.Rates
    ) -> list[Event]:
        """What happens when, in order."""
        steps = min(self.payments, _STEPS)
        sizes = [self.payments * (step + 1) // steps - self.payments * step // steps for step in range(steps)]
        found: list[Event] = [(self._moment(begin, end), partial(self._pay, size)) for size in sizes]
        found += [(self._moment(begin, end), partial(self._welcome, one)) for one in newcomers]
        weeks = range(1, (end - begin).days // 7 + 1)
        found += [(begin + timedelta(weeks=week), partial(rates.quote, self.life.actor)) for week in weeks]
        found.append((begin + (end - begin) / 2, partial(prices.set_later, self.life.actor)))
        more = list(self.pick.sample(list(self.life.purses.values()), min(len(self.life.purses) // 4, 400)))
        found += [(self._moment(begin, end), partial(self._open, one)) for one in more]
        found += [(self._moment(begin, end), self._trust) for _number in range(1 + len(self.life.purses) // 30)]
        late = begin + (end - begin) * 9 / 10
        found += [(self._moment(late, end), self._put_away) for _number in range(1 + len(self.life.purses) // 40)]
        return sorted(found, key=lambda event: event[0])

    def _moment(self, begin: datetime, end: datetime) -> datetime:
        """Some moment, more likely a late one (the business grows), in the hours of a shop."""
        moment = begin + (end - begin) * (self.pick.random() ** 0.7)
        by_day = moment.replace(hour=self.pick.randint(6, 18), minute=self.pick.randrange(60))
        return min(max(begin, by_day), end)

    def _pay(self, count: int) -> None:
        self.failed += self.life.pay(count)

    def _welcome(self, one: CustomerData) -> None:
        customer = customers.create(self.life.actor, one, allow_duplicate=True)
        account_id = accounts.open_wallet(self.life.actor, customer.id, "RUB")
        self.life.purses[account_id] = Purse(account_id, customer.id, "RUB")

    def _open(self, beside: Purse) -> None:
        """One more wallet of somebody, in another currency."""
        currency = self.pick.choice([code for code in prices.CURRENCIES if code != beside.currency])
        account_id = accounts.open_wallet(self.life.actor, beside.owner, currency, _NAMES[currency])
        self.life.purses[account_id] = Purse(account_id, beside.owner, currency)

    def _trust(self) -> None:
        purse = self.pick.choice(list(self.life.purses.values()))
        purse.overdraft = self.pick.choice((500_000, 1_000_000, 5_000_000)) // (1 if purse.currency == "RUB" else 100)
        accounts.set_overdraft(self.life.actor, purse.id, purse.overdraft)

    def _put_away(self) -> None:
        """Freeze a wallet, or close it where it is empty; nobody uses it any more."""
        if len(self.life.purses) < 5:
            return
        empty = [purse for purse in self.life.purses.values() if not purse.balance]
        purse = self.pick.choice(empty if empty and self.pick.random() < 0.5 else list(self.life.purses.values()))
        del self.life.purses[purse.id]
        accounts.set_status(self.life.actor, purse.id, "frozen" if purse.balance else "closed")

    def _sheet(self) -> None:
        """Bonuses by a spreadsheet, of which some ask for more than there is."""
        rows = "".join(self._sheet_rows())
        stream = io.BytesIO(f"вид;кошелёк;сумма;назначение\n{rows}".encode())
        token = uploads.keep(self.life.actor, stream, "бонусы-и-списания.csv")
        upload = uploads.get(self.life.actor, token)
        try:
            uploads.accept(self.life.actor, upload, may_adjust=False)
        except Invalid:  # somebody has frozen one of the wallets meanwhile
            return
        self.failed += posting.drain().failed

    def _sheet_rows(self) -> Iterator[str]:
        known = list(self.life.purses.values())
        for number, purse in enumerate(self.pick.sample(known, min(len(known), _SHEET_ROWS))):
            if number % 8 == 7:
                yield f"покупка;{purse.id};{abs(purse.balance) // 100 + 1_000_000};Списание по договору\n"
            else:
                yield f"пополнение;{purse.id};{self.pick.randint(1, 20) * 50};Бонус за ноябрь\n"


def _beginning() -> datetime:
    """A midnight some months ago, so that the time of the day decides nothing; but never before the last thing that
    has happened here.
    """
    last = db.session.scalar(select(func.max(Operation.created_at)))
    wanted = _midnight() - timedelta(days=30 * MONTHS)
    return max(wanted, last + timedelta(seconds=1)) if last else wanted


def _end() -> datetime:
    return _midnight() if _beginning() < _midnight() else max(utcnow(), _beginning())


def _midnight() -> datetime:
    return utcnow().replace(hour=0, minute=0, second=0, microsecond=0)
