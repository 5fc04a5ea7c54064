"""The web server as an operator starts it, and a browser's headers for clients that are none."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from http.client import HTTPConnection

import psutil
from flask import Flask

from crm.config import ROOT
from crm.db import db
from tests.client import Browser

PATIENCE = 60


class Web:
    """A gunicorn with its workers on the app's database, in a process group of its own."""

    def __init__(self, app: Flask) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        url = db.engine.url.set(drivername=db.engine.dialect.name)
        self.environment = os.environ | {
            "CRM_INSTANCE": str(app.config["CRM_INSTANCE"]),
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "REDIS_URL": app.config["REDIS_URL"],
            "SECRET_KEY": app.config["SECRET_KEY"],
            "CRM_PORT": str(self.port),
        }
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "wsgi:app"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, start_new_session=True)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def renew(self) -> None:
        """Put new workers in the place of those that there are: they have seen nothing of the database yet."""
        workers = psutil.Process(self.process.pid).children()
        for worker in workers:
            worker.kill()
        _gone, alive = psutil.wait_procs(workers, PATIENCE)
        assert not alive

    def wait_until_ready(self) -> "Web":
        deadline = time.monotonic() + PATIENCE
        while self.status("/healthz") != 200:
            assert time.monotonic() < deadline and self.process.poll() is None, "the web server does not start"
            time.sleep(0.05)
        return self

    def status(self, path: str, headers: dict[str, str] | None = None) -> int:
        """The status of a GET; 0 where nobody answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers=headers or {})
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


def headers_of(browser: Browser) -> dict[str, str]:
    """What a signed-in browser sends along."""
    token = browser.csrf_token()  # it goes into the session, so it comes first
    cookie = browser.get_cookie("session")
    assert cookie
    return {"Cookie": f"session={cookie.value}", "X-CSRFToken": token, "HX-Request": "true"}
