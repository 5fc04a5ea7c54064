"""Posting with the hash chain being extended beside it, and without: single payments and batches, turn by turn."""

import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from statistics import median
from typing import Any

from flask import Flask

from bench import payments, posting, wallets
from bench.bare import AMOUNT
from bench.writers import alone, race
from crm.db import db
from crm.ledger import chain

ACCOUNTS, ROUNDS, SECONDS, BATCHED, BATCH = 1_000, 5, 3.0, 20_000, 1_000
EVERY = 1.0  # seconds between two extensions; the product's schedule has 15
WANTED = 0.95  # of the speed without: what single runs differ by
WRITERS = (1, 4)
_FORK: Any = multiprocessing.get_context("fork")
Work = Callable[[], float]  # does it once; payments per second


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row for each sort of posting, and one for the chain by itself."""
    with app.app_context():
        accounts, outside = wallets.opened(ACCOUNTS), wallets.technical("cash")
        for account in accounts:
            wallets.SERVICE.deposit(account, 1_000 * AMOUNT)
        works: dict[str, Work] = {f"singly, {n} writers": partial(_singly, app, accounts, n) for n in WRITERS}
        works[f"batches of {BATCH}"] = partial(_batched, accounts, outside)
        caught_up = [_caught_up()]
        rows = []
        for name, work in works.items():
            speeds: dict[bool, list[float]] = {False: [], True: []}
            links: list[float] = []
            for turn in range(2 * ROUNDS):
                is_beside = turn % 4 in (1, 2)  # neither way is always the first
                with _extended(app) if is_beside else nullcontext([]) as made:
                    speeds[is_beside].append(work())
                links += made
                caught_up.append(_caught_up())
            rows.append(_row(engine, name, median(speeds[False]), median(speeds[True]), median(links)))
    return [*rows, _by_itself(engine, caught_up)]


def _row(engine: str, name: str, without: float, beside: float, links: float) -> dict[str, Any]:
    return {
        "engine": engine,
        "posting": name,
        "without_per_second": round(without),
        "beside_per_second": round(beside),
        "share_of_without": round(beside / without, 2),
        "wanted": WANTED,
        "links_per_second": round(links),
    }


def _by_itself(engine: str, caught_up: list[tuple[int, float]]) -> dict[str, Any]:
    speed = median(links / seconds for links, seconds in caught_up if links >= BATCHED)
    return {"engine": engine, "posting": "none: the chain by itself", "links_per_second": round(speed)}


def _singly(app: Flask, accounts: list[int], writers: int) -> float:
    return race(writers, SECONDS, lambda number: payments.depositing(app, accounts, number)).per_second


def _batched(accounts: list[int], outside: int) -> float:
    orders = posting.stored(BATCHED, accounts, outside, random.Random(BATCH))
    batches = [orders[start : start + BATCH] for start in range(0, len(orders), BATCH)]
    return BATCHED / alone(lambda: posting.post(batches))


def _caught_up() -> tuple[int, float]:
    """How many links were missing, and the seconds until none was."""
    begun = time.perf_counter()
    links = alone(chain.extend)
    return links, time.perf_counter() - begun


@contextmanager
def _extended(app: Flask) -> Iterator[list[float]]:
    """A process of its own extends the chain meanwhile; its links per second in the end."""
    db.session.remove()
    db.engine.dispose()  # no connection goes into the child
    over, results, found = _FORK.Event(), _FORK.SimpleQueue(), list[float]()
    child = _FORK.Process(target=_extend, args=(app, over, results))
    child.start()
    try:
        yield found
    finally:
        over.set()
        found.append(results.get())
        child.join()


def _extend(app: Flask, over: Any, results: Any) -> None:
    links, begun = 0, time.perf_counter()
    with app.app_context():
        while not over.wait(EVERY):
            links += chain.extend()
    results.put(links / (time.perf_counter() - begun))
