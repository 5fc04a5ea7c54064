"""Passwords: what a good one is, and Argon2id (RFC 9106) over it. Never a password in a log or a row."""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app

from crm.i18n import gettext as _

SHORTEST, LONGEST = 10, 200


def check(password: str, email: str) -> str:
    """What is wrong with the password as a sentence, or '' where it is good enough; `email` is its owner's."""
    if len(password) < SHORTEST:
        return _("Use at least %(count)d characters.", count=SHORTEST)
    if len(password) > LONGEST:
        return _("Use at most %(count)d characters.", count=LONGEST)
    if password.strip().casefold() == email.casefold():
        return _("The password cannot be the e-mail address.")
    return ""


def hash_password(password: str) -> str:
    """The Argon2id hash with the parameters of now; it takes tens of milliseconds, so do it outside transactions."""
    return _hasher().hash(_bytes(password))


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one of the hash; without a hash it takes as long, and is False."""
    hasher = _hasher()
    try:
        matches = hasher.verify(password_hash or _decoy(hasher), _bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than those of now."""
    return _hasher().check_needs_rehash(password_hash)


def _hasher() -> PasswordHasher:
    return _hasher_of(current_app.config.get("ARGON2_COST"))


@lru_cache
def _hasher_of(cost: tuple[int, int, int] | None) -> PasswordHasher:
    """`cost` is (passes, KiB of memory, lanes); None takes the library's, RFC 9106's low-memory profile."""
    if cost is None:
        return PasswordHasher()
    passes, memory, lanes = cost
    return PasswordHasher(time_cost=passes, memory_cost=memory, parallelism=lanes)


@lru_cache
def _decoy(hasher: PasswordHasher) -> str:
    return hasher.hash("nobody's")


def _bytes(password: str) -> bytes:
    return password.encode(errors="surrogatepass")
