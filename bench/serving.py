"""The product as it is served: gunicorn as `gunicorn.conf.py` has it, two processes, and Valkey."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection

from flask import Flask

from crm.config import ROOT
from crm.supervisor import valkey

START_SECONDS = 60
CONSTANT, WITH_CONSTANT = "/constant", "bench.constant:app"  # a route more, and the module that adds it


@contextmanager
def redis(app: Flask) -> Iterator[None]:
    """Valkey on the socket of the app's instance."""
    process = subprocess.Popen(valkey.command(app.config["CRM_INSTANCE"]))
    try:
        valkey.wait_until_answers(app.config["CRM_INSTANCE"])
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def gunicorn(app: Flask, module: str = "wsgi:app", **settings: str) -> Iterator[int]:
    """The web server on the app's database; the port that it listens at. `settings` go into its environment."""
    port = _free_port()
    environment = os.environ | {
        "CRM_INSTANCE": str(app.config["CRM_INSTANCE"]),
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "SECRET_KEY": app.config["SECRET_KEY"],
        "CRM_PORT": str(port),
        **settings,
    }
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", module]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if time.monotonic() > deadline:
                raise RuntimeError("the web server does not start")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(port: int) -> bool:
    with suppress(OSError):
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    return False
