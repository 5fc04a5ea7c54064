"""Which language, zone and theme the reader has."""

from pathlib import Path

from flask import Flask, current_app, request, session
from flask_login import current_user

from crm.config import LOCALES
from crm.i18n import babel
from crm.models.user import THEMES


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


def init_app(app: Flask) -> None:
    """Bind the languages; outside of a request the default one is spoken."""
    babel.init_app(
        app,
        default_locale=app.config["CRM_DEFAULT_LOCALE"],
        default_timezone=app.config["CRM_TIMEZONE"],
        default_translation_directories=str(Path(app.root_path) / "translations"),
        locale_selector=lambda: select_locale() if request else None,
    )
