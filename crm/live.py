"""What has just changed, told to whoever follows it: from process to process over Redis, in memory within one.

`announce` only rings; what is told is read from the database. A process in which somebody follows has one thread with
one subscription, its hub, which reads what was announced once for all followers. Redis forgets what nobody hears, so
the hub reads everything that is followed again from time to time, and after each break of the subscription.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask, current_app
from redis.client import PubSub
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from crm.queue import ask, patient_connection

log = logging.getLogger(__name__)
CHANNEL = "crm:changed"
REREAD_SECONDS = 10.0  # the safety net while Redis answers
ALONE_SECONDS = 2.0  # while it does not
CHUNK = 500  # ids that are read at once


@dataclass(frozen=True, slots=True)
class News:
    """How something that is followed stands: `text` is told where `status` is new; nothing comes after a final one."""

    status: str
    text: str
    is_final: bool


Reader = Callable[[Sequence[str]], dict[str, News]]  # ids → those that there are


def announce(ids: Sequence[str]) -> None:
    """Tell every process that these payments (UUIDs, with dashes or without) have changed. Call it after the commit:
    `on_commit(lambda: live.announce(ids))`.

    One call of Redis, however many there are. Without Redis nothing is raised: followers hear of it a little later.
    """
    if ids:
        message = ",".join(map(plain, ids))
        ask(lambda redis: redis.publish(CHANNEL, message), None)


def plain(pk: str) -> str:
    """A UUID as it is followed: 32 hex digits.

    >>> plain("01920000-0000-7000-8000-0000000000AB")
    '019200000000700080000000000000ab'
    """
    return pk.replace("-", "").lower()


@dataclass(eq=False)
class Follower:
    """Somebody who waits until `wake` is set: there are news, or it is time to leave. The hub alone changes it."""

    owner: int
    wake: threading.Event
    ids: set[str] = field(default_factory=set)  # that are followed still
    told: dict[str, str] = field(default_factory=dict)  # id → status
    news: list[News] = field(default_factory=list)

    def hear(self, pk: str, news: News) -> None:
        """Take the news, if they are any to this follower."""
        if pk not in self.ids or self.told.get(pk) == news.status:
            return
        self.told[pk] = news.status
        self.news.append(news)
        if news.is_final:
            self.ids.discard(pk)
        self.wake.set()


class NoRoom(Exception):
    """No follower more is taken; `of_owner` where it is this owner who has too many."""

    def __init__(self, of_owner: bool) -> None:
        super().__init__()
        self.of_owner = of_owner


class Hub:
    """All followers of this process, and the thread that tells them."""

    def __init__(self, app: Flask, read: Reader) -> None:
        self._app, self._read = app, read
        self._lock = threading.Lock()
        self._followers: list[Follower] = []
        self._thread: threading.Thread | None = None
        self.is_closing = False

    @contextmanager
    def follower(self, owner: int, wake: threading.Event) -> Iterator[Follower]:
        """A place for one more follower; raises `NoRoom`. With the first one, the hub begins to listen."""
        one = Follower(owner, wake)
        with self._lock:
            self._check_room(owner)
            self._followers.append(one)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
        try:
            yield one
        finally:
            with self._lock:
                self._followers.remove(one)

    def follow(self, follower: Follower, ids: Collection[str]) -> None:
        """From now on follow these ids alone. How each stands is its first news; `missing` is final."""
        names = {plain(pk): pk for pk in ids}
        with self._lock:
            follower.ids, follower.told = set(names), {}
        found = self._states(list(names))  # read after they are followed: what changes meanwhile is announced
        with self._lock:
            for name, pk in names.items():
                follower.hear(name, found.get(name) or _missing(pk))

    def take(self, follower: Follower) -> tuple[list[News], bool]:
        """What the follower has not heard yet, and whether there is more to come."""
        with self._lock:
            news, follower.news = follower.news, []
            return news, bool(follower.ids)

    def close(self) -> None:
        """Have all followers leave and take no more: the process is about to end. It may be called by a signal."""
        self.is_closing = True
        for one in tuple(self._followers):
            one.wake.set()

    def _check_room(self, owner: int) -> None:
        of_owner = sum(one.owner == owner for one in self._followers)
        if self.is_closing or len(self._followers) >= self._app.config["FOLLOWERS_PER_PROCESS"]:
            raise NoRoom(of_owner=False)
        if of_owner >= self._app.config["FOLLOWERS_PER_USER"]:
            raise NoRoom(of_owner=True)

    def _states(self, names: Sequence[str]) -> dict[str, News]:
        found: dict[str, News] = {}
        with self._app.app_context():  # with a database session of its own, which ends here
            for start in range(0, len(names), CHUNK):
                found |= self._read(names[start : start + CHUNK])
        return found

    def _look(self, names: Set[str] | None = None) -> None:
        """Read those of the ids that are followed, or all that is, and tell their followers."""
        with self._lock:
            followed = {name for one in self._followers for name in (one.ids if names is None else one.ids & names)}
        found = self._states(sorted(followed)) if followed else {}
        with self._lock:
            for one in self._followers:
                for name in one.ids & found.keys():
                    one.hear(name, found[name])

    def _run(self) -> None:
        complained = False
        while True:
            try:
                self._look()
                with patient_connection(self._app, REREAD_SECONDS) as redis, redis.pubsub() as line:
                    self._listen(line)
            except (RedisError, SQLAlchemyError) as error:
                if not complained:
                    log.warning("Followers are not told at once: %s", error)
                complained = True
            except Exception:
                log.exception("followers could not be told")
            time.sleep(ALONE_SECONDS)

    def _listen(self, line: PubSub) -> None:
        """Hear what is announced, until Redis does not answer any more."""
        line.subscribe(CHANNEL)
        look_at, answered = time.monotonic() + REREAD_SECONDS, True
        while True:
            message = line.get_message(timeout=max(0.0, look_at - time.monotonic()))
            kind = message["type"] if message else ""
            answered = answered or kind == "pong"
            if message and kind == "message":
                self._look(set(message["data"].decode().split(",")))
            if kind == "subscribe":  # at the beginning, and where redis-py has connected again by itself
                self._look()
            if time.monotonic() >= look_at:
                if not answered:
                    raise RedisConnectionError("no answer to a ping")
                look_at, answered = time.monotonic() + REREAD_SECONDS, False
                line.ping()
                self._look()


def _missing(pk: str) -> News:
    return News("missing", json.dumps({"id": pk, "status": None, "error": "not_found"}), is_final=True)


def hub() -> Hub:
    """The hub of this process."""
    found: Hub = current_app.extensions["live"]
    return found


def init_app(app: Flask, read: Reader) -> None:
    """Have a hub that asks `read` how things stand; nothing is connected before somebody follows."""
    app.extensions["live"] = Hub(app, read)
