"""What there is to see in a furnished office."""

import io
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from crm.db import atomic, db, utcnow
from crm.models import Import, User
from crm.models.ledger import PaymentKind
from crm.services import accounts, commission_rules, customers, imports, payments, posting, rates
from crm.services.audit import Actor
from crm.services.commission_terms import RuleData
from crm.services.importing.choices import Choices
from crm.services.movements import Movement
from crm.services.rates import RateData
from tests import money, people
from tests.browser.conftest import BORIS

FILE = "name,phone,email,balance\nAnna Ivanova,12,,\n" + "".join(
    f"Customer {n},,customer{n}@example.com,{n}.50\n" for n in range(40)
)
DAMAGED = (
    "Код клиента;ФИО покупателя;Телефн;Очень длинный заголовок столбца, который никто не узнает;Остаток, руб.\n"
    "00001;Анна;79261234567.0;М;1 250,00\n00002;Борис;7.93E+10;L;#REF!\n"
)


@dataclass(frozen=True)
class Furniture:
    """What there is to see: a customer with everything, an import with failed rows, one at work, a user; a wallet
    that is frozen, and a customer without any; another wallet, and a batch of payments from it; an import that is
    being set up, with damage in it, and one that was checked.
    """

    customer: int
    over: int
    running: int
    user: int
    frozen: int = 0
    poor: int = 0
    wallet: int = 0
    batch: str = ""
    draft: int = 0
    checked: int = 0


def furnish() -> Furniture:
    """Fill the office."""
    people.crowd(60)
    rich = people.add(
        "Константин Константинович Константинопольский-Заозёрный",
        company="Общество с ограниченной ответственностью «Северо-Западное предприятие»",
        city="Петропавловск-Камчатский",
        tags=["vip", "постоянный покупатель", "wholesale"],
        notes="Звонить после 18:00.\nhttps://example.com/a/very/long/address/without/any/blank/in/it/at/all/"
        + "x" * 80,
        external_id="CRM-000001",
        phone="+79123456789",
        email="konstantin.konstantinovich.konstantinopolskij@very-long-domain-name.example.com",
        telegram="konstantin_k",
        website="https://example.com/konstantinopolskij/zaozernyj/about",
        other="ICQ 123456789",
    )
    poor = people.add("Архивный клиент").id
    customers.set_archived(people.CLI, poor, True)
    frozen = _fill_wallets(rich.id)
    _set_prices()
    user = db.session.scalars(select(User).where(User.email == BORIS)).one()
    over = _import(user.id, "клиенты-за-ноябрь-2026-окончательный-вариант.csv")
    imports.run(over)
    running = _import(user.id, "running.csv")
    with atomic() as session:  # as if a worker was half-way, and stayed there
        upload = session.get_one(Import, running)
        upload.status, upload.lease, upload.lease_until = "running", "a worker", utcnow() + timedelta(hours=1)
        upload.read_rows, upload.created, upload.failed, upload.busy_seconds = 20, 18, 2, 2.0
    draft = imports.draft(Actor(user.id, "127.0.0.1"), io.BytesIO(DAMAGED.encode()), "таблица-из-программы.csv").id
    return Furniture(
        rich.id, over, running, user.id, frozen, poor, *_pay_a_batch(user.id), draft=draft, checked=_check(user.id)
    )


def _check(user_id: int) -> int:
    """An import that has been checked: somebody would change, somebody would come, rows fail and are skipped."""
    actor = Actor(user_id, "127.0.0.1")
    text = "external_id,name,city,phone,telegram\nCRM-000001,Константин Новый,Тверь,+79123456789,k_new\n,,,12,\n" + FILE
    pk = imports.draft(actor, io.BytesIO(text.encode()), "изменения-за-неделю.csv", Choices("update")).id
    imports.check(actor, pk)
    imports.run(pk)
    return pk


def _fill_wallets(customer_id: int) -> int:
    """Give the customer a wallet where much has happened, an empty one and a frozen one, whose id is returned."""
    wallet = money.wallet_of(customer_id, balance=123_456_789_012, overdraft=500_000_000)
    payee = money.wallet(name="Получатель с Длинной-Предлинной Фамилией")
    money.SERVICE.spend(wallet, 349_900, "Заказ № 1042: " + "две пары обуви, " * 8)
    money.SERVICE.withdraw(wallet, 50_000, "e_wallet")
    money.SERVICE.transfer(wallet, payee, 100_000_000, "x" * 200)
    money.SERVICE.adjust(wallet, -1_500, "Ошибка кассира")
    for _time in range(50):
        money.SERVICE.deposit(wallet, 1_000, "card")
    money.wallet_of(customer_id, "USD")
    frozen = accounts.open_wallet(people.CLI, customer_id, "EUR", "Накопления на отпуск и непредвиденные расходы")
    accounts.set_status(people.CLI, frozen, "frozen")
    return frozen


def _pay_a_batch(user_id: int) -> tuple[int, str]:
    """A wallet, and the batch that has spent from it, at last more than there was."""
    wallet = money.wallet(name="Покупательница с Длинной-Предлинной Фамилией", balance=5_500)
    spent = [
        Movement(PaymentKind.SPEND, 100, wallet, None, "sales", "Заказ № 1042: " + "две пары обуви, " * 8)
        for _number in range(60)
    ]
    name = "бонусы-и-списания-за-ноябрь-2026-окончательный-вариант.csv"
    batch = payments.accept_batch(Actor(user_id, "127.0.0.1"), spent, name).batch_id
    posting.drain()
    return wallet, str(uuid.UUID(batch))


def _set_prices() -> None:
    """A rule of each sort, and rates that changed."""
    commission_rules.add(people.CLI, RuleData("transfer", percent="2"))
    commission_rules.add(people.CLI, RuleData("transfer", "RUB", percent="1.5", fixed="10", min="30", max="5000"))
    commission_rules.add(people.CLI, RuleData("withdrawal", "RUB", "e_wallet", "3", valid_from="2999-01-01"))
    commission_rules.add(people.CLI, RuleData("transfer", percent="1"))
    for day in range(1, 9):
        rates.add(people.CLI, RateData("USD", "RUB", f"9{day}.25", "1", f"2026-01-0{day}"), with_inverse=True)


def _import(user_id: int, name: str) -> int:
    return imports.accept(Actor(user_id, "127.0.0.1"), io.BytesIO(FILE.encode()), name, start=False).id
