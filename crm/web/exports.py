"""Files that are made in the background: how far they have come, and where to fetch them."""

from flask import Blueprint, Response, send_file, url_for
from flask_login import current_user

from crm.i18n import gettext as _
from crm.models import Export, Permission, Role
from crm.services import exports
from crm.services.exporting.files import MIME
from crm.web.guards import actor, requires
from crm.web.htmx import answer, go, notify

SHOWN = 50
bp = Blueprint("exports", __name__, url_prefix="/exports")


@bp.get("/")
@requires(Permission.READ)
def export_list() -> Response:
    """The own files of the last days; an administrator sees everybody's."""
    recent = exports.recent(current_user.id, _is_admin(), SHOWN)
    return answer("exports/list.html", "exports/_recent.html", recent=recent)


@bp.get("/<int:pk>/")
@requires(Permission.READ)
def export_detail(pk: int) -> Response:
    """How far it has come; the partial asks for itself again until it is over."""
    return answer("exports/detail.html", "exports/_progress.html", export=_own(pk))


@bp.get("/<int:pk>/file/")
@requires(Permission.READ)
def export_file(pk: int) -> Response:
    """The whole file, for who has asked for it and for administrators, until it expires."""
    export = _own(pk)
    path = exports.file_of(actor(), export)
    return send_file(path, MIME[export.format], as_attachment=True, download_name=export.filename)


@bp.post("/<int:pk>/cancel/")
@requires(Permission.READ)
def export_cancel(pk: int) -> Response:
    """Stop making it."""
    exports.cancel(_own(pk).id)
    notify(_("The export is being stopped."))
    return go(url_for("exports.export_detail", pk=pk))


def _own(pk: int) -> Export:
    return exports.get(pk, current_user.id, _is_admin())


def _is_admin() -> bool:
    return bool(current_user.role == Role.ADMIN)
