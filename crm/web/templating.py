"""What templates write values with: addresses, icons, messages, numbers."""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request
from flask_babel import format_decimal, get_translations
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from crm.channel_types import NAMES, link, pretty_phone
from crm.i18n import LANGUAGES
from crm.ledger.refusals import sentence
from crm.models.user import ROLE_NAMES, Permission
from crm.services import proof_json
from crm.services.portal import masked
from crm.tabular import damage_words, encodings
from crm.web import import_words
from crm.web.addresses import address
from crm.web.criteria import list_url, sort_url
from crm.web.dates import date_text, day, duration, language, moment
from crm.web.export_words import export_filters, export_size, export_title
from crm.web.highlight import highlight
from crm.web.htmx import is_partial
from crm.web.import_rows import row_name
from crm.web.lines import lines
from crm.web.locale import theme
from crm.web.money_text import money, signed_money
from crm.web.payment_words import payment_title, side_name, status_names, terms_text
from crm.web.price_words import FILTERS, rate_text
from crm.web.proof_words import difference, proof_kind, short_hash, took
from crm.web.trail import field_name, happened, value_text
from crm.web.wallet_words import kind_names, line_name, wallet_line_name

ICONS = "vendor/lucide-1.62.0.svg"


def asset(filename: str) -> str:
    """The address of a static file, with a mark of its content: it may be kept for ever."""
    path = Path(f"{current_app.static_folder}/{filename}")
    return address("static", filename=filename, v=_digest(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=64)
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def icon(name: str) -> Markup:
    """A drawing from the sprite; it says nothing by itself, so what it stands for is said beside it."""
    return _icon(request.root_path, name)


@lru_cache(maxsize=1024)  # the sprite's name has its version: it never changes under a running process
def _icon(_root: str, name: str) -> Markup:
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>').format(asset(ICONS), name)


def translate(message: str, /, **values: Any) -> Markup:
    """The message in the reader's language; its own markup stands, values are escaped."""
    return _translation(language(), message) % values if values else _sentence(language(), message)


@lru_cache(maxsize=2048)  # Flask-Babel finds its way to the catalogue in 40 us, and a page has eighty messages
def _translation(_language: str, message: str) -> Markup:
    return Markup(get_translations().ugettext(message))  # noqa: S704  (the catalogue is the house's own)


@lru_cache(maxsize=2048)
def _sentence(language: str, message: str) -> Markup:
    return _translation(language, message) % {}


def names(lazy: Mapping[Any, Any]) -> Callable[[], dict[Any, str]]:
    """A function that gives the names in the reader's language, put into each language once."""

    @lru_cache(maxsize=8)
    def said(_language: str) -> dict[Any, str]:
        return {key: str(name) for key, name in lazy.items()}

    return lambda: said(language())


@pass_context  # else Jinja would work a constant out once, in the language of the first reader
def number(_context: Context, value: int) -> str:
    """A number with the reader's separators."""
    return str(format_decimal(value))


def code(text: str) -> Markup:
    """The text with what stands between backticks as code."""
    parts = enumerate(text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in parts)


_FILTERS: dict[str, Callable[..., Any]] = {
    "highlight": highlight,
    "code": code,
    "phone": pretty_phone,
    "moment": moment,
    "day": day,
    "date": date_text,
    "number": number,
    "duration": duration,
    "money": money,
    "signed_money": signed_money,
    "masked": masked,
    "line_name": line_name,
    "wallet_line_name": wallet_line_name,
    "payment_title": payment_title,
    "failure": sentence,
    "change_name": import_words.change_name,
    "damage_sentence": damage_words.sentence,
    "row_name": row_name,
    "change_value": import_words.change_value,
    "happened": happened,
    "field_name": field_name,
    "export_title": export_title,
    "export_filters": export_filters,
    "export_size": export_size,
    "value_text": value_text,
    "law_sentence": proof_json.sentence,
    "difference": difference,
    "proof_kind": proof_kind,
    "short_hash": short_hash,
    "took": took,
}


def init_app(app: Flask) -> None:
    """Give them to every template, macros too."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    app.jinja_env.filters.update(_FILTERS | FILTERS)
    app.jinja_env.globals.update(
        _=translate,
        url_for=address,
        asset=asset,
        icon=icon,
        lines=lines,
        list_url=list_url,
        sort_url=sort_url,
        theme=theme,
        locale=language,
        languages=LANGUAGES,
        channel_names=names(NAMES),
        channel_link=link,
        role_names=names(ROLE_NAMES),
        kind_names=kind_names,
        rate_text=rate_text,
        side_name=side_name,
        status_names=status_names,
        terms_text=terms_text,
        column_names=names(import_words.FIELDS),
        policy_names=names(import_words.POLICIES),
        key_names=names(import_words.KEYS),
        found_names=names(import_words.FOUND),
        encoding_names=names(encodings.CHOICES),
        delimiter_names=names(import_words.DELIMITERS),
        outcome_names=names(import_words.OUTCOMES),
        partial=is_partial,
        Permission=Permission,
    )
