"""Settings from the environment; a bad value stops the start with one sentence."""

import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
from iso4217 import Currency
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from crm import mail, money

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ("en", "ru")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")
MOST_HOLD_DAYS = 90
SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes on Linux, the terminating NUL included


_ALWAYS: dict[str, Any] = {
    # Static files alone: compressed beside a secret, what a stranger puts into a page gives the secret away (BREACH).
    "COMPRESS_MIMETYPES": ["text/css", "text/javascript", "image/svg+xml"],
    # Each takes a thread of those that gunicorn.conf.py counts out, and one more for its socket.
    "FOLLOWERS_PER_PROCESS": 1000,
    "FOLLOWERS_PER_USER": 600,
    "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
    "PERMANENT_SESSION_LIFETIME": timedelta(days=14),
    "RATELIMIT_ENABLED": True,
    "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
    "RATELIMIT_STORAGE_OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2},
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    # Apart from the threads, most of which only wait for news and hold no connection: more than 32 at work in one
    # process would hinder each other. What people typed does not stand in stack traces.
    "SQLALCHEMY_ENGINE_OPTIONS": {"pool_size": 8, "max_overflow": 24, "hide_parameters": True},
    "WTF_CSRF_TIME_LIMIT": None,  # the token lives as long as the session: a form left open overnight still saves
    "WTF_I18N_ENABLED": False,  # every label and message is ours: its catalogue would be read anew for each request
}


class ConfigError(RuntimeError):
    """A setting that the product cannot start with; the message is one sentence for the operator."""


def load(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the Flask configuration that the environment describes, creating the instance folder.

    Raises `ConfigError` naming the variable and what it wants.
    """
    env = os.environ if environ is None else environ
    instance = Path(env.get("CRM_INSTANCE") or ROOT / "instance").expanduser().resolve()
    try:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"CRM_INSTANCE: the folder {instance} cannot be made ({error.strerror}).") from error
    production = _choice(env, "CRM_ENV", ("development", "production"), "development") == "production"
    host, port = env.get("CRM_HOST") or "127.0.0.1", _integer(env, "CRM_PORT", 8000, 1, 65535)
    currency = _currency("CRM_DEFAULT_CURRENCY", env.get("CRM_DEFAULT_CURRENCY") or "RUB")
    return {
        "CRM_INSTANCE": instance,
        "CRM_ENV": "production" if production else "development",
        "CRM_HOST": host,
        "CRM_PORT": port,
        "WEB_CONCURRENCY": _integer(env, "WEB_CONCURRENCY", 2, 1, 64),
        "CRM_TRUSTED_PROXIES": _integer(env, "CRM_TRUSTED_PROXIES", 0, 0, 10),
        "CRM_DEFAULT_CURRENCY": currency,
        "CRM_DEFAULT_REGION": _region(env),
        "CRM_DEFAULT_LOCALE": _choice(env, "CRM_DEFAULT_LOCALE", LOCALES, "en"),
        "CRM_TIMEZONE": _timezone(env),
        "CRM_HOLD_DAYS": _integer(env, "CRM_HOLD_DAYS", 7, 1, MOST_HOLD_DAYS),
        **_for_programs(env),
        "CRM_ADMIN_EMAIL": env.get("CRM_ADMIN_EMAIL", ""),
        "CRM_ADMIN_PASSWORD": env.get("CRM_ADMIN_PASSWORD", ""),
        "MAX_CONTENT_LENGTH": _integer(env, "CRM_MAX_UPLOAD_MB", 50, 1, 4096) * 1024 * 1024,
        "SECRET_KEY": _secret(env, instance, production),
        "SQLALCHEMY_DATABASE_URI": _database(env, instance),
        "REDIS_URL": (redis := _redis(env, instance)),
        # Limits are counted in Redis, for all web processes together; without it, in each by itself.
        "RATELIMIT_STORAGE_URI": redis.replace("unix://", "redis+unix://", 1),
        "SESSION_COOKIE_SECURE": production,
        **_customers(env, currency),
        **_mail(env, host, port),
        **_ALWAYS,
    }


def _customers(env: Mapping[str, str], currency: str) -> dict[str, Any]:
    return {
        "CRM_SIGNUP": _choice(env, "CRM_SIGNUP", ("on", "off"), "on") == "on",
        "CRM_SIGNUP_CURRENCIES": _currencies(env, currency),
        "CRM_WELCOME_BONUS": _bonus(env),
    }


def _mail(env: Mapping[str, str], host: str, port: int) -> dict[str, Any]:
    base, server = _base(env, host, port), _mail_server(env)
    return {"CRM_BASE_URL": base, "CRM_MAIL_FROM": _sender(env, base, server), "MAIL_SERVER": server}


def _choice(env: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = env.get(name) or default
    if value not in allowed:
        raise ConfigError(f"{name} is {value!r}, it can be {' or '.join(allowed)}.")
    return value


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    raw = env.get(name) or str(default)
    if len(raw) > 9 or not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
        raise ConfigError(f"{name} is {raw[:40]!r}, it must be a whole number from {low} to {high}.")
    return int(raw)


def _currency(name: str, value: str) -> str:
    if value not in {currency.code for currency in Currency if currency.exponent is not None}:
        raise ConfigError(f"{name} is {value[:40]!r}, it must be an ISO 4217 code such as RUB.")
    return value


def _currencies(env: Mapping[str, str], default: str) -> tuple[str, ...]:
    """Of the wallets that who signs up gets: codes between commas, `none` for no wallet."""
    value = env.get("CRM_SIGNUP_CURRENCIES") or default
    if value == "none":
        return ()
    codes = [_currency("CRM_SIGNUP_CURRENCIES", code.strip()) for code in value.split(",")]
    return tuple(dict.fromkeys(codes))


def _bonus(env: Mapping[str, str]) -> tuple[int, str] | None:
    """Minor units and currency of what who signs up is given."""
    value = env.get("CRM_WELCOME_BONUS") or "none"
    if value == "none":
        return None
    amount, _blank, code = value.strip().rpartition(" ")
    currency = _currency("CRM_WELCOME_BONUS", code)
    try:
        minor = money.parse(amount, currency)
    except money.AmountError:
        minor = 0
    if not minor:
        raise ConfigError(f"CRM_WELCOME_BONUS is {value[:40]!r}, it must be an amount and a currency: 100.00 RUB.")
    return minor, currency


def _base(env: Mapping[str, str], host: str, port: int) -> str:
    """Where people reach the product, for the links in mails: never what a request claims, which may be a trap."""
    value = (env.get("CRM_BASE_URL") or "").rstrip("/")
    if not value:
        return f"http://{'localhost' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104  (nothing is bound)
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and parts.username is None
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or not value.isprintable() or " " in value:
        raise ConfigError(f"CRM_BASE_URL is {value[:80]!r}, it must be an address such as https://crm.example.com.")
    return value


def _mail_server(env: Mapping[str, str]) -> mail.Server | None:
    if not env.get("MAIL_URL"):
        return None
    try:
        return mail.server_of(env["MAIL_URL"])
    except ValueError as error:
        raise ConfigError(
            "MAIL_URL cannot be read; write it as smtp://host:25, smtps://user:password@host or"
            " smtp+starttls://user:password@host."
        ) from error


def _sender(env: Mapping[str, str], base: str, server: mail.Server | None) -> str:
    value = env.get("CRM_MAIL_FROM", "").strip()
    if not value:
        known = server.user if server and "@" in server.user else f"no-reply@{urlsplit(base).hostname}"
        return f"Wallet CRM <{known}>"
    address = parseaddr(value)[1]
    if not value.isprintable() or "@" not in address.strip("@") or " " in address:
        raise ConfigError(f"CRM_MAIL_FROM is {value[:80]!r}, it must be as Our Shop <shop@example.com>.")
    return value


def _region(env: Mapping[str, str]) -> str:
    value = env.get("CRM_DEFAULT_REGION") or "RU"
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise ConfigError(f"CRM_DEFAULT_REGION is {value!r}, it must be an ISO 3166 country code such as RU.")
    return value


def _for_programs(env: Mapping[str, str]) -> dict[str, Any]:
    """How many requests a minute a token has, and an address without one; and which pages may call from a browser."""
    return {
        "CRM_API_LIMIT": _integer(env, "CRM_API_LIMIT", 6000, 1, 10**9 - 1),
        "CRM_API_ADDRESS_LIMIT": _integer(env, "CRM_API_ADDRESS_LIMIT", 600, 1, 10**9 - 1),
        "CRM_CORS_ORIGINS": _origins(env),
    }


def _origins(env: Mapping[str, str]) -> list[str]:
    origins = env.get("CRM_CORS_ORIGINS", "").split()
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ConfigError(
                f"CRM_CORS_ORIGINS has {origin[:80]!r}; write https://shop.example.com, with blanks between several."
            )
    return origins


def _timezone(env: Mapping[str, str]) -> str:
    value = env.get("CRM_TIMEZONE") or "UTC"
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"CRM_TIMEZONE is {value!r}, it must be a name such as Europe/Moscow.") from error
    return value


def _database(env: Mapping[str, str], instance: Path) -> str:
    raw = env.get("DATABASE_URL") or f"sqlite:///{instance / 'crm.db'}"
    try:
        url = make_url(raw)
    except (ArgumentError, ValueError) as error:
        raise ConfigError("DATABASE_URL cannot be read; write it as postgresql://user:password@host/name.") from error
    if url.get_backend_name() == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise ConfigError("DATABASE_URL names no file; write it as sqlite:////folder/crm.db.")
        return raw
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigError(f"DATABASE_URL names {url.get_backend_name()}; PostgreSQL and SQLite are supported.")
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _redis(env: Mapping[str, str], instance: Path) -> str:
    raw = env.get("REDIS_URL")
    if raw:
        if not raw.startswith(("redis://", "rediss://", "unix://")):
            raise ConfigError("REDIS_URL must begin with redis://, rediss:// or unix://.")
        try:
            urlsplit(raw).port  # noqa: B018
        except ValueError as error:
            raise ConfigError("REDIS_URL cannot be read; write it as redis://host:6379/0.") from error
        return raw
    socket = instance / "valkey.sock"
    if len(str(socket).encode()) > SOCKET_PATH_LIMIT:
        raise ConfigError(
            f"The path {instance} is too long for a Unix socket: set a shorter CRM_INSTANCE or REDIS_URL."
        )
    return f"unix://{socket}"


def _secret(env: Mapping[str, str], instance: Path, production: bool) -> str:
    given = env.get("SECRET_KEY")
    if given:
        if len(given) < 16:
            raise ConfigError("SECRET_KEY is shorter than 16 characters.")
        return given
    if production:
        raise ConfigError("SECRET_KEY is missing; with CRM_ENV=production it must be given.")
    try:
        return _kept_secret(instance)
    except OSError as error:
        raise ConfigError(f"CRM_INSTANCE: {instance} cannot keep the secret ({error.strerror}).") from error


def _kept_secret(instance: Path) -> str:
    path = instance / "secret"
    if not path.exists():
        with NamedTemporaryFile("w", dir=instance) as file:  # only its owner can read it
            file.write(secrets.token_urlsafe(48))
            file.flush()
            with contextlib.suppress(FileExistsError):  # a link is there whole or not at all, and the first one stays
                os.link(file.name, path)
    secret = path.read_text()
    if len(secret) < 16:
        raise ConfigError(f"SECRET_KEY: the one in {path} is damaged; remove the file to get a new one.")
    return secret
