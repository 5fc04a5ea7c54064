"""How often programs may ask: by token, or by address for those who have none (RateLimit fields by the IETF)."""

import time

from flask import Flask, Response, abort, current_app, g, request
from flask_login import current_user
from limits.storage import MemoryStorage
from redis import Redis

from crm.queue import ask
from crm.web.guards import present_token

WINDOW_SECONDS = 60
_alone = MemoryStorage()  # counts in this process where Redis does not


def init_app(app: Flask) -> None:
    """Count what is asked under /api, before anything else is done for it."""

    @app.before_request
    def count() -> None:
        if not request.path.startswith("/api/") or not app.config["RATELIMIT_ENABLED"]:
            return
        who, quota = _whose()
        window, passed = divmod(int(time.time()), WINDOW_SECONDS)
        used = _count(f"crm:asked:{who}:{window}")
        g.allowance = (quota, max(0, quota - used), WINDOW_SECONDS - passed)
        if used > quota:
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
    if current_user.is_authenticated and (token := present_token()):
        return f"token:{token.id}", current_app.config["CRM_API_LIMIT"]
    return f"address:{request.remote_addr}", current_app.config["CRM_API_ADDRESS_LIMIT"]


def _count(key: str) -> int:
    def hit(redis: Redis) -> int:
        used = int(redis.incr(key))
        if used == 1:
            redis.expire(key, 2 * WINDOW_SECONDS)
        return used

    return ask(hit, 0) or _alone.incr(key, 2 * WINDOW_SECONDS)
