"""Figures that cost much, kept in Redis for some minutes; while Redis does not answer each is worked out anew."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from crm.queue import ask

KEPT_SECONDS = 300


class Kept(NamedTuple):
    """A figure, and when it was worked out."""

    value: Any
    at: datetime


def recall(key: str) -> Kept | None:
    """What is kept under the key, None for nothing. A decision about money never asks here."""
    found = ask(lambda redis: redis.get(f"crm:kept:{key}"), None)
    if not isinstance(found, bytes):
        return None
    at, value = json.loads(found)
    return Kept(value, datetime.fromisoformat(at))


def keep(key: str, kept: Kept) -> None:
    """Keep it for `KEPT_SECONDS`; the value is anything that JSON has."""
    text = json.dumps([kept.at.isoformat(), kept.value])
    ask(lambda redis: redis.set(f"crm:kept:{key}", text, ex=KEPT_SECONDS), None)
