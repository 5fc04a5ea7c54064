"""Requests over several connections that stay open, driven by one thread, and how long each took."""

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Request = Callable[[], bytes]


@dataclass
class _Line:
    socket: socket.socket
    begun: float = 0.0
    heard: bytearray = field(default_factory=bytearray)


class Load:
    """So many clients of one server, each of which asks again as soon as it has its answer."""

    def __init__(self, port: int, clients: int) -> None:
        self.ready = selectors.DefaultSelector()
        self.lines = [_Line(socket.create_connection(("127.0.0.1", port))) for _ in range(clients)]
        for line in self.lines:
            self.ready.register(line.socket, selectors.EVENT_READ, line)

    def run(self, ask: Request, seconds: float, status: int) -> tuple[list[float], float]:
        """The seconds of each answer, and those of all together; any other status is an error."""
        taken: list[float] = []
        begun = time.perf_counter()
        for line in self.lines:
            _send(line, ask)
        waiting = len(self.lines)
        while waiting:
            for key, _events in self.ready.select():
                heard: _Line = key.data
                if not _hear(heard, status):
                    continue
                now = time.perf_counter()
                taken.append(now - heard.begun)
                if now - begun < seconds:
                    _send(heard, ask)
                else:
                    waiting -= 1
        return taken, time.perf_counter() - begun

    def close(self) -> None:
        for line in self.lines:
            line.socket.close()


def _send(line: _Line, ask: Request) -> None:
    request = ask()
    line.begun = time.perf_counter()
    line.heard.clear()
    line.socket.sendall(request)


def _hear(line: _Line, status: int) -> bool:
    """Read what has come; True where it is the whole answer."""
    heard = line.socket.recv(1 << 20)
    line.heard += heard
    head, _blank, body = line.heard.partition(b"\r\n\r\n")
    lengths = [int(one[15:]) for one in head.split(b"\r\n") if one.lower().startswith(b"content-length:")]
    if heard and (not lengths or len(body) < lengths[0]):
        return False
    if head.split(b" ", 2)[1:2] != [str(status).encode()]:
        raise RuntimeError(bytes(line.heard[:2000]).decode(errors="replace"))
    return True
