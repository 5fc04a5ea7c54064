"""Periods as pages ask for them: two days in the address, this month where nothing is said."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app

from crm.errors import Invalid
from crm.i18n import gettext as _


@dataclass(frozen=True)
class Period:
    """Days that are often asked for."""

    name: str
    first: date
    last: date


def today() -> date:
    """The day that it is in the product's time zone."""
    return datetime.now(ZoneInfo(current_app.config["CRM_TIMEZONE"])).date()


def day_of(text: str) -> date | None:
    """The day that is written like 2026-01-31, None for anything else."""
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if 1900 <= found.year <= 2999 else None


def periods(now: date) -> list[Period]:
    """Today, the week (from Monday, ISO 8601), month, quarter and year so far, and the whole month before."""
    month = now.replace(day=1)
    end = month - timedelta(days=1)
    return [
        Period(_("Today"), now, now),
        Period(_("This week"), now - timedelta(days=now.weekday()), now),
        Period(_("This month"), month, now),
        Period(_("Last month"), end.replace(day=1), end),
        Period(_("This quarter"), month.replace(month=(now.month - 1) // 3 * 3 + 1), now),
        Period(_("This year"), now.replace(month=1, day=1), now),
    ]


def asked(form: Any) -> tuple[date, date]:
    """The days in the form's fields `first` and `last`, which are filled in where they are blank; `Invalid`."""
    last = typed_day(form, "last") or today()
    first = typed_day(form, "first") or last.replace(day=1)
    form.first.data, form.last.data = first.isoformat(), last.isoformat()
    return first, last


def typed_day(form: Any, name: str) -> date | None:
    """The day in the form's field, None where it is blank; `Invalid` at it."""
    given = (form[name].data or "").strip()
    found = day_of(given)
    if given and not found:
        raise Invalid({name: [_("Write the day like %(example)s.", example="2026-01-31")]})
    return found
