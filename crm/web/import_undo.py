"""Taking an import back: what that would do, and doing it."""

from flask import Blueprint, Response, request, url_for

from crm.i18n import gettext as _
from crm.models import Permission
from crm.services import imports
from crm.web.guards import actor, requires
from crm.web.htmx import answer, go, is_partial, notify

KEPT_SHOWN = 50
_AT_ONCE = 20_000  # rows that are looked at while the person waits for the page: two seconds
bp = Blueprint("import_undo", __name__, url_prefix="/customers/import")


@bp.get("/<int:pk>/undo/")
@requires(Permission.WRITE)
def undo_form(pk: int) -> Response:
    """What would be taken back now, and what would stay; counted apart where there are many rows."""
    upload = imports.get(pk)
    if upload.status in ("undoing", "undone"):
        return go(url_for("imports.import_detail", pk=pk))
    is_short = upload.created + upload.updated <= _AT_ONCE
    preview = imports.undo_preview(pk, KEPT_SHOWN) if is_short or is_partial() or "count" in request.args else None
    return answer("imports/undo.html", "imports/_undo.html", upload=imports.get(pk), preview=preview)


@bp.post("/<int:pk>/undo/")
@requires(Permission.WRITE)
def undo_start(pk: int) -> Response:
    """Have a worker take it back; sent again it leads to the same page."""
    imports.undo(actor(), pk)
    notify(_("The import is being undone."))
    return go(url_for("imports.import_detail", pk=pk))
