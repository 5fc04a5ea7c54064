"""Moments as people and programs write them: in the product's time zone, unless they say another one."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import current_app

from crm.i18n import gettext as _

_FIRST, _LAST = 1900, 2999


def typed_moment(text: str) -> datetime | None:
    """The moment that is written like 2026-01-31, 2026-01-31 09:00 or as RFC 3339 has it, in UTC; None for nothing.

    A day is its first moment. ValueError has the sentence for who typed it.
    """
    text = text.strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if not _FIRST <= found.year <= _LAST:
            raise ValueError(text)
    except ValueError as error:
        raise ValueError(_("Write the moment like %(example)s.", example="2026-01-31 09:00")) from error
    zone = ZoneInfo(current_app.config["CRM_TIMEZONE"])
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
