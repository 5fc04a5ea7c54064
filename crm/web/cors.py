"""Which pages from elsewhere may call the API from a browser: none, unless CRM_CORS_ORIGINS names them."""

from flask import Flask
from flask_cors import CORS

ASKED = ["Authorization", "Content-Type", "If-Match", "Idempotency-Key", "Prefer", "X-Request-Id"]
TOLD = [
    *("ETag", "Location", "Idempotent-Replayed", "Preference-Applied", "RateLimit", "RateLimit-Policy", "Retry-After"),
    *("WWW-Authenticate", "X-Request-Id"),
]


def init_app(app: Flask) -> None:
    """Say so to browsers; a token is what signs in there, never a cookie."""
    origins = app.config["CRM_CORS_ORIGINS"]
    if origins:
        CORS(app, resources={r"/api/*": {"origins": origins}}, allow_headers=ASKED, expose_headers=TOLD, max_age=600)
