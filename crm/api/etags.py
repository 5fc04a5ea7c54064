"""Versions: what an answer says of the row, and which one a change is meant for (RFC 9110, 13.1.1)."""

from flask import abort, request

from crm.i18n import gettext as _


def etag(version: int) -> dict[str, str]:
    """The header that names the version."""
    return {"ETag": f'"{version}"'}


def wanted_version() -> int | None:
    """The version that `If-Match` names, None for any (`*`); 428 where it is not sent, 412 for what is no version."""
    if "If-Match" not in request.headers:
        abort(428, _("Send If-Match with the ETag of what you have read."))
    if request.if_match.star_tag:
        return None
    tags = request.if_match.as_set()
    text = next(iter(tags), "")
    if len(tags) != 1 or not (text.isascii() and text.isdigit() and len(text) < 10):
        abort(412)
    return int(text)
