"""Lists as files for programs: ordered, followed, fetched."""

from typing import Any

from flask import send_file, url_for
from flask_babel import get_locale
from flask_login import current_user

from crm.api import bp
from crm.api.calls import call
from crm.api.schemas.exports import Export, ExportIn
from crm.models import Export as Row
from crm.models import Permission, Role
from crm.services import export_json, exports
from crm.services.exporting.files import MIME
from crm.web.guards import actor, requires


@bp.post("/exports")
@requires(Permission.READ)
@call({202: Export}, tells=("Location",))
def export_create(json: ExportIn) -> Any:
    """Have a list written into a file

    It is made in the background, however small, and kept for seven days for who has asked for it.
    """
    order = export_json.ordered(json.list, json.format, json.filters)
    order.count(1)  # what cannot be looked for is refused now, not by the worker
    export = exports.accept(actor(), order, str(get_locale()))
    return export_json.as_json(export), 202, {"Location": url_for("api.export_get", pk=export.id)}


@bp.get("/exports/<int:pk>")
@requires(Permission.READ)
@call({200: Export})
def export_get(pk: int) -> Any:
    """Get an export with its progress"""
    return export_json.as_json(_own(pk))


@bp.post("/exports/<int:pk>/cancel")
@requires(Permission.READ)
@call({202: Export})
def export_cancel(pk: int) -> Any:
    """Stop an export"""
    return export_json.as_json(exports.cancel(_own(pk).id)), 202


@bp.get("/exports/<int:pk>/file")
@requires(Permission.READ)
@call({200: None}, content="application/octet-stream")
def export_file(pk: int) -> Any:
    """Fetch the file

    When it is done, and until it expires.
    """
    export = _own(pk)
    path = exports.file_of(actor(), export)
    return send_file(path, MIME[export.format], as_attachment=True, download_name=export.filename)


def _own(pk: int) -> Row:
    return exports.get(pk, current_user.id, current_user.role == Role.ADMIN)
