"""The bell is rung when Redis hears it; when it doesn't, nobody waits and nothing breaks."""

import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from rq.job import Job

from crm import queue
from crm.queue import ask, enqueue
from crm.supervisor import valkey


class DeafRedis:
    """A server that lets clients connect and never says a word."""

    def __init__(self, path: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.listener.setblocking(False)

    def visitors(self) -> int:
        """How many have connected since this was asked the last time."""
        count = 0
        while True:
            try:
                self.listener.accept()[0].close()
            except BlockingIOError:
                return count
            count += 1


@pytest.fixture
def deaf(run: Path, worker: str) -> Iterator[tuple[DeafRedis, Flask]]:
    """A Redis that does not answer, and an app that is told to use it."""
    path = run / f"deaf-{worker}.sock"
    app = Flask("deaf")
    app.config["REDIS_URL"] = f"unix://{path}"
    server = DeafRedis(path)
    with app.app_context():
        yield server, app
    server.listener.close()
    path.unlink()


@pytest.fixture
def redis_app(redis_address: str, redis: Redis) -> Iterator[Flask]:
    """An app with a Redis that answers."""
    app = Flask("answered")
    app.config["REDIS_URL"] = redis_address
    with app.app_context():
        yield app


def test_a_job_is_queued_by_name_and_kept_no_longer_than_needed(redis_app: Flask, redis: Redis) -> None:
    assert enqueue("crm.jobs.run_import", 7) is True
    [job_id] = queue.queue().job_ids
    job = Job.fetch(job_id, connection=redis)
    assert (job.func_name, job.args, job.result_ttl) == ("crm.jobs.run_import", (7,), 0)
    assert job.timeout == queue.JOB_SECONDS


def test_a_function_is_queued_as_its_name(redis_app: Flask, redis: Redis) -> None:
    enqueue(ask, "anything", job_id="by-function")
    assert Job.fetch("by-function", connection=redis).func_name == "crm.queue.ask"


def test_a_redis_that_does_not_answer_breaks_nothing_and_is_then_left_out(
    deaf: tuple[DeafRedis, Flask], caplog: pytest.LogCaptureFixture
) -> None:
    server, _app = deaf
    assert enqueue("crm.jobs.sweep") is False
    assert server.visitors() == 1
    assert enqueue("crm.jobs.sweep") is False
    assert ask(lambda connection: connection.get("figure"), b"from the database") == b"from the database"
    assert server.visitors() == 0
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.skipif(sys.platform != "linux", reason="the embedded Redis is for Linux")
def test_redis_is_asked_again_after_a_while(
    run: Path, worker: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queue, "LEFT_OUT_SECONDS", 0)
    instance = run / f"queue-{worker}"
    instance.mkdir()
    app = Flask("late")
    app.config["REDIS_URL"] = f"unix://{instance}/valkey.sock"
    with app.app_context():
        assert enqueue("crm.jobs.sweep") is False
        with subprocess.Popen(valkey.command(instance)) as server:
            valkey.wait_until_answers(instance)
            answer = enqueue("crm.jobs.sweep")
            server.kill()
    assert answer is True
    assert "answers again" in caplog.text
