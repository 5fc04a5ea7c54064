"""Files that are sent with a form: the one that came, and how large it may be."""

from typing import IO

from flask import current_app, request

from crm.errors import Invalid
from crm.i18n import gettext as _


def uploaded() -> tuple[IO[bytes], str]:
    """The file of the field `file` and its name; `Invalid` where none was chosen."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid({"file": [_("Choose a file.")]})
    return file.stream, file.filename


def limit() -> int:
    """How many megabytes a file may have."""
    return int(current_app.config["MAX_CONTENT_LENGTH"]) // (1024 * 1024)


def too_large() -> str:
    """What is said of a file above the limit."""
    return _("The file is larger than %(limit)d MB.", limit=limit())
