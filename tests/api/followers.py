"""Somebody who follows payments over a real WebSocket, and payments for them to follow."""

import json
import threading
import uuid
from typing import Any

from simple_websocket import Client, ConnectionClosed
from wsproto.frame_protocol import CloseReason

from crm import live
from crm.db import atomic, on_commit
from crm.ledger import engine
from crm.ledger.engine import Draft
from tests import money
from tests.gunicorns import PATIENCE, Web


class Quiet(threading.Thread):
    """It does not keep a process that wants to end."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments, daemon=True)


class Socket(Client):
    """A client of the product's WebSockets; it reads what comes as JSON."""

    def __init__(self, web: Web, path: str, headers: dict[str, str]) -> None:
        self.goes_on = True
        super().__init__(f"ws://127.0.0.1:{web.port}/api/v1/payments/{path}", headers=headers, thread_class=Quiet)
        self.connected = self.connected and self.goes_on

    def handshake(self) -> None:
        """As the library does; what came together with the server's answer, the end of it all perhaps, is not left
        lying until more comes.
        """
        super().handshake()
        self.goes_on = self.connected and self._handle_events()
        self.connected = self.connected or self.close_reason != CloseReason.NO_STATUS_RCVD  # it was there, and ended

    def hear(self) -> dict[str, Any]:
        """The next message."""
        said = self.receive(timeout=PATIENCE)
        assert said is not None, "nothing is heard"
        return dict(json.loads(said))

    def rest(self) -> tuple[list[dict[str, Any]], int]:
        """All messages until the socket is closed, and the code that it was closed with."""
        heard = []
        try:
            while True:
                heard.append(self.hear())
        except ConnectionClosed as closed:
            return heard, closed.reason


def waiting(wallet: int, amount: int = 100, kind: str = "deposit") -> Draft:
    """A payment in cash that is stored, and posted by nobody yet."""
    sides = (money.technical("cash"), wallet) if kind == "deposit" else (wallet, money.technical("cash"))
    draft = money.draft(*sides, amount, kind=kind)
    with atomic():
        engine.store([draft])
    return draft


def pk_of(draft: Draft) -> str:
    """Its id as programs write it."""
    return str(uuid.UUID(draft.id))


def post(*drafts: Draft, tell: bool = True) -> None:
    """Post what was stored, in one transaction, and tell the followers of it."""
    with atomic():
        engine.post([draft.order for draft in drafts])
        if tell:
            on_commit(lambda: live.announce([draft.id for draft in drafts]))


def statuses(heard: list[dict[str, Any]], pk: str) -> list[str]:
    """What was told of a payment, in its order."""
    return [message["status"] for message in heard if message["id"] == pk]
