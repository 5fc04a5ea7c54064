"""Single payments through WalletService by 1, 4 and 16 processes, beside as many that use the bare driver."""

import random
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from flask import Flask

from bench import bare, wallets
from bench.writers import Prepare, Tally, race
from crm.db import db

ACCOUNTS, ROUNDS, SECONDS = 1_000, 5, 1.5
WRITERS = (1, 4, 16)
_BARE = {"postgresql": bare.postgresql, "sqlite": bare.sqlite}
_SHARE = {"postgresql": {4: 0.5}, "sqlite": {1: 0.1}}  # of the bare driver's speed, with so many writers
_SPREAD = "1,000 wallets"
_HOT = "one wallet"


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """One row for each number of writers, into many wallets and into one."""
    with app.app_context():
        accounts = wallets.opened(ACCOUNTS)
        outside = wallets.technical("cash")
        wallets.copy_tables()
        url = db.engine.url
        rows = []
        for name, chosen in ((_SPREAD, accounts), (_HOT, accounts[:1])):
            ways: dict[str, Prepare] = {
                "bare": lambda number, chosen=chosen: _BARE[engine](url, chosen, outside, number),
                "ours": lambda number, chosen=chosen: depositing(app, chosen, number),
            }
            rows += _rows(engine, name, _interleaved(ways))
    return rows


def depositing(app: Flask, accounts: Sequence[int], seed: int) -> Callable[[], object]:
    """A function that deposits into one of the accounts."""
    app.app_context().push()
    chance = random.Random(seed)
    return lambda: wallets.SERVICE.deposit(chance.choice(accounts), bare.AMOUNT, source="cash")


def _interleaved(ways: dict[str, Prepare]) -> dict[tuple[str, int], list[Tally]]:
    found: dict[tuple[str, int], list[Tally]] = {(way, writers): [] for writers in WRITERS for way in ways}
    for _round in range(ROUNDS):
        for way, writers in found:
            found[way, writers].append(race(writers, SECONDS, ways[way]))
    return found


def _rows(engine: str, name: str, found: dict[tuple[str, int], list[Tally]]) -> list[dict[str, Any]]:
    speed = {key: median(tally.per_second for tally in tallies) for key, tallies in found.items()}
    rows = []
    for writers in WRITERS:
        ours, limit = speed["ours", writers], speed["bare", writers]
        scaling, bare_scaling = ours / speed["ours", 1], limit / speed["bare", 1]
        rows.append(
            {
                "engine": engine,
                "into": name,
                "writers": writers,
                "bare_per_second": round(limit),
                "ours_per_second": round(ours),
                "share_of_bare": round(ours / limit, 2),
                "wanted_share": _SHARE[engine].get(writers, "") if name == _SPREAD else "",
                "to_1_writer": round(scaling, 2),
                "bare_to_1_writer": round(bare_scaling, 2),
                "wanted_to_1_writer": _wanted_scaling(engine, name, writers, bare_scaling),
                "longest_ms": round(max(tally.longest for tally in found["ours", writers]) * 1000),
                "bare_longest_ms": round(max(tally.longest for tally in found["bare", writers]) * 1000),
                "errors": sum(tally.errors for tally in found["ours", writers]),
            }
        )
    return rows


def _wanted_scaling(engine: str, name: str, writers: int, bare_scaling: float) -> float | str:
    """What several writers should reach of what one does."""
    if writers == 4 and engine == "sqlite":
        return 0.9
    if writers == 4 and name == _HOT:
        return 0.8
    if writers == 16 and engine == "postgresql" and name == _SPREAD:
        return round(0.9 * bare_scaling, 2)  # nobody waits for a technical account
    return ""
