"""Whatever is killed while money moves: what was asked for happens once, when it is asked for again."""

import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from crm.db import db
from crm.models import User
from tests import money, people
from tests.client import Browser
from tests.gunicorns import PATIENCE, Web, headers_of

CLIENTS, DEPOSITS = 4, 40


@pytest.fixture
def web(app: Flask) -> Iterator[Web]:
    web = Web(app)
    yield web
    web.kill()


def insist(address: str, headers: dict[str, str], **fields: str) -> int:
    """The status of a POST, sent again until there is an answer."""
    call = urllib.request.Request(address, urllib.parse.urlencode(fields).encode(), headers)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(call, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:  # nobody there, or gone in the middle: was it done? the key will tell
            time.sleep(0.05)
    raise AssertionError("nobody answered")


def test_a_web_process_killed_in_the_middle_loses_and_doubles_nothing(app: Flask, web: Web, boris: User):
    customer = people.add("Anna")
    wallet = money.wallet_of(customer.id)
    headers = headers_of(Browser(app, app.response_class, use_cookies=True).sign_in(boris))
    address = f"http://127.0.0.1:{web.port}/customers/{customer.id}/wallet/deposit/"
    statuses: list[int] = []

    def client(number: int) -> None:
        for turn in range(DEPOSITS):
            form = {"account": str(wallet), "amount": "1.00", "idempotency_key": f"client {number} turn {turn}"}
            statuses.append(insist(address, headers, **form))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for share in (0.1, 0.4, 0.7):
        while len(statuses) < share * CLIENTS * DEPOSITS:
            time.sleep(0.01)
        web.kill()
        web.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert set(statuses) == {200} and len(statuses) == CLIENTS * DEPOSITS
    assert money.total(wallet) == CLIENTS * DEPOSITS * 100
    assert db.session.scalar(text("SELECT count(*) FROM payments WHERE status = 'COMPLETED'")) == CLIENTS * DEPOSITS
    assert db.session.scalar(text("SELECT count(*) FROM payments")) == CLIENTS * DEPOSITS
    money.check_ledger()
