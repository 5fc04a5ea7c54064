"""What `flask worker` and `flask scheduler` run: RQ's own, taught to wait for Redis and to end in good order."""

import gc
import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from flask import current_app
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from rq import Worker
from rq.cron import CronScheduler
from rq.exceptions import StopRequested
from rq.job import Job
from rq.queue import Queue

from crm.db import db
from crm.jobs import sweep
from crm.processes import die_with
from crm.queue import FAILURE_SECONDS, JOB_SECONDS, QUEUE, patient_connection

log = logging.getLogger(__name__)
SWEEP_SECONDS = 15
LONGEST_WAIT_SECONDS = 10
WORKER_TTL_SECONDS = 60


class ForkingWorker(Worker):
    """RQ's worker, whose work horse dies with it, and which works on while Redis is away."""

    max_connection_wait_time = LONGEST_WAIT_SECONDS
    stop_wanted = False

    def handle_warm_shutdown_request(self) -> None:
        """Have the job that runs give back what it has in hand: the next start goes on from there."""
        self.stop_wanted = True
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    def heartbeat(self, *args: Any, **kwargs: Any) -> None:
        """As RQ does, at every turn of its loop; a stop may have been lost in somebody's `except Exception`."""
        if self.stop_wanted and not self.horse_pid:
            raise StopRequested
        super().heartbeat(*args, **kwargs)

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()
        signal.signal(signal.SIGTERM, _interrupt)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        self.parent = os.getpid()
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        die_with(self.parent)
        gc.freeze()  # what the worker has loaded is no garbage: looking through it took a third of a posting's time
        db.engine.dispose(close=False)  # a database connection cannot be shared by two processes
        super().main_work_horse(job, queue)

    def maintain_heartbeats(self, *args: Any) -> None:
        """As RQ does, but a horse is not left alone because Redis went away while it runs."""
        try:
            super().maintain_heartbeats(*args)
        except (RedisConnectionError, RedisTimeoutError) as error:
            log.warning("Redis does not answer (%s); the job that runs goes on.", error)

    def subscribe(self) -> None:
        """Nobody sends commands to workers; a thread beside a fork would be a risk for nothing."""

    def register_death(self) -> None:
        """As RQ does; without Redis the registration ends by itself."""
        with suppress(RedisError):
            super().register_death()


class PatientScheduler(CronScheduler):
    """RQ's scheduler, which ends when it is asked to, with Redis or without."""

    def register_death(self, *args: Any) -> None:
        with suppress(RedisError):
            super().register_death(*args)


def run_worker() -> None:
    """Do jobs until a signal asks to stop."""
    logging.getLogger("rq.worker").addFilter(_say_briefly)
    connection = patient_connection(current_app, WORKER_TTL_SECONDS)

    def work() -> bool:
        forking = ForkingWorker([QUEUE], connection=connection, worker_ttl=WORKER_TTL_SECONDS)
        with suppress(RedisError):
            forking.work(logging_level="WARNING")
        return forking.stop_wanted

    _until_stopped(connection, work)


def run_scheduler() -> None:
    """Have a worker sweep every 15 seconds, until a signal asks to stop."""
    logging.getLogger("rq.cron").setLevel(logging.WARNING)
    connection = patient_connection(current_app, LONGEST_WAIT_SECONDS)

    def work() -> bool:
        cron = PatientScheduler(connection=connection, logging_level=logging.WARNING)
        cron.register(
            sweep,
            queue_name=QUEUE,
            interval=SWEEP_SECONDS,
            job_timeout=JOB_SECONDS,
            result_ttl=0,
            failure_ttl=FAILURE_SECONDS,
            ttl=SWEEP_SECONDS,  # sweeps do not pile up behind a long job
        )
        with suppress(RedisError):
            cron.start()  # returns only when a signal asked for it
            return True
        return False

    _until_stopped(connection, work)


def _until_stopped(connection: Redis, work: Callable[[], bool]) -> None:
    """Call `work` while Redis answers, until it returns True or a signal asks to stop."""
    try:
        while True:
            signal.signal(signal.SIGINT, _stop)
            signal.signal(signal.SIGTERM, _stop)
            _await_redis(connection)
            if work():
                return
            time.sleep(1)
    except StopRequested:
        return


def _await_redis(connection: Redis) -> None:
    wait = 1
    while True:
        try:
            connection.ping()
        except RedisError as error:
            if wait == 1:
                log.warning("Redis does not answer (%s); waiting for it.", error)
        else:
            return
        time.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT_SECONDS)


def _say_briefly(record: logging.LogRecord) -> bool:
    """RQ shows a stack trace when Redis goes away at the wrong moment; a sentence does."""
    if record.exc_info and isinstance(record.exc_info[1], RedisError):
        record.msg, record.args = "Redis does not answer (%s).", (record.exc_info[1],)
        record.exc_info = None
    return True


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    logging.getLogger("rq.worker").setLevel(logging.CRITICAL)  # to be stopped is no failure worth a stack trace
    raise SystemExit


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise StopRequested
