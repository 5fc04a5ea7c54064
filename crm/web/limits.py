"""How often programs may ask: by token, or by address for those who have none (RateLimit fields by the IETF)."""

import threading
import time

from flask import Flask, Response, abort, current_app, g, request
from flask_login import current_user
from limits.storage import MemoryStorage
from redis import Redis

from crm.queue import ask
from crm.web.guards import present_bearer

WINDOW_SECONDS = 60
SHARE = 100  # of what a minute has, a process takes so much at a time and asks Redis no more until it is used up
_alone = MemoryStorage()  # counts in this process where Redis does not


def init_app(app: Flask) -> None:
    """Count what is asked under /api, before anything else is done for it."""
    app.extensions["allowances"] = Allowances()

    @app.before_request
    def count() -> None:
        if not request.path.startswith("/api/") or not app.config["RATELIMIT_ENABLED"]:
            return
        who, quota = _whose()
        window, passed = divmod(int(time.time()), WINDOW_SECONDS)
        rest = _taken(app.extensions["allowances"], f"crm:asked:{who}:{window}", window, quota)
        g.allowance = (quota, max(0, rest), WINDOW_SECONDS - passed)
        if rest < 0:
            abort(429)

    @app.after_request
    def tell(response: Response) -> Response:
        if allowance := g.get("allowance"):
            quota, rest, seconds = allowance
            response.headers["RateLimit-Policy"] = f'"default";q={quota};w={WINDOW_SECONDS}'
            response.headers["RateLimit"] = f'"default";r={rest};t={seconds}'
            if response.status_code == 429:
                response.headers.setdefault("Retry-After", str(seconds))
        return response


def _whose() -> tuple[str, int]:
    """Whose request it is, and how many of them a minute has; who guesses tokens is counted by address."""
    if current_user.is_authenticated and (by_token := present_bearer()):
        return f"token:{by_token.token_id}", current_app.config["CRM_API_LIMIT"]
    return f"address:{request.remote_addr}", current_app.config["CRM_API_ADDRESS_LIMIT"]


class Allowances:
    """What this process has taken of the present minute's requests and not used yet, by the key of whose they are."""

    def __init__(self) -> None:
        self.lock, self.window, self.left = threading.Lock(), 0, dict[str, tuple[int, int]]()

    def take(self, key: str, window: int) -> int | None:
        """How many are left after one more request, by what was taken; None where nothing is."""
        with self.lock:
            if self.window != window:
                self.window, self.left = window, {}
            mine, elsewhere = self.left.get(key, (0, 0))
            if not mine:
                return None
            self.left[key] = mine - 1, elsewhere
            return mine - 1 + elsewhere

    def add(self, key: str, window: int, count: int, elsewhere: int) -> None:
        """Keep so many for the requests to come; `elsewhere` are those that nobody has taken."""
        with self.lock:
            if self.window == window:
                self.left[key] = self.left.get(key, (0, 0))[0] + count, elsewhere


def _taken(allowances: Allowances, key: str, window: int, quota: int) -> int:
    """Use one of the minute's requests, and say how many are left; below 0 there was none."""
    rest = allowances.take(key, window)
    if rest is not None:
        return rest
    wanted = max(1, quota // SHARE)
    before = _count(key, wanted) - wanted
    got = min(wanted, quota - before)
    if got <= 0:
        return -1
    allowances.add(key, window, got - 1, quota - before - got)
    return quota - before - 1


def _count(key: str, wanted: int) -> int:
    def hit(redis: Redis) -> int:
        used = int(redis.incrby(key, wanted))
        if used == wanted:
            redis.expire(key, 2 * WINDOW_SECONDS)
        return used

    return ask(hit, 0) or _alone.incr(key, 2 * WINDOW_SECONDS, wanted)
