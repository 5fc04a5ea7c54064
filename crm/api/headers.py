"""The headers that calls take and give, described once."""

from typing import Any

from flask import request

FILE_KEY = "Idempotency-Key of a file"
SENT: dict[str, dict[str, Any]] = {
    "If-Match": {
        "description": "The ETag of what you have read, or `*`.",
        "schema": {"type": "string", "pattern": r'^("[0-9]{1,9}"|\*)$'},
        "example": '"1"',
    },
    "Idempotency-Key": {
        "required": True,
        "description": "Any text of your own: the same one again makes no second payment.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[!-~]+$"},
        "example": "order-1024",
    },
    FILE_KEY: {
        "name": "Idempotency-Key",
        "description": "Any text of your own: the same one again imports the file no second time.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[!-~]+$"},
        "example": "clients-2026-11-26",
    },
    "Prefer": {
        "description": "`wait=N` waits up to N seconds, ten at most, for the final state.",
        "schema": {"type": "string"},
        "example": "wait=5",
    },
}
TOLD: dict[str, dict[str, Any]] = {
    "X-Request-Id": {"description": "The name of this request in the log.", "schema": {"type": "string"}},
    "RateLimit": {"description": "How many requests are left, and for how many seconds.", "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "How many requests a minute has.", "schema": {"type": "string"}},
    "ETag": {"description": "The version, for `If-Match`.", "schema": {"type": "string"}},
    "Location": {"description": "Where it can be read.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {"description": "`true`: the key was known already.", "schema": {"type": "string"}},
    "Preference-Applied": {"description": "The preference that was heeded.", "schema": {"type": "string"}},
    "Retry-After": {"description": "In how many seconds to try again.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "What the token lacks (RFC 6750).", "schema": {"type": "string"}},
}
ALWAYS = ("X-Request-Id", "RateLimit", "RateLimit-Policy")
BY_STATUS = {401: ("WWW-Authenticate",), 403: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def idempotency_key() -> str:
    """The key that was sent, '' where there is none."""
    return request.headers.get("Idempotency-Key", "").strip()


def told_with(status: int, more: tuple[str, ...] = ()) -> dict[str, Any]:
    """The headers of an answer with this status, as OpenAPI refers to them."""
    names = (*ALWAYS, *BY_STATUS.get(status, ()), *more)
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
