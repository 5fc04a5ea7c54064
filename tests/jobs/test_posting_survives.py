"""Whatever is killed or races while payments wait: each is posted once, and none is forgotten."""

import signal
import threading
from collections.abc import Callable
from functools import partial

from flask import Flask

from crm import queue
from crm.db import db
from crm.ledger import pending
from crm.queue import enqueue
from crm.services import payments, posting
from tests import money
from tests.gateway import ACTOR, Street, deposit, spend, transfer
from tests.workers import Child, eventually, kill_self, worker

SWEEP = "crm.jobs.sweep"


def nothing_waits() -> bool:
    return pending.oldest() is None


def test_what_a_web_process_accepted_before_it_was_killed_is_found_by_the_sweep(app, redis, monkeypatch):
    wallet = money.wallet()

    def accept() -> None:
        monkeypatch.setattr(payments, "ring", lambda _job: kill_self())  # after the commit
        payments.accept(ACTOR, deposit(wallet, 500, "a key"))

    assert Child(accept).wait() == -signal.SIGKILL
    assert queue.queue().job_ids == [] and not nothing_waits()
    with worker():
        enqueue(SWEEP)  # as the scheduler does
        eventually(nothing_waits)
    again = payments.accept(ACTOR, deposit(wallet, 500, "a key"))  # as its client does, who had no answer
    assert (again.replayed, money.SERVICE.balance(wallet)) == (True, 500)
    assert money.check_posted([again.payment_id]) == {"COMPLETED": 1}


class Clients:
    """Programs that send payments all the time."""

    def __init__(self, app: Flask, accept: Callable[[], list[str]], count: int = 2) -> None:
        self.app, self.accept = app, accept
        self.accepted: list[str] = []
        self.stop_wanted = threading.Event()
        self.threads = [threading.Thread(target=self.run) for _number in range(count)]

    def __enter__(self) -> "Clients":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self.stop_wanted.set()
        for thread in self.threads:
            thread.join()

    def run(self) -> None:
        with self.app.app_context():
            while not self.stop_wanted.is_set():
                self.accepted += self.accept()

    def wait_for_more(self, count: int) -> None:
        wanted = len(self.accepted) + count
        eventually(lambda: len(self.accepted) >= wanted or not all(each.is_alive() for each in self.threads))
        assert len(self.accepted) >= wanted, "a client had no answer"


def test_payments_are_accepted_while_redis_is_killed_and_posted_when_it_is_back(office, embedded, monkeypatch):
    monkeypatch.setattr(queue, "LEFT_OUT_SECONDS", 0)
    street = Street.opened()
    with worker():
        with Clients(office, street.accept) as clients:
            eventually(lambda: money.total(street.boris) > 11_000)  # the worker has begun
            embedded.kill()
            clients.wait_for_more(60)
            assert not nothing_waits()
            embedded.start()
            clients.wait_for_more(60)
        enqueue(SWEEP)
        eventually(nothing_waits)
    assert set(money.check_posted(clients.accepted)) == {"COMPLETED", "FAILED"}


def accept_many(wallets: list[int], count: int) -> list[str]:
    """The ids of payments into, between and out of the wallets."""
    one, other = wallets
    kinds = [deposit(one, 100), transfer(one, other, 10), spend(one, 1), deposit(other, 5)]
    batch = payments.accept_batch(ACTOR, [kinds[number % len(kinds)] for number in range(count)])
    return [payment.payment_id for payment in batch.payments]


def test_two_workers_and_the_sweep_that_race_post_each_payment_once(app, redis):
    wallets = [money.wallet(balance=1_000), money.wallet(balance=1_000)]
    accepted = accept_many(wallets, 1_000)
    sweep = Child(lambda: app.test_cli_runner().invoke(args=["ledger", "sweep"], catch_exceptions=False))
    with worker(), worker():
        for _time in range(10):
            accepted += accept_many(wallets, 100)
            enqueue("crm.jobs.post_payments")  # a bell for each, so that both workers are called
        enqueue(SWEEP)
        assert sweep.wait() == 0
        eventually(nothing_waits)
    assert money.check_posted(accepted) == {"COMPLETED": 2_000}


def test_many_who_claim_the_same_payments_in_small_bites_post_each_once(app, monkeypatch):
    wallets = [money.wallet(balance=1_000), money.wallet(balance=1_000)]
    accepted = accept_many(wallets, 600)
    monkeypatch.setattr(pending, "claim", partial(pending.claim, 20))
    children = [Child(posting.drain) for _number in range(4)]
    assert [child.wait() for child in children] == [0] * len(children)
    assert money.check_posted(accepted) == {"COMPLETED": 600}
    db.session.rollback()
