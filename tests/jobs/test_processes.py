"""Worker and scheduler as an operator starts them: they wait for Redis, and end when they are told to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from redis import Redis
from rq import Queue

from crm.config import ROOT
from crm.supervisor import valkey

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the embedded Redis is for Linux")
SECONDS = 60


class Redises:
    """An instance folder where a Valkey can be started and killed."""

    def __init__(self, instance: Path, stack: ExitStack) -> None:
        self.instance, self.stack = instance, stack
        self.connection = Redis(unix_socket_path=str(instance / "valkey.sock"))

    def start(self) -> subprocess.Popen[bytes]:
        server = subprocess.Popen(valkey.command(self.instance))
        self.stack.callback(server.wait)
        self.stack.callback(server.kill)
        valkey.wait_until_answers(self.instance)
        return server


@pytest.fixture
def redises(run: Path, worker: str) -> Iterator[Redises]:
    instance = run / f"processes-{worker}"
    instance.mkdir(exist_ok=True)
    with ExitStack() as stack:
        yield Redises(instance, stack)


@pytest.fixture
def started(redises: Redises) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """`started("worker")` is the process of `flask --app wsgi worker`, its output in `worker.log`."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")}
    environment = inherited | {"CRM_INSTANCE": str(redises.instance)}
    with ExitStack() as stack:

        def start(name: str) -> subprocess.Popen[bytes]:
            log = stack.enter_context((redises.instance / f"{name}.log").open("wb"))
            command = [sys.executable, "-m", "flask", "--app", "wsgi", name]
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield start


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not within {SECONDS} s"
        time.sleep(0.05)


def has_worked(redis: Redis, name: str) -> bool:
    """Whether the scheduler has rung, or the worker has done the job that it was given."""
    if name == "scheduler":
        return bool(redis.llen("rq:queue:default"))
    return not redis.exists("rq:job:asked")


@pytest.mark.parametrize("name", ["worker", "scheduler"])
def test_it_waits_for_redis_calmly_and_stops_without_it(
    redises: Redises, started: Callable[[str], subprocess.Popen[bytes]], name: str
) -> None:
    process = started(name)
    output = redises.instance / f"{name}.log"
    eventually(lambda: "waiting for it" in output.read_text())
    server = redises.start()
    redises.connection.flushall()
    if name == "worker":
        Queue("default", connection=redises.connection).enqueue("time.sleep", 0, job_id="asked", result_ttl=0)
    eventually(lambda: has_worked(redises.connection, name))
    server.kill()
    server.wait()
    if name == "worker":  # the scheduler sleeps till its next turn
        eventually(lambda: output.read_text().count("Redis") > 1)
    assert "Traceback" not in output.read_text()
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0


def test_a_stop_interrupts_the_job_that_runs(
    redises: Redises, started: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    redises.start()
    redises.connection.flushall()
    process = started("worker")
    job = Queue("default", connection=redises.connection).enqueue("time.sleep", 600)
    eventually(lambda: job.get_status() == "started" and psutil.Process(process.pid).children())
    horse = psutil.Process(process.pid).children()[0]
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0
    assert not horse.is_running()
