"""Days as they stand in addresses, and the product's own today."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import current_app


def day_of(text: str) -> date | None:
    """The day that is written like 2026-01-31, None for anything else."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2999 else None


def today() -> date:
    """The day that it is in the product's time zone."""
    return datetime.now(ZoneInfo(current_app.config["CRM_TIMEZONE"])).date()
