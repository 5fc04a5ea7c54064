"""Browsers of the cast, a customer to work with, and laws that every page is asked about."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from crm import create_app
from crm.db import atomic, db
from crm.models import AuditEntry, CommissionRule, Customer, User
from crm.models.currency import SCALE
from tests import databases, money, people
from tests.client import Browser


@pytest.fixture
def manager(client_of: Callable[[User], Browser], boris: User) -> Browser:
    """Boris's browser."""
    return client_of(boris)


@pytest.fixture
def viewer(client_of: Callable[[User], Browser], vera: User) -> Browser:
    """Vera's browser."""
    return client_of(vera)


@pytest.fixture
def admin(client_of: Callable[[User], Browser], alice: User) -> Browser:
    """Alice's browser."""
    return client_of(alice)


@pytest.fixture
def stranger(client_of: Callable[[User], Browser], carla: User) -> Browser:
    """Carla's browser: she is a customer, who has no business in the office."""
    return client_of(carla)


@pytest.fixture
def anna(app: Flask) -> Customer:
    """A customer with a phone and an e-mail."""
    return people.add("Анна Иванова", phone="+79123456789", email="anna@example.com", city="Тверь", tags=["vip"])


@pytest.fixture
def nothing_changes(app: Flask) -> Callable[[], AbstractContextManager[None]]:
    """`with nothing_changes():` fails when any row of any table has changed, come or gone."""

    @contextmanager
    def watching() -> Iterator[None]:
        before = contents()
        yield
        assert contents() == before

    return watching


@pytest.fixture
def trail(app: Flask) -> Callable[[], list[AuditEntry]]:
    """`trail()` is what has been noted since it was asked last; ask for it after the fixtures that write."""
    seen = 0

    def since() -> list[AuditEntry]:
        nonlocal seen
        entries = list(db.session.scalars(select(AuditEntry).where(AuditEntry.id > seen).order_by(AuditEntry.id)))
        seen = entries[-1].id if entries else seen
        return entries

    since()
    return since


def contents() -> list[str]:
    """Every row of every table, as text."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            return sorted(
                f"{name} {row}"
                for name in db.metadata.tables
                for row in connection.exec_driver_sql(f"SELECT * FROM {name}").all()
            )
        tables = " UNION ALL ".join(f"SELECT '{name} ' || {name}::text FROM {name}" for name in db.metadata.tables)
        return sorted(connection.exec_driver_sql(tables).scalars())


@pytest.fixture
def purse(anna: Customer) -> int:
    """The account id of Anna's wallet: 1 000 rubles."""
    return money.wallet_of(anna.id, balance=100_000)


@pytest.fixture
def charged(app: Flask) -> None:
    """Transfers cost 2 %, 3 roubles or more."""
    with atomic() as session:
        rule = CommissionRule(
            payment_kind="transfer", currency="RUB", percent=2 * SCALE, minimum=300, valid_from=money.EARLY
        )
        session.add(rule)


@pytest.fixture
def transfer(charged: None, purse: int) -> str:
    """The id of a payment: 200 roubles from Anna to Boris."""
    return money.SERVICE.transfer(purse, money.wallet(name="Борис"), 20_000, "Долг").payment_id


@pytest.fixture
def guarded(app: Flask, run: Path, worker: str, redis_address: str) -> Browser:
    """A browser of an app that counts attempts, on the same database."""
    config = databases.settings(run / f"{worker}-limited", app.config["SQLALCHEMY_DATABASE_URI"], redis_address)
    limited = create_app(config | {"RATELIMIT_ENABLED": True})
    return Browser(limited, limited.response_class, use_cookies=True)
