"""`python -m crm.supervisor`: prepare the database, then run web, worker, scheduler and Redis until Ctrl-C."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Sequence
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

BACKGROUND = ("worker", "scheduler")
BACKGROUND_SECONDS = 5  # how long they wait for the web server, which starts faster without them
SLOW_SECONDS = 30
FIRST_ADMIN = ("flask", "--app", "wsgi", "users", "first")


@dataclass
class Stop:
    """How often a signal has asked to stop: once is enough, twice is urgent."""

    signals: int = 0

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.signals += 1

    def is_urgent(self) -> bool:
        """Whether a second signal came."""
        return self.signals > 1


@dataclass
class Announcement:
    """Says once that the product is ready, or that it takes long."""

    host: str
    port: int
    since: float = field(default_factory=time.monotonic)
    ready: bool = False
    slow: bool = False

    @property
    def age(self) -> float:
        """Seconds since the web server was started."""
        return time.monotonic() - self.since

    def look(self) -> None:
        """Ask the product whether it is ready, as long as it was not."""
        status, body = _get(self.host, self.port, "/readyz")
        if status == 200:
            self.ready = True
            print(f"Ready: http://{_url_host(self.host)}:{self.port}", flush=True)
        elif not self.slow and self.age > SLOW_SECONDS:
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
    with hold(instance):
        require_port(settings["CRM_HOST"], settings["CRM_PORT"])
        require_database(settings["SQLALCHEMY_DATABASE_URI"])
        environment = _environment(instance)
        commands = {
            name: shlex.split(command)
            for name, command in parse_procfile((config.ROOT / "Procfile").read_text()).processes.items()
        }
        redis = [] if os.environ.get("REDIS_URL") else [Child("redis", valkey.command(instance), environment)]
        services = [Child(name, commands[name], environment) for name in ("web", *BACKGROUND)]
        first_admin = Child("first admin", FIRST_ADMIN, environment)
        try:
            for child in redis:
                valkey.end_leftover(instance)
                tend(child)
                valkey.wait_until_answers(instance)
            if _release(commands["release"], environment, stop):
                announcement = Announcement(settings["CRM_HOST"], settings["CRM_PORT"])
                _serve(redis, services, first_admin, announcement, stop)
        finally:
            end([*services, first_admin], stop.is_urgent)
            end(redis, stop.is_urgent)


def _environment(instance: Path) -> dict[str, str]:
    programs = str(Path(sys.executable).parent)
    return os.environ | {
        "PATH": programs + os.pathsep + os.environ.get("PATH", os.defpath),
        "CRM_INSTANCE": str(instance),
        "PYTHONUNBUFFERED": "1",
    }


def _release(command: list[str], environment: dict[str, str], stop: Stop) -> bool:
    """Run the step before every start; False when a signal came meanwhile."""
    process = spawn(command, environment)
    while (code := process.poll()) is None:
        if stop.signals:
            process.terminate()
        time.sleep(TICK / 5)
    _require_success(command, 0 if stop.signals else code)
    return not stop.signals


def _serve(
    redis: list[Child], services: list[Child], first_admin: Child, announcement: Announcement, stop: Stop
) -> None:
    """Keep everything running until a signal; the first administrator is made while the web server starts."""
    tend(first_admin)
    while not stop.signals:
        web_alone = not announcement.ready and announcement.age < BACKGROUND_SECONDS
        for child in redis + services[: 1 if web_alone else None]:
            tend(child)
        if not announcement.ready and _succeeded(first_admin):
            announcement.look()
        time.sleep(TICK)
    print("Stopping.", flush=True)


def _succeeded(child: Child) -> bool:
    code = child.process.poll() if child.process else None
    _require_success(child.command, code or 0)
    return code is not None


def _require_success(command: Sequence[str], code: int) -> None:
    if code:
        raise CannotStart(f"`{shlex.join(command)}` failed, so the product does not start; what it said stands above.")


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
