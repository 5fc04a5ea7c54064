"""WebSockets: the upgrade, and the conversation with one follower."""

import json
import logging
import selectors
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from flask import Response, abort, current_app, request
from flask_login import current_user
from simple_websocket import ConnectionClosed, Server
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import RemoteProtocolError

from crm import live
from crm.db import db
from crm.services import payment_json
from crm.web.guards import Known, identity, known_by, owner, still_may

log = logging.getLogger(__name__)
PING_SECONDS = 15
CHECK_SECONDS = 60.0  # how often it is asked whether the person may still read
SEND_SECONDS = 10  # a client that takes nothing for so long is gone
GOODBYE_SECONDS = 1.0  # for the client's own closing frame
BREATH_SECONDS = 0.1  # between two lists of a client: each is read from the database
TOKEN_SECONDS = 5  # within which somebody says who it is
NOBODY = 0  # as whom such a one is counted
LONGEST_MESSAGE = 16 * 1024
MOST_IDS = 200

Talk = Callable[[Server, live.Hub, live.Follower], None]


class Upgraded(Response):
    """What is left to say when the socket is closed: nothing, which gunicorn wants to hear in its own way."""

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        raise StopIteration


class Ear(threading.Thread):
    """Hears what a client says; that one who is silent was sent away already is no fault."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments, daemon=True)

    def run(self) -> None:
        """As simple-websocket wants it."""
        with suppress(ConnectionClosed):
            super().run()


def upgrade(talk: Talk) -> Response:
    """Make a WebSocket of the present request and hold the conversation; 429 or 503 where there is no room for it.

    The database session ends before: whoever waits holds none.
    """
    if "gunicorn.socket" not in request.environ:
        abort(501)
    hub, who, wake = live.hub(), getattr(current_user, "id", NOBODY), threading.Event()
    db.session.remove()
    try:
        with hub.follower(who, wake) as follower, _server(wake) as ws:
            talk(ws, hub, follower)
    except live.NoRoom as error:
        abort(429 if error.of_owner else 503)
    return Upgraded()


def follow(ids: Sequence[str] = ()) -> Talk:
    """The conversation about these payments; without any, about those that the client names."""
    return partial(_talk, list(ids), Known(identity(), owner()))


def follow_by_token(pk: uuid.UUID) -> Talk:
    """The conversation about a payment with somebody who has yet to say who it is: `{"token": "…"}` comes first, within
    seconds, or nothing is told. Browsers cannot send headers with a WebSocket.
    """
    return partial(_introduce, pk, request.remote_addr or "")


def _introduce(pk: uuid.UUID, address: str, ws: Server, hub: live.Hub, follower: live.Follower) -> None:
    said = ws.receive(timeout=TOKEN_SECONDS)
    with current_app.app_context():
        who = known_by(_token(said), address)
        is_there = who is not None and payment_json.is_there(pk, who.owner)
    if who is None or not is_there:
        return ws.close(CloseReason.POLICY_VIOLATION, "unknown token" if who is None else "no such payment")
    return _talk([str(pk)], who, ws, hub, follower)


def _token(said: str | bytes | None) -> str:
    """The token in the first message, '' where there is none."""
    try:
        found = json.loads(said or "{}")
    except (ValueError, RecursionError):
        return ""
    token = found.get("token") if isinstance(found, dict) else None
    return token if isinstance(token, str) else ""


def _seen(text: str, who: Known) -> str:
    """The news as this follower may see them."""
    if who.owner is None:
        return text
    with current_app.app_context():
        found = payment_json.kept_to(who.owner, [json.loads(text)])
    return json.dumps(found[0]) if found else text


def _talk(ids: list[str], who: Known, ws: Server, hub: live.Hub, follower: live.Follower) -> None:
    listens, check_at = not ids, time.monotonic() + CHECK_SECONDS
    if ids:
        hub.follow(follower, ids)
    while True:
        said = _last_word(ws)
        if listens and said is not None:
            ids = _ids(said)
            hub.follow(follower, ids)
        news, is_more = hub.take(follower)
        for one in news:
            ws.send(_seen(one.text, who))
        if (ids or said is not None) and not is_more:
            return None
        if hub.is_closing:
            return ws.close(CloseReason.SERVICE_RESTART)
        if time.monotonic() >= check_at:
            if not ids or not still_may(who.identity):
                return ws.close(CloseReason.POLICY_VIOLATION)
            check_at = time.monotonic() + CHECK_SECONDS
        if said is not None:
            time.sleep(BREATH_SECONDS)
        follower.wake.wait(max(0.0, check_at - time.monotonic()))
        follower.wake.clear()


def _last_word(ws: Server) -> str | bytes | None:
    """What the client has said since, the last of it; raises `ConnectionClosed` where it has gone."""
    last = None
    while (said := ws.receive(timeout=0)) is not None:
        last = said
    return last


def _ids(said: str | bytes) -> list[str]:
    """The ids of a JSON list of UUIDs; raises `ValueError`."""
    try:
        named = json.loads(said)
    except RecursionError:
        named = None
    if not isinstance(named, list) or len(named) > MOST_IDS or not all(isinstance(pk, str) for pk in named):
        raise ValueError(f"a JSON list of at most {MOST_IDS} ids is expected")
    return [str(uuid.UUID(pk)) for pk in named]


@contextmanager
def _server(wake: threading.Event) -> Iterator[Server]:
    """The other end of the request's socket; `wake` is set when the client says something or goes."""
    own = request.environ["gunicorn.socket"]
    ws = _accept(own, wake)
    try:
        yield ws
    except (ConnectionClosed, OSError):
        pass  # the client has gone
    except ValueError as error:
        with suppress(ConnectionClosed, OSError):
            ws.close(CloseReason.INVALID_FRAME_PAYLOAD_DATA, str(error)[:100])
    except Exception:
        # An error page would be no frame: nothing may come out of here.
        log.exception("a follower could not be told")
        with suppress(ConnectionClosed, OSError):
            ws.close(CloseReason.INTERNAL_ERROR)
    finally:
        with suppress(ConnectionClosed, OSError):
            ws.close()
        ws.thread.join(GOODBYE_SECONDS)
        with suppress(OSError):
            own.shutdown(socket.SHUT_RDWR)  # else gunicorn's main loop would linger over it


def _accept(own: socket.socket, wake: threading.Event) -> Server:
    other = own.dup()  # simple-websocket closes it, as gunicorn does with its own
    other.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
    environ = request.environ | {"gunicorn.socket": other}
    environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)  # compression would take 300 kB for each follower
    try:
        return Server.accept(
            environ,
            ping_interval=PING_SECONDS,
            max_message_size=LONGEST_MESSAGE,
            thread_class=Ear,
            event_class=lambda: wake,
            selector_class=selectors.PollSelector,
        )
    except RemoteProtocolError:  # a handshake without its key or version
        other.close()
        abort(400)
