"""What must hold before anything is started; what does not is said in one sentence."""

import errno
import fcntl
import os
import socket
import time
from pathlib import Path
from typing import IO

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import DBAPIError

PORT_SECONDS = 3  # a web server that was killed with its supervisor may take a moment to let go of the port
DATABASE_SECONDS = 5


class CannotStart(RuntimeError):
    """The message is one sentence for the operator."""


def hold(instance: Path) -> IO[str]:
    """Take the instance folder for this process alone, for as long as the returned file is open.

    Children do not inherit it, so that it is free again whatever happens to this process.
    """
    try:
        file = (instance / "lock").open("a+")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        raise CannotStart(
            f"The product already runs on {instance} (process {holder}): stop that one, or set CRM_INSTANCE "
            "to another folder and CRM_PORT to another port."
        ) from None
    except OSError as error:
        raise CannotStart(f"The folder {instance} cannot be written to ({error.strerror}).") from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def require_port(host: str, port: int) -> None:
    """Refuse to start where something else listens, or where the host is none of this machine's."""
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        try:
            family, kind, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
            return
        except PermissionError:
            raise CannotStart(f"Port {port} needs more rights than this user has: set CRM_PORT to another.") from None
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno != errno.EADDRINUSE:
                raise CannotStart(f"CRM_HOST is {host!r}, which is no address of this machine.") from error
        if time.monotonic() > deadline:
            raise CannotStart(f"Port {port} on {host} is taken: set CRM_PORT to a free one.")
        time.sleep(0.1)


def require_database(uri: str) -> None:
    """Refuse to start where the PostgreSQL of DATABASE_URL does not let us in (SQLite is a file: made when missing)."""
    url = make_url(uri)
    if url.get_backend_name() == "sqlite":
        return
    engine = create_engine(url, connect_args={"connect_timeout": DATABASE_SECONDS})
    try:
        engine.connect().close()
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise CannotStart(f"The database of DATABASE_URL cannot be reached: {reason}") from error
    finally:
        engine.dispose()
