"""JSON bodies, read strictly: no key twice, no character that text cannot have, no number where text is meant."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from flask import abort, request
from pydantic import BaseModel, ValidationError

from crm.api.mistakes import by_field
from crm.errors import Invalid
from crm.i18n import gettext as _

MOST_BYTES = 16 * 1024 * 1024  # ten thousand payments with all that they can say


class _Twice(ValueError):
    pass


def read(model: type[BaseModel]) -> BaseModel:
    """The body of the request as the model has it. 415, 413 and 400 where it is no JSON; raises `Invalid` by path."""
    if request.mimetype != "application/json" and not request.mimetype.endswith("+json"):
        abort(415)
    request.max_content_length = MOST_BYTES
    raw = request.get_data(cache=False)
    if not raw.strip():
        abort(400, _("The body is empty; send JSON."))
    _look_through(raw)
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise Invalid(by_field(error)) from error


def read_form(model: type[BaseModel]) -> BaseModel:
    """The fields and files of a form (multipart/form-data) as the model has them; 415 and `Invalid` as `read`."""
    if request.mimetype != "multipart/form-data":
        abort(415, _("Send a form with the file: Content-Type: multipart/form-data."))
    found: dict[str, Any] = {}
    sent: list[tuple[str, list[Any]]] = [*request.form.lists(), *request.files.lists()]
    for name, values in sent:
        if name in found or len(values) > 1:
            raise Invalid({name: [_("This is given more than once.")]})
        found[name] = values[0]
    if wrong := [name for name, value in found.items() if isinstance(value, str) and _is_unfit(value)]:
        raise Invalid({name: [_("This has characters that no text can have.")] for name in wrong})
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise Invalid(by_field(error)) from error


def _look_through(raw: bytes) -> None:
    """Refuse what is no JSON, has a key twice or a character that no text can have: parsers differ about those, and
    what one of them checks another one would do.
    """
    try:
        found = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
    except _Twice as error:
        raise Invalid({str(error): [_("This is given more than once.")]}) from error
    except UnicodeDecodeError:
        abort(400, _("The body is not in UTF-8."))
    except (ValueError, RecursionError):
        abort(400, _("The body is no JSON."))
    if b"\\u" in raw and (paths := list(_unfit(found, ""))):
        raise Invalid({path: [_("This has characters that no text can have.")] for path in paths})


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        raise _Twice(next(name for name in names if names.count(name) > 1))
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _unfit(found: Any, path: str) -> Iterator[str]:
    """The paths of texts and keys with NUL or half a pair of surrogates, which only an escape can write."""
    if isinstance(found, str) and _is_unfit(found):
        yield path or "body"
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for name, value in items:
        if isinstance(name, str) and _is_unfit(name):
            yield path or "body"
        else:
            yield from _unfit(value, f"{path}.{name}" if path else str(name))


def _is_unfit(text: str) -> bool:
    return "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text)
