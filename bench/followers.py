"""500 WebSockets that follow payments: what they cost the pages of the same server, and how soon they are told.

The product runs as it is served: gunicorn, two processes. The limit beside it: as many bare subscriptions of Redis
itself, told the same text.
"""

import base64
import json
import resource
import secrets
import selectors
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from http.client import HTTPConnection
from statistics import quantiles
from typing import Any

from flask import Flask
from redis import Redis
from uuid_utils.compat import uuid7

from bench import serving
from bench.measure import milliseconds
from bench.people import admin_client
from bench.wallets import ACTOR, CURRENCY, opened, technical
from crm import live
from crm.db import atomic, db, on_commit
from crm.ledger import engine
from crm.services import customers, payment_json
from crm.services.customer_data import CustomerData

FOLLOWERS, PAGES, CHANGES = 500, 60, 6
PAGE = "/customers/"


def run(app: Flask, engine_name: str) -> list[dict[str, Any]]:
    """Pages alone and beside the followers; then broadcasts, by Redis alone and by the product."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with app.app_context(), ExitStack() as stack:
        stack.enter_context(serving.redis(app))
        cookie = _cookie(app)
        for number in range(20):
            customers.create(ACTOR, CustomerData(name=f"Follower {number}"), allow_duplicate=True)
        port = stack.enter_context(serving.gunicorn(app))
        drafts = _waiting(CHANGES + 1)  # the last one stays: the sockets do not end
        alone = milliseconds(_pages(port, cookie))
        bare = _bare(app, _text(drafts[0]))
        crowd = Crowd()
        crowd.start()
        for _ in range(FOLLOWERS):
            crowd.add(_follower(port, cookie, drafts))
        beside = milliseconds(_pages(port, cookie))
        told = [second for draft in drafts[:-1] for second in _told(crowd, draft)]
    return [
        {"engine": engine_name, "way": "page, nobody follows", **alone},
        {"engine": engine_name, "way": f"page, {FOLLOWERS} follow", **beside},
        {"engine": engine_name, "way": f"Redis alone to {FOLLOWERS}", **_spread(bare)},
        {"engine": engine_name, "way": f"commit to {FOLLOWERS} followers", **_spread(told)},
    ]


def _cookie(app: Flask) -> str:
    cookie = admin_client(app).get_cookie("session")
    if cookie is None:
        raise RuntimeError("nobody has signed in")
    return f"session={cookie.value}"


def _waiting(count: int) -> list[engine.Draft]:
    (wallet,) = opened(1)
    cash = technical("cash")
    drafts = [engine.Draft("deposit", cash, wallet, 100, CURRENCY, uuid7().hex) for _ in range(count)]
    with atomic():
        engine.store(drafts)
    return drafts


def _pages(port: int, cookie: str) -> list[float]:
    """Seconds of pages, one after the other."""
    seconds = []
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for number in range(PAGES + 5):
        start = time.perf_counter()
        connection.request("GET", PAGE, headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(str(answer.status))
        if number >= 5:
            seconds.append(time.perf_counter() - start)
    connection.close()
    return seconds


class Crowd(threading.Thread):
    """Sockets that are read by one thread, which answers pings and notes when each has had what was waited for."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ready = selectors.DefaultSelector()
        self.sockets: list[socket.socket] = []
        self.mark = b""
        self.arrivals: dict[socket.socket, float] = {}
        self.everybody = threading.Event()

    def add(self, one: socket.socket) -> None:
        self.sockets.append(one)
        self.ready.register(one, selectors.EVENT_READ)

    def wait_for(self, mark: bytes) -> Callable[[], list[float]]:
        """From now on note who has had something with the mark in it; what is returned waits for everybody."""
        self.arrivals, self.mark = {}, mark
        self.everybody.clear()

        def arrived() -> list[float]:
            if not self.everybody.wait(60):
                raise RuntimeError(f"{len(self.arrivals)} of {len(self.sockets)} were told")
            return list(self.arrivals.values())

        return arrived

    def run(self) -> None:
        while True:
            for key, _events in self.ready.select(0.5):
                one: Any = key.fileobj
                heard = one.recv(65536)
                if heard.startswith(b"\x89"):
                    one.sendall(b"\x8a\x80\0\0\0\0")
                if not heard:
                    self.ready.unregister(one)
                if self.mark and self.mark in heard and one not in self.arrivals:
                    self.arrivals[one] = time.perf_counter()
                    if len(self.arrivals) == len(self.sockets):
                        self.everybody.set()


def _follower(port: int, cookie: str, drafts: list[engine.Draft]) -> socket.socket:
    """A socket that has heard how each payment stands."""
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    one = socket.create_connection(("127.0.0.1", port))
    one.sendall(
        f"GET /api/v1/payments/ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nCookie: {cookie}\r\n\r\n".encode()
    )
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += one.recv(4096)
    if b" 101 " not in heard[:20]:
        raise RuntimeError(heard.decode())
    said = json.dumps([str(uuid.UUID(draft.id)) for draft in drafts]).encode()
    one.sendall(b"\x81" + bytes([0x80 | 126]) + len(said).to_bytes(2, "big") + bytes(4) + said)  # masked by zeros
    while heard.count(b"INITIATED") < len(drafts):
        heard += one.recv(65536)
    return one


def _told(crowd: Crowd, draft: engine.Draft) -> list[float]:
    """Seconds from the commit until each follower has been told."""
    moment = 0.0

    def tell() -> None:
        nonlocal moment
        moment = time.perf_counter()
        live.announce([draft.id])

    arrived = crowd.wait_for(str(uuid.UUID(draft.id)).encode())
    with atomic():
        engine.post([draft.order])
        on_commit(tell)
    db.session.remove()
    return [at - moment for at in arrived()]


def _bare(app: Flask, text: str) -> list[float]:
    """Seconds from a PUBLISH until each of as many subscribers of Redis has the text."""
    address, crowd = str(app.config["CRM_INSTANCE"] / "valkey.sock"), Crowd()
    for _ in range(FOLLOWERS):
        one = socket.socket(socket.AF_UNIX)
        one.connect(address)
        one.sendall(b"SUBSCRIBE bench\r\n")
        one.recv(4096)
        crowd.add(one)
    crowd.start()
    seconds = []
    with Redis(unix_socket_path=address) as redis:
        for number in range(CHANGES):
            arrived = crowd.wait_for(f"{number} {text[:50]}".encode())
            moment = time.perf_counter()
            redis.publish("bench", f"{number} {text}")
            seconds += [at - moment for at in arrived()]
    return seconds


def _text(draft: engine.Draft) -> str:
    return json.dumps(payment_json.one(uuid.UUID(draft.id)))


def _spread(seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=100, method="inclusive")
    return {"p50_ms": round(cuts[49] * 1000, 1), "p99_ms": round(cuts[98] * 1000, 1)}
