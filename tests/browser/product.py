"""The whole product, started as a person starts it: its supervisor, on an instance folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from crm.config import ROOT
from crm.processes import die_with

START_SECONDS, END_SECONDS = 90, 20
FOREIGN = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "WEB_CONCURRENCY", "MAIL_URL")


class Product:
    """Web server, worker, scheduler and Redis behind one address, `url`."""

    def __init__(self, instance: Path, email: str, password: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
        for name in FOREIGN:
            inherited.pop(name, None)
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = instance.parent / f"{instance.name}.log"
        self.environment = inherited | {
            "CRM_INSTANCE": str(instance),
            "CRM_PORT": str(port),
            "CRM_ADMIN_EMAIL": email,
            "CRM_ADMIN_PASSWORD": password,
        }
        us = os.getpid()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "crm.supervisor"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: die_with(us),
            )

    def wait_until_ready(self) -> None:
        """Return when pages are served; what stood in the way is the failure's message."""
        deadline = time.monotonic() + START_SECONDS
        while "Ready: " not in self.log.read_text():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def end(self) -> None:
        """End all of it, as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
