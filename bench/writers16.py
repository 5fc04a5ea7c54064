"""16 processes that deposit into wallets of their own, beside as many that use the bare driver, and what they wait for.

All deposits come by the same technical account: who waited for it would be seen waiting for a lock.
"""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

import psycopg
from flask import Flask

from bench import bare, payments, wallets
from bench.writers import Tally, race
from crm.db import db

WRITERS, WALLETS, ROUNDS, SECONDS = 16, 20, 5, 1.5
SHARE = 0.9
_FORK: Any = multiprocessing.get_context("fork")
_WAITS = """
    SELECT coalesce(wait_event_type, 'none') FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'"""
_PAUSE = 0.005


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row; none on SQLite, which has one writer."""
    if engine == "sqlite":
        return []
    with app.app_context():
        accounts, outside = wallets.opened(WRITERS * WALLETS), wallets.technical("cash")
        own = [accounts[number::WRITERS] for number in range(WRITERS)]
        wallets.copy_tables()
        url = db.engine.url
        ways: dict[str, Callable[[int], Callable[[], object]]] = {
            "bare": lambda number: bare.postgresql(url, own[number], outside, number),
            "ours": lambda number: payments.depositing(app, own[number], number),
        }
        found: dict[tuple[str, int], list[Tally]] = {(way, writers): [] for writers in (1, WRITERS) for way in ways}
        waits: Counter[str] = Counter()
        for _round in range(ROUNDS):
            for way, writers in found:
                with _watched(waits if (way, writers) == ("ours", WRITERS) else Counter()):
                    found[way, writers].append(race(writers, SECONDS, ways[way]))
    return [_row(engine, found, waits)]


def _row(engine: str, found: dict[tuple[str, int], Sequence[Tally]], waits: Counter[str]) -> dict[str, Any]:
    speed = {key: median(tally.per_second for tally in tallies) for key, tallies in found.items()}
    scaling, bare_scaling = (speed[way, WRITERS] / speed[way, 1] for way in ("ours", "bare"))
    return {
        "engine": engine,
        "writers": WRITERS,
        "bare_per_second": round(speed["bare", WRITERS]),
        "ours_per_second": round(speed["ours", WRITERS]),
        "bare_to_1_writer": round(bare_scaling, 2),
        "to_1_writer": round(scaling, 2),
        "wanted_to_1_writer": round(SHARE * bare_scaling, 2),
        "seen_active": sum(waits.values()),
        "waiting_for_a_lock": waits["Lock"],
        "waiting_for_disk": waits["IO"] + waits["LWLock"],
        "errors": sum(tally.errors for tally in found["ours", WRITERS]),
    }


@contextmanager
def _watched(waits: Counter[str]) -> Iterator[None]:
    """Count by kind what backends are waiting for, looked at again and again meanwhile by a process of its own."""
    address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    over, results = _FORK.Event(), _FORK.SimpleQueue()
    watcher = _FORK.Process(target=_watch, args=(address, over, results))
    watcher.start()
    try:
        yield
    finally:
        over.set()
        waits.update(results.get())
        watcher.join()


def _watch(address: str, over: Any, results: Any) -> None:
    seen: Counter[str] = Counter()
    with psycopg.connect(address, autocommit=True) as connection:
        while not over.is_set():
            seen.update(kind for (kind,) in connection.execute(_WAITS))
            time.sleep(_PAUSE)
    results.put(seen)
