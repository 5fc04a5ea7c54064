"""Following payments over real WebSockets: two web processes, and the changes committed by a third."""

import json
import time
import uuid

from sqlalchemy import text

from crm.db import db
from tests import money
from tests.api.followers import Socket, pk_of, post, statuses, waiting
from tests.api.programs import token_of

UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip
FOLLOWERS = 8  # enough for both processes to have some


def test_followers_hear_of_what_another_process_commits_and_are_closed_after_the_end(web, cookie_of, vera):
    draft = waiting(money.wallet())
    cookie, pk = cookie_of(vera), pk_of(draft)
    sockets = [Socket(web, f"{pk}/ws", cookie) for _ in range(FOLLOWERS)]
    assert [socket.hear()["status"] for socket in sockets] == ["INITIATED"] * FOLLOWERS
    post(draft)
    for socket in sockets:
        heard, code = socket.rest()
        assert (statuses(heard, pk), code) == (["COMPLETED"], 1000)
        assert len(heard[0]["operations"]) == 2 and heard[0]["amount"] == "1.00"
    late = Socket(web, f"{pk}/ws", cookie)
    assert late.rest() == (heard, 1000)


def test_a_failure_is_told_with_its_reason(web, cookie_of, vera):
    draft = waiting(money.wallet(), kind="withdrawal")
    socket = Socket(web, f"{pk_of(draft)}/ws", cookie_of(vera))
    assert socket.hear()["status"] == "INITIATED"
    post(draft)
    (told,), code = socket.rest()
    assert (told["status"], told["failure_code"], code) == ("FAILED", "insufficient_funds", 1000)


def test_one_socket_follows_all_payments_of_a_page(web, cookie_of, vera):
    wallet, unknown = money.wallet(), str(uuid.uuid4())
    first, second, third = (waiting(wallet) for _ in range(3))
    socket = Socket(web, "ws", cookie_of(vera))
    socket.send(json.dumps([pk_of(first), pk_of(second).upper(), unknown]))
    told = {message["id"]: message["status"] for message in (socket.hear() for _ in range(3))}
    assert told == {pk_of(first): "INITIATED", pk_of(second): "INITIATED", unknown: None}
    post(first, third)
    assert (message := socket.hear())["id"] == pk_of(first) and message["status"] == "COMPLETED"
    socket.send(json.dumps([pk_of(second), pk_of(third)]))  # the page shows others now
    told = {message["id"]: message["status"] for message in (socket.hear() for _ in range(2))}
    assert told == {pk_of(second): "INITIATED", pk_of(third): "COMPLETED"}
    post(second)
    heard, code = socket.rest()
    assert (statuses(heard, pk_of(second)), code) == (["COMPLETED"], 1000)


def test_a_list_that_is_none_ends_the_conversation(web, cookie_of, vera):
    cookie, too_many = cookie_of(vera), json.dumps([str(uuid.UUID(int=1))] * 201)
    for said in ("", "x", "{}", '["x"]', "[1]", "[" * 9000, too_many):
        socket = Socket(web, "ws", cookie)
        socket.send(said)
        assert (said, socket.rest()) == (said, ([], 1007))


def test_who_may_not_follow_is_told_before_the_upgrade(web, cookie_of, vera, carla):
    pk, cookie = pk_of(waiting(money.wallet())), cookie_of(vera)
    path, here = f"/api/v1/payments/{pk}/ws", f"http://127.0.0.1:{web.port}"
    for where in (path, "/api/v1/payments/ws"):
        assert web.status(where, UPGRADE | cookie) == 101
        assert web.status(where, UPGRADE | cookie | {"Origin": here}) == 101
        later = 101 if where == path else 401  # it may say who it is
        assert web.status(where, UPGRADE) == later
        assert web.status(where, UPGRADE | {"Cookie": "session=x"}) == later
        assert web.status(where, UPGRADE | cookie_of(carla)) == 404
        for origin in ("null", "http://127.0.0.1", here.replace("http:", "https:"), f"{here}.example", "http://x", ""):
            assert web.status(where, UPGRADE | cookie | {"Origin": origin}) == 403
        assert web.status(where, UPGRADE | cookie | {"Sec-WebSocket-Version": "8"}) == 400
        assert web.status(where, cookie) == 400
    assert web.status(f"/api/v1/payments/{uuid.uuid4()}/ws", UPGRADE | cookie) == 404


def test_who_waits_holds_no_session_of_the_database(web, cookie_of, vera):
    pk, cookie = pk_of(waiting(money.wallet())), cookie_of(vera)
    sockets = [Socket(web, f"{pk}/ws", cookie) for _ in range(40)]  # more than the pool of a process
    assert {socket.hear()["status"] for socket in sockets} == {"INITIATED"}
    assert {web.status("/customers/", cookie) for _ in range(4)} == {200}
    if db.engine.dialect.name == "postgresql":
        busy = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        deadline = time.monotonic() + 30
        while db.session.scalar(busy):
            assert time.monotonic() < deadline
            db.session.rollback()
            time.sleep(0.1)
    for socket in sockets:
        socket.close()


def test_a_browser_says_its_token_first(web, alice, carla, own):
    draft, foreign = waiting(money.wallet_of(own.id)), waiting(money.wallet())
    secrets = {"alice": token_of(alice, "read"), "carla": token_of(carla), "narrow": token_of(alice, "write")}

    def begin(pk, said):
        socket = Socket(web, f"{pk}/ws", {})
        socket.send(said)
        return socket

    theirs = begin(pk_of(foreign), json.dumps({"token": secrets["carla"]}))
    assert theirs.rest() == ([], 1008)
    for said in ("", "x", "[]", '{"token": 1}', '{"token": "crm_x"}', json.dumps({"token": secrets["narrow"]})):
        assert (said, begin(pk_of(draft), said).rest()) == (said, ([], 1008))
    followers = {who: begin(pk_of(draft), json.dumps({"token": secrets[who]})) for who in ("alice", "carla")}
    assert [one.hear()["status"] for one in followers.values()] == ["INITIATED"] * 2
    post(draft)
    seen = {who: len(one.rest()[0][0]["operations"]) for who, one in followers.items()}
    assert seen == {"alice": 2, "carla": 1}


def test_a_program_follows_with_its_token_in_the_header(web, carla, own):
    draft, foreign = waiting(money.wallet_of(own.id)), waiting(money.wallet())
    bearer = {"Authorization": f"Bearer {token_of(carla)}"}
    assert web.status(f"/api/v1/payments/{pk_of(foreign)}/ws", UPGRADE | bearer) == 404
    assert web.status(f"/api/v1/payments/{pk_of(draft)}/ws", UPGRADE | {"Authorization": "Bearer crm_x"}) == 401
    socket = Socket(web, f"{pk_of(draft)}/ws", bearer)
    assert socket.hear()["status"] == "INITIATED"
    post(draft)
    (told,), code = socket.rest()
    assert ([line["account"] for line in told["operations"]], code) == ([told["to_account"]], 1000)
