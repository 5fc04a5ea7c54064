"""What is wrong with a body or an address, by field, in sentences."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from crm.i18n import gettext as _

Sentence = Callable[[Mapping[str, Any]], str]


def by_field(error: ValidationError) -> dict[str, list[str]]:
    """The messages under the path of each field, such as `channels.0.value`; the whole body is `body`."""
    found: dict[str, list[str]] = {}
    for one in error.errors(include_url=False, include_input=False):
        path = ".".join(str(step) for step in one["loc"]) or "body"
        found.setdefault(path, []).append(_sentence(one["type"], one.get("ctx", {}), one["msg"]))
    return found


def _sentence(kind: str, context: Mapping[str, Any], message: str) -> str:
    sentence = _SENTENCES.get(kind)
    if sentence is not None:
        return sentence(context)
    return message.removeprefix("Value error, ")


_SENTENCES: dict[str, Sentence] = {
    "missing": lambda _context: _("This is needed."),
    "extra_forbidden": lambda _context: _("There is no such field."),
    "string_type": lambda _context: _("This must be text."),
    "int_type": lambda _context: _("This must be a whole number."),
    "int_parsing": lambda _context: _("This must be a whole number."),
    "int_from_float": lambda _context: _("This must be a whole number."),
    "int_parsing_size": lambda _context: _("This number is too large."),
    "bool_type": lambda _context: _("This must be true or false."),
    "bool_parsing": lambda _context: _("This must be true or false."),
    "list_type": lambda _context: _("This must be a list."),
    "dict_type": lambda _context: _("This must be an object."),
    "model_type": lambda _context: _("This must be an object."),
    "model_attributes_type": lambda _context: _("This must be an object."),
    "literal_error": lambda context: _("This is one of %(names)s.", names=context["expected"]),
    "enum": lambda context: _("This is one of %(names)s.", names=context["expected"]),
    "string_too_long": lambda context: _("This is longer than %(count)d characters.", count=context["max_length"]),
    "string_too_short": lambda context: _("This is shorter than %(count)d characters.", count=context["min_length"]),
    "too_long": lambda context: _("There are more than %(count)d of these.", count=context["max_length"]),
    "too_short": lambda context: _("There are fewer than %(count)d of these.", count=context["min_length"]),
    "greater_than": lambda context: _("This must be more than %(number)s.", number=context["gt"]),
    "greater_than_equal": lambda context: _("This must be %(number)s or more.", number=context["ge"]),
    "less_than": lambda context: _("This must be less than %(number)s.", number=context["lt"]),
    "less_than_equal": lambda context: _("This must be %(number)s or less.", number=context["le"]),
    "string_pattern_mismatch": lambda _context: _("This is not written as it must be."),
    "json_invalid": lambda _context: _("This is no JSON."),
    "json_type": lambda _context: _("This is no JSON."),
    "uuid_type": lambda _context: _("This must be a UUID."),
    "uuid_parsing": lambda _context: _("This must be a UUID."),
    "timezone_aware": lambda _context: _zoned(),
    "datetime_type": lambda _context: _zoned(),
    "datetime_parsing": lambda _context: _zoned(),
    "datetime_from_date_parsing": lambda _context: _zoned(),
    "date_type": lambda _context: _dated(),
    "date_parsing": lambda _context: _dated(),
    "date_from_datetime_parsing": lambda _context: _dated(),
    "date_from_datetime_inexact": lambda _context: _dated(),
}


def _zoned() -> str:
    return _("Write the moment with its zone, like %(example)s.", example="2026-01-31T09:00:00Z")


def _dated() -> str:
    return _("Write the day like %(example)s.", example="2026-01-31")
