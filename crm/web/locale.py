"""Which language, zone and theme the reader has, and how values look in templates."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request, session, url_for
from flask_babel import format_date, format_datetime, format_decimal, get_locale
from flask_login import current_user

from crm.channel_types import NAMES, link, pretty_phone
from crm.config import LOCALES
from crm.i18n import LANGUAGES, babel
from crm.models.user import ROLE_NAMES, THEMES, Permission
from crm.web.criteria import list_url, sort_url
from crm.web.highlight import highlight


def select_locale() -> str:
    """The person's choice, else that of this browser's session, else the browser's language, else the default."""
    chosen = (current_user.locale if current_user.is_authenticated else None) or session.get("locale")
    if chosen in LOCALES:
        return str(chosen)
    return request.accept_languages.best_match(LOCALES) or str(current_app.config["CRM_DEFAULT_LOCALE"])


def theme() -> str:
    """`auto`, `light` or `dark`."""
    chosen = current_user.theme if current_user.is_authenticated else session.get("theme")
    return chosen if chosen in THEMES else "auto"


def asset(filename: str) -> str:
    """The address of a static file, with a mark of its content: it may be kept for ever."""
    root = Path(str(current_app.static_folder))
    return url_for("static", filename=filename, v=_digest(root / filename, (root / filename).stat().st_mtime_ns))


@lru_cache(maxsize=64)
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def init_app(app: Flask) -> None:
    """Bind the languages, and give templates what they write values with."""
    app.config.update(
        BABEL_TRANSLATION_DIRECTORIES=str(Path(app.root_path) / "translations"),
        BABEL_DEFAULT_TIMEZONE=app.config["CRM_TIMEZONE"],
    )
    babel.init_app(app, default_locale=app.config["CRM_DEFAULT_LOCALE"], locale_selector=_selector)
    app.add_template_filter(highlight)
    app.add_template_filter(pretty_phone, "phone")
    app.add_template_filter(lambda value: format_datetime(value, "short") if value else "—", "moment")
    app.add_template_filter(lambda value: format_date(value, "medium") if value else "—", "day")
    app.add_template_filter(format_decimal, "number")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def values() -> dict[str, Any]:
        return {
            "asset": asset,
            "list_url": list_url,
            "sort_url": sort_url,
            "theme": theme,
            "locale": str(get_locale()),
            "languages": LANGUAGES,
            "channel_names": NAMES,
            "channel_link": link,
            "role_names": ROLE_NAMES,
            "Permission": Permission,
        }


def _selector() -> str | None:
    return select_locale() if request else None
