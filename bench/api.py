"""The REST API on gunicorn, beside a route of the same server that answers a constant; and batches of payments, beside
the bulk write of the same rows into `payments`, with its rules and foreign keys, and into a copy that has neither.
"""

import json
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from bench import serving, wallets
from bench.bare import PRAGMAS
from bench.load import Load, Request
from bench.people import EMAIL, PASSWORD, admin_client
from crm.bulk import stamp
from crm.db import atomic, db, utcnow
from crm.ledger import engine as ledger
from crm.ledger.rows import PAYMENT
from crm.models import Customer, PaymentBatch
from crm.services import tokens, users

CLIENTS, TURNS, TURN_SECONDS = 4, 5, 0.4  # of each way, one after the other
BATCH, BATCHES, ACCOUNTS = 10_000, 5, 200
WANTED_GET, WANTED_BATCH = 0.35, 0.4
_UNLIMITED = {"CRM_API_LIMIT": str(10**8)}


def run(app: Flask, engine: str) -> list[dict[str, Any]]:
    """Rows for single requests, and one for batches."""
    with app.app_context(), ExitStack() as stack:
        stack.enter_context(serving.redis(app))
        accounts, user = wallets.opened(ACCOUNTS), _user(app)
        secret = tokens.create(wallets.ACTOR, user, "bench")[1]
        customers = list(db.session.scalars(select(Customer.id).order_by(Customer.id).limit(1000)))
        db.session.remove()
        port = stack.enter_context(serving.gunicorn(app, serving.WITH_CONSTANT, **_UNLIMITED))
        found = _requests(port, _ways(secret, customers, accounts))
        batches = _batches(engine, port, secret, accounts, user)
    return [{"engine": engine, **row} for row in (*found, *batches)]


def _user(app: Flask) -> int:
    admin_client(app)
    user = users.authenticate(EMAIL, PASSWORD)
    if user is None:
        raise RuntimeError("nobody has signed in")
    return user.id


@dataclass
class _Way:
    ask: Request
    status: int = 200
    seconds: list[float] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)


def _ways(secret: str, customers: Sequence[int], accounts: Sequence[int]) -> dict[str, _Way]:
    chance = random.Random(1)

    def get(path: str) -> bytes:
        return _request("GET", f"/api/v1{path}", secret)

    def pay() -> bytes:
        order = _order(chance.choice(accounts), chance)
        return _request("POST", "/api/v1/payments", secret, order, f"Idempotency-Key: {uuid7().hex}\r\n")

    return {
        "constant": _Way(lambda: _request("GET", serving.CONSTANT, secret)),
        "GET customer": _Way(lambda: get(f"/customers/{chance.choice(customers)}")),
        "list of 50": _Way(lambda: get("/customers?limit=50")),
        "search": _Way(lambda: get(f"/customers?limit=20&q=customer.{chance.choice(customers)}")),
        "POST payment": _Way(pay, 202),
    }


def _order(account: int, chance: random.Random) -> dict[str, Any]:
    amount = f"{chance.randrange(1, 1000)}.{chance.randrange(100):02d}"
    return {"kind": "deposit", "to_account": account, "amount": amount, "description": "Prepayment", "source": "cash"}


def _request(method: str, path: str, secret: str, body: Any = None, more: str = "") -> bytes:
    sent = b"" if body is None else json.dumps(body).encode()
    kind = f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n" if sent else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\n{kind}{more}\r\n"
    return head.encode() + sent


def _requests(port: int, ways: dict[str, _Way]) -> list[dict[str, Any]]:
    with closing(Load(port, CLIENTS)) as load:
        for number in range(TURNS + 1):
            for way in ways.values():
                taken, seconds = load.run(way.ask, TURN_SECONDS, way.status)
                if number:  # the first turn warms up
                    way.seconds += taken
                    way.speeds.append(len(taken) / seconds)
    constant = median(ways["constant"].speeds)
    return [
        {
            "way": name,
            "per_second": round(median(way.speeds)),
            **_spread(way.seconds),
            "share": round(median(way.speeds) / constant, 2),
            "wanted": WANTED_GET if name == "GET customer" else "",
        }
        for name, way in ways.items()
    ]


def _spread(seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=20, method="inclusive")
    return {"p50_ms": round(median(seconds) * 1000, 1), "p95_ms": round(cuts[-1] * 1000, 1)}


def _batches(engine: str, port: int, secret: str, accounts: Sequence[int], user: int) -> list[dict[str, Any]]:
    outside, chance = wallets.technical("cash"), random.Random(2)
    wallets.copy_tables()
    db.session.remove()
    seconds: dict[str, list[float]] = {"batch": [], "copy of the table": [], "the table itself": []}
    with closing(Load(port, 1)) as load:
        for number in range(BATCHES + 1):
            request = _request("POST", "/api/v1/payments/batch", secret, {"payments": _batch(accounts, chance)})
            turn = {
                "batch": load.run(lambda sent=request: sent, 0, 202)[1],
                "copy of the table": _WRITE[engine]("bare_payments", _rows(accounts, outside, user)),
                "the table itself": _WRITE[engine]("payments", _rows(accounts, outside, user)),
            }
            for name, taken in turn.items():
                if number:
                    seconds[name].append(taken)
    limit = median(seconds["the table itself"])
    return [
        {
            "way": f"{BATCH} payments: {name}",
            "per_second": round(BATCH / median(taken)),
            "p50_ms": round(median(taken) * 1000),
            "share": round(limit / median(taken), 2),
            "wanted": WANTED_BATCH if name == "batch" else "",
        }
        for name, taken in seconds.items()
    ]


def _batch(accounts: Sequence[int], chance: random.Random) -> list[dict[str, Any]]:
    return [_order(chance.choice(accounts), chance) | {"idempotency_key": uuid7().hex} for _ in range(BATCH)]


def _rows(accounts: Sequence[int], outside: int, user: int) -> list[tuple[Any, ...]]:
    """The rows of such a batch, ready to be written; the batch itself is there already."""
    now, chance, batch = utcnow(), random.Random(3), uuid7()
    with atomic() as session:
        session.execute(insert(PaymentBatch).values(id=batch, name="", count=BATCH, created_by_id=user))
    drafts = [
        ledger.Draft("deposit", outside, chance.choice(accounts), chance.randrange(1, 100_000), wallets.CURRENCY,
                     uuid7().hex, "cash", "Prepayment", batch_id=batch.hex, batch_row=row, created_by_id=user,
                     origin="127.0.0.1")
        for row in range(BATCH)
    ]  # fmt: skip
    return [(*draft.row(now), "INITIATED") for draft in drafts]


_COLUMNS = ", ".join((*PAYMENT, "status"))


def _copy(table: str, rows: list[tuple[Any, ...]]) -> float:
    address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        begun = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({_COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.commit()
        return time.perf_counter() - begun


def _executemany(table: str, rows: list[tuple[Any, ...]]) -> float:
    stamped = [(*row[:-2], stamp(row[-2]), row[-1]) for row in rows]
    with closing(sqlite3.connect(str(db.engine.url.database), isolation_level=None)) as connection:
        for pragma in (*PRAGMAS, f"foreign_keys={'OFF' if table.startswith('bare_') else 'ON'}"):
            connection.execute(f"PRAGMA {pragma}")
        begun = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        marks = ", ".join("?" * len(stamped[0]))
        connection.executemany(f"INSERT INTO {table} ({_COLUMNS}) VALUES ({marks})", stamped)
        connection.execute("COMMIT")
        return time.perf_counter() - begun


_WRITE: dict[str, Callable[[str, list[tuple[Any, ...]]], float]] = {"postgresql": _copy, "sqlite": _executemany}
