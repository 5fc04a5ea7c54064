"""Payments that wait, posted by one worker process to the last one, beside the same rows by bare SQL.

All that a worker does is in it: it claims batches, posts them, takes them off the queue and announces them over Redis.
"""

import gc
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from flask import Flask

from bench import wallets
from bench.bare import AMOUNT
from bench.posting import LIMIT_NAMES, LIMITS, WANTED, stored
from bench.writers import alone
from crm.db import atomic
from crm.ledger import pending
from crm.ledger.posting import Order
from crm.services import posting
from crm.supervisor import valkey

ACCOUNTS, PAYMENTS, ROUNDS, BATCH = 1_000, 100_000, 3, 1_000
PORTION = 10_000  # stored at once


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row."""
    with app.app_context(), _redis(app):
        accounts, outside = wallets.opened(ACCOUNTS), wallets.technical("cash")
        for account in accounts:
            wallets.SERVICE.deposit(account, PAYMENTS * AMOUNT)
        limits, ours = [], []
        for number in range(ROUNDS):
            orders = _waiting(accounts, outside, random.Random(number))
            wallets.copy_tables()
            limits.append(LIMITS[engine]([orders[start : start + BATCH] for start in range(0, len(orders), BATCH)]))
            ours.append(alone(_drain))
    limit, speed = PAYMENTS / median(limits), PAYMENTS / median(ours)
    return [
        {
            "engine": engine,
            "limit": LIMIT_NAMES[engine],
            "payments": PAYMENTS,
            "limit_per_second": round(limit),
            "ours_per_second": round(speed),
            "share_of_limit": round(speed / limit, 2),
            "wanted": WANTED[engine],
        }
    ]


def _waiting(accounts: list[int], outside: int, chance: random.Random) -> list[Order]:
    """Payments as they were accepted, in both sorts of tables."""
    orders: list[Order] = []
    while len(orders) < PAYMENTS:
        with atomic():
            portion = stored(min(PORTION, PAYMENTS - len(orders)), accounts, outside, chance)
            pending.add([order.payment_id for order in portion])
        orders += portion
    return orders


def _drain() -> float:
    """The seconds until nothing waits."""
    gc.freeze()  # as a worker's child does
    begun = time.perf_counter()
    posted = posting.drain()
    seconds = time.perf_counter() - begun
    if posted != (PAYMENTS, 0):
        raise RuntimeError(f"payments were left out: {posted}")
    return seconds


@contextmanager
def _redis(app: Flask) -> Iterator[None]:
    """The Valkey that `make run` would have started."""
    with subprocess.Popen(valkey.command(app.config["CRM_INSTANCE"])) as server:
        valkey.wait_until_answers(app.config["CRM_INSTANCE"])
        try:
            yield
        finally:
            server.terminate()
