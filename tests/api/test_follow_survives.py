"""Whatever is killed or stopped while somebody follows a payment: the end is heard, or a clean goodbye."""

import os
import signal
import socket
from collections.abc import Iterator

import pytest
from flask import Flask

from tests import money
from tests.api.followers import Socket, pk_of, post, statuses, waiting
from tests.gunicorns import Web
from tests.workers import eventually

STOP_SECONDS = 8  # after that the supervisor loses its patience, and gunicorn too


@pytest.fixture
def web(office: Flask) -> Iterator[Web]:
    web = Web(office)
    yield web.wait_until_ready()
    web.kill()


def test_redis_may_be_killed_and_come_back_while_somebody_follows(embedded, office, web, cookie_of, vera):
    wallet, cookie = money.wallet(), cookie_of(vera)
    during, after = waiting(wallet), waiting(wallet)
    sockets = {draft.id: Socket(web, f"{pk_of(draft)}/ws", cookie) for draft in (during, after)}
    assert [one.hear()["status"] for one in sockets.values()] == ["INITIATED"] * 2
    eventually(embedded.listeners)
    embedded.kill()
    post(during)  # nobody can be told
    heard, code = sockets[during.id].rest()
    assert (statuses(heard, pk_of(during)), code) == (["COMPLETED"], 1000)
    embedded.start()
    eventually(embedded.listeners)
    post(after)
    heard, code = sockets[after.id].rest()
    assert (statuses(heard, pk_of(after)), code) == (["COMPLETED"], 1000)


def test_what_nobody_announced_is_found_all_the_same(web, cookie_of, vera):
    draft = waiting(money.wallet())
    follower = Socket(web, f"{pk_of(draft)}/ws", cookie_of(vera))
    assert follower.hear()["status"] == "INITIATED"
    post(draft, tell=False)
    heard, code = follower.rest()
    assert (statuses(heard, pk_of(draft)), code) == (["COMPLETED"], 1000)


def test_a_stop_sends_the_followers_away_and_waits_for_none(web, cookie_of, vera):
    pk, cookie = pk_of(waiting(money.wallet())), cookie_of(vera)
    followers = [Socket(web, f"{pk}/ws", cookie) for _ in range(20)]
    assert {one.hear()["status"] for one in followers} == {"INITIATED"}
    with deaf_follower(web, f"/api/v1/payments/{pk}/ws", cookie):
        os.kill(web.process.pid, signal.SIGTERM)
        assert web.process.wait(STOP_SECONDS) == 0
    assert [one.rest() for one in followers] == [([], 1012)] * len(followers)


def deaf_follower(web: Web, path: str, headers: dict[str, str]) -> socket.socket:
    """Somebody who was let in and never reads or says anything again."""
    lines = {
        "Host": f"127.0.0.1:{web.port}", "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    } | headers  # fmt: skip
    connection = socket.create_connection(("127.0.0.1", web.port))
    connection.sendall(f"GET {path} HTTP/1.1\r\n".encode())
    connection.sendall("".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode() + b"\r\n")
    assert b" 101 " in connection.recv(100)
    return connection
