"""`python -m crm.supervisor`: prepare the database, then run web, worker, scheduler and Redis until Ctrl-C."""

import os
import shlex
import signal
import sys
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import Any

from honcho.environ import parse_procfile

from crm import config
from crm.supervisor import valkey
from crm.supervisor.children import TICK, Child, end, spawn, tend
from crm.supervisor.preconditions import CannotStart, hold, require_database, require_port

SERVICES = ("web", "worker", "scheduler")
SLOW_SECONDS = 30


@dataclass
class Stop:
    """How often a signal has asked to stop: once is enough, twice is urgent."""

    signals: int = 0

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.signals += 1


@dataclass
class Announcement:
    """Says once that the product is ready, and once that it takes long."""

    host: str
    port: int
    since: float = field(default_factory=time.monotonic)
    ready: bool = False
    slow: bool = False

    def look(self) -> None:
        """Ask the product whether it is ready, as long as it was not."""
        if self.ready:
            return
        status, body = _get(self.host, self.port, "/readyz")
        if status == 200:
            self.ready = True
            print(f"Ready: http://{_url_host(self.host)}:{self.port}", flush=True)
        elif not self.slow and time.monotonic() - self.since > SLOW_SECONDS:
            self.slow = True
            print(f"Not ready after {SLOW_SECONDS} s: {body or 'the web server does not answer'}", flush=True)


def main() -> int:
    """Run until a signal; 0 then, 1 where something stands in the way, 2 for a bad setting."""
    stop = Stop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        _run(config.load(), stop)
    except config.ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(settings: dict[str, Any], stop: Stop) -> None:
    instance: Path = settings["CRM_INSTANCE"]
    environment = _environment(instance)
    procfile = parse_procfile((config.ROOT / "Procfile").read_text()).processes
    with hold(instance):
        redis: list[Child] = []
        services = [Child(name, shlex.split(procfile[name]), environment) for name in SERVICES]
        require_port(settings["CRM_HOST"], settings["CRM_PORT"])
        require_database(settings["SQLALCHEMY_DATABASE_URI"])
        if not os.environ.get("REDIS_URL"):
            redis = [Child("redis", valkey.command(instance), environment)]
            valkey.end_leftover(instance)
        try:
            for child in redis:
                tend(child)
                valkey.wait_until_answers(instance)
            _prepare(procfile["release"], environment, stop)
            announcement = Announcement(settings["CRM_HOST"], settings["CRM_PORT"])
            while not stop.signals:
                for child in redis + services:
                    tend(child)
                announcement.look()
                time.sleep(TICK)
        finally:
            end(services, lambda: stop.signals > 1)
            end(redis, lambda: stop.signals > 1)


def _environment(instance: Path) -> dict[str, str]:
    programs = str(Path(sys.executable).parent)
    return os.environ | {
        "PATH": programs + os.pathsep + os.environ.get("PATH", os.defpath),
        "CRM_INSTANCE": str(instance),
        "PYTHONUNBUFFERED": "1",
    }


def _prepare(release: str, environment: dict[str, str], stop: Stop) -> None:
    for command in (shlex.split(release), ["flask", "--app", "wsgi", "users", "first"]):
        process = spawn(command, environment)
        while (code := process.poll()) is None and not stop.signals:
            time.sleep(TICK / 5)
        if stop.signals:
            process.terminate()
            process.wait()
            return
        if code:
            raise CannotStart(f"`{shlex.join(command)}` failed, so nothing was started; what it said stands above.")


def _get(host: str, port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection(_url_host(host).strip("[]"), port, timeout=2)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(500).decode(errors="replace").strip()
    except (OSError, HTTPException):
        return 0, ""
    finally:
        connection.close()


def _url_host(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    sys.exit(main())
