"""The ways to reach a customer: how each is checked, normalized, shown and opened. Pure."""

import enum
import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote, urlsplit

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberFormat

from crm.i18n import gettext as _
from crm.i18n import lazy_gettext as _l
from crm.phones import e164
from crm.text import has_control, squeeze

MAX_LENGTH = 300
_EMAIL_LENGTH = 254  # RFC 5321
# RFC 5321's Dot-string, in the characters that addresses really have; the rest is for email-validator to judge.
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*\Z", re.I | re.A)


class ChannelType(enum.StrEnum):
    """Every type of contact channel."""

    PHONE = "phone"
    EMAIL = "email"
    TELEGRAM = "telegram"
    WHATSAPP = "whatsapp"
    VIBER = "viber"
    VK = "vk"
    INSTAGRAM = "instagram"
    WEBSITE = "website"
    OTHER = "other"


NAMES = {
    ChannelType.PHONE: _l("Phone"),
    ChannelType.EMAIL: _l("E-mail"),
    ChannelType.TELEGRAM: _l("Telegram"),
    ChannelType.WHATSAPP: _l("WhatsApp"),
    ChannelType.VIBER: _l("Viber"),
    ChannelType.VK: _l("VK"),
    ChannelType.INSTAGRAM: _l("Instagram"),
    ChannelType.WEBSITE: _l("Website"),
    ChannelType.OTHER: _l("Other"),
}


class ChannelError(ValueError):
    """A value that cannot be a channel of this type; the text is a sentence in the reader's language."""


def normalize(type_: str, value: str, region: str) -> str:
    """The one spelling under which equal channels are equal: E.164, case-folded e-mail, bare handle.

    `region` (ISO 3166) is where phone numbers without a country code are at home. Raises `ChannelError`.

    >>> normalize("phone", "8 (912) 345-67-89", "RU"), normalize("telegram", "https://t.me/Anna_I", "RU")
    ('+79123456789', 'anna_i')
    """
    value = squeeze(value)
    if not value:
        raise ChannelError(_("Enter a value."))
    if len(value) > MAX_LENGTH:
        raise ChannelError(_("This is longer than %(count)d characters.", count=MAX_LENGTH))
    if has_control(value):
        raise ChannelError(_("This has characters that cannot be shown."))
    normalizer = _NORMALIZERS.get(type_)
    if normalizer is None:
        raise ChannelError(_("There is no such type of contact."))
    return normalizer(value, region)


def _phone(value: str, region: str) -> str:
    number = e164(value, region)
    if number is None:
        raise ChannelError(_("%(value)s is not a valid phone number.", value=value[:40]))
    return number


def _email(value: str, _region: str) -> str:
    local, _at, domain = value.rpartition("@")
    try:
        if _PLAIN_LOCAL.match(local) and domain.isascii() and len(value) <= _EMAIL_LENGTH:
            return f"{local}@{_domain(domain)}".casefold()
        return validate_email(value, check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        raise ChannelError(_("%(value)s is not a valid e-mail address.", value=value[:60])) from None


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    """A valid domain, normalized: many addresses share few of them, and checking one takes long."""
    return validate_email(f"a@{domain}", check_deliverability=False).domain


def _handle(pattern: str, hosts: str) -> Callable[[str, str], str]:
    bare = re.compile(
        rf"(?:(?:https?://)?(?:www\.|m\.)?(?:{hosts})/|@)?(?P<handle>{pattern})/?(?:\?\S*)?\Z", re.I | re.A
    )

    host_alone = re.compile(rf"(?:www\.|m\.)?(?:{hosts})", re.I | re.A)

    def normalizer(value: str, _region: str) -> str:
        match = bare.match(value)
        if not match or host_alone.fullmatch(match["handle"]):
            raise ChannelError(_("%(value)s is not a valid user name.", value=value[:60]))
        return match["handle"].casefold()

    return normalizer


def _website(value: str, _region: str) -> str:
    address = value if "://" in value else f"https://{value}"
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        raise ChannelError(_("%(value)s is not a valid web address.", value=value[:60])) from None
    plain = parts.scheme in ("http", "https") and "." in host and "@" not in parts.netloc and " " not in address
    if not plain or not re.fullmatch(r"[a-z0-9.-]{1,253}", host):  # RFC 1035
        raise ChannelError(_("%(value)s is not a valid web address.", value=value[:60]))
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}{query}"


def _other(value: str, _region: str) -> str:
    return value.casefold()


_NORMALIZERS: dict[str, Callable[[str, str], str]] = {
    ChannelType.PHONE: _phone,
    ChannelType.EMAIL: _email,
    ChannelType.TELEGRAM: _handle(r"[a-z0-9_]{4,32}", r"t\.me|telegram\.me"),
    ChannelType.WHATSAPP: _phone,
    ChannelType.VIBER: _phone,
    ChannelType.VK: _handle(r"[a-z0-9_.]{2,32}", r"vk\.com|vk\.ru"),
    ChannelType.INSTAGRAM: _handle(r"[a-z0-9_.]{1,30}", r"instagram\.com"),
    ChannelType.WEBSITE: _website,
    ChannelType.OTHER: _other,
}

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]+(?:@[A-Za-z0-9.-]+)?\Z")  # nearly all of them, and `quote` takes longer
_ADDRESSES: dict[str, str] = {
    ChannelType.PHONE: "tel:{}",
    ChannelType.EMAIL: "mailto:{}",
    ChannelType.TELEGRAM: "https://t.me/{}",
    ChannelType.WHATSAPP: "https://wa.me/{}",
    ChannelType.VIBER: "viber://chat?number={}",
    ChannelType.VK: "https://vk.com/{}",
    ChannelType.INSTAGRAM: "https://www.instagram.com/{}",
}


def link(type_: str, normalized: str) -> str:
    """The address that opens the channel (calls, writes), or '' where there is none."""
    if type_ == ChannelType.WEBSITE:
        return normalized
    if type_ == ChannelType.OTHER:
        return ""
    number = normalized.removeprefix("+") if type_ == ChannelType.WHATSAPP else normalized
    safe = "+" if type_ == ChannelType.PHONE else "@"
    plain = _PLAIN.match(number.removeprefix("+") if safe == "+" else number)
    return _ADDRESSES[type_].format(number if plain else quote(number, safe=safe))


@lru_cache(maxsize=4096)
def pretty_phone(e164: str) -> str:
    """An E.164 number as people read it.

    >>> pretty_phone("+79123456789")
    '+7 912 345-67-89'
    """
    if not e164.startswith("+"):
        return e164
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)
