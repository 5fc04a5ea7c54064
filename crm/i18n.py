"""Languages: what a string, a plural, a date and a number look like to the person who reads."""

from flask_babel import Babel, force_locale, gettext, lazy_gettext, ngettext, pgettext

__all__ = ["LANGUAGES", "babel", "force_locale", "gettext", "lazy_gettext", "ngettext", "pgettext"]

babel = Babel()
LANGUAGES = {"en": "English", "ru": "Русский"}
