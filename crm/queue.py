"""The bell: Redis and RQ say that there is work; what is to be done stands in the database."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from flask import Flask, current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue

log = logging.getLogger(__name__)
ANSWER_SECONDS = 0.2  # a request does not wait longer for Redis
LEFT_OUT_SECONDS = 5
JOB_SECONDS = 12 * 3600
FAILURE_SECONDS = 24 * 3600  # how long RQ remembers a failed job; the database remembers what matters
QUEUE = "default"
BELL_SECONDS = 30  # a job that was lost keeps the bell silent no longer

T = TypeVar("T")


@dataclass
class _Line:
    connection: Redis
    left_out_until: float = 0.0
    is_down: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


def redis_connection(app: Flask) -> Redis:
    """The app's Redis for use inside requests: it answers within 200 ms or raises `redis.RedisError`."""
    return _line(app).connection


def patient_connection(app: Flask, seconds: float) -> Redis:
    """A new connection for a process that waits for work; a call may take as many seconds."""
    return _connect(app, seconds)


def queue() -> Queue:
    """The current app's queue of jobs."""
    return Queue(QUEUE, connection=redis_connection(current_app), default_timeout=JOB_SECONDS)


def enqueue(function: str | Callable[..., object], *args: int | str, job_id: str | None = None) -> bool:
    """Have a worker call the function (or `"module.name"`) soon; tells whether the bell could be rung.

    Without Redis nothing is raised and nothing is lost: the sweep finds in the database what is to be done.
    `job_id` takes letters, digits, `_` and `-`; without one it is random.
    """
    name = function if isinstance(function, str) else f"{function.__module__}.{function.__qualname__}"

    def ring(_connection: Redis) -> bool:
        queue().enqueue(name, *args, job_id=job_id, result_ttl=0, failure_ttl=FAILURE_SECONDS)
        return True

    return ask(ring, False)


def ring(function: str) -> None:
    """Have ONE job run `"module.name"` soon, however many ring for it meanwhile; the job calls `answer` first. Without
    Redis nothing is raised: the sweep rings again.
    """

    def call(redis: Redis) -> None:
        if redis.set(f"crm:bell:{function}", 1, nx=True, ex=BELL_SECONDS):
            queue().enqueue(function, result_ttl=0, failure_ttl=FAILURE_SECONDS)

    ask(call, None)


def answer(function: str) -> None:
    """Take the bell down: who rings from now on is heard by another job."""
    ask(lambda redis: redis.delete(f"crm:bell:{function}"), 0)


def ask(call: Callable[[Redis], T], otherwise: T) -> T:
    """What `call` gets from Redis, or `otherwise` where Redis does not answer.

    After a failure Redis is left out for 5 s, so that a page waits for it once and not at every call.
    """
    line = _line(current_app)
    if time.monotonic() < line.left_out_until:
        return otherwise
    try:
        answer = call(line.connection)
    except RedisError as error:
        _note(line, error)
        return otherwise
    if line.is_down:
        _note(line, None)
    return answer


def _note(line: _Line, error: RedisError | None) -> None:
    with line.lock:
        was_down, line.is_down = line.is_down, error is not None
        line.left_out_until = time.monotonic() + LEFT_OUT_SECONDS if error else 0.0
    if error and not was_down:
        log.warning("Redis does not answer (%s); the product goes on without it and tries again.", error)
    if was_down and not error:
        log.warning("Redis answers again.")


def _line(app: Flask) -> _Line:
    line: _Line | None = app.extensions.get("redis")
    if line is None:
        line = app.extensions.setdefault("redis", _Line(_connect(app, ANSWER_SECONDS)))
    return line


def _connect(app: Flask, seconds: float) -> Redis:
    # redis-py's own retries would multiply the time that was meant
    return Redis.from_url(
        app.config["REDIS_URL"], socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
    )
