"""Versions: what an answer says of the row, and which one a change is meant for (RFC 9110, 13.1.1)."""

import re

from flask import abort, request

from crm.i18n import gettext as _

_ETAG = re.compile(r'"(\d{1,9})"', re.ASCII)


def etag(version: int) -> dict[str, str]:
    """The header that names the version."""
    return {"ETag": f'"{version}"'}


def wanted_version() -> int | None:
    """The version that `If-Match` names, None for any (`*`); 428 where it is not sent, 412 for what is no version."""
    if "If-Match" not in request.headers:
        abort(428, _("Send If-Match with the ETag of what you have read."))
    sent = request.headers["If-Match"].strip()
    if sent == "*":
        return None
    found = _ETAG.fullmatch(sent)
    return int(found[1]) if found else abort(412)
