"""Bulk uploads: the form, the progress, the result."""

from flask import Blueprint, Response, request, stream_with_context, url_for
from flask_babel import get_locale
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge

from crm.errors import Invalid
from crm.extensions import limiter
from crm.forms.imports import ImportForm
from crm.i18n import gettext as _
from crm.models import Permission
from crm.services import imports
from crm.services.importing.choices import Choices
from crm.web import import_rows
from crm.web.customers import bp as customers_bp
from crm.web.errors import respond, sentences
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach, go, notify
from crm.web.uploads import limit, too_large, uploaded

RECENT = 20
bp = Blueprint("imports", __name__, url_prefix="/customers/import")


@bp.get("/<int:pk>/")
@requires(Permission.READ)
def import_detail(pk: int) -> Response:
    """How far it has come; the partial asks for itself again until it is over."""
    upload = imports.get(pk)
    if upload.status == "draft" and current_user.may(Permission.WRITE):
        return go(url_for("import_setup.setup_form", pk=pk))
    context = {"upload": upload, "openings": imports.openings(pk)} | import_rows.shown(upload)
    context |= {"before": imports.uploaded_before(pk) if upload.status == "checked" else None}
    if upload.unseen and upload.is_final and upload.created_by_id == current_user.id:
        imports.saw(actor(), pk)
        current_user.imports_ended -= 1
    return answer("imports/detail.html", "imports/_progress.html", **context)


@bp.get("/recent/")
@requires(Permission.READ)
def import_recent() -> Response:
    """The newest imports, with the progress of those at work; it asks for itself again until none is."""
    limit = max(1, min(request.args.get("limit", RECENT, type=int), RECENT))
    context = {"recent": imports.recent(limit)}
    return answer("imports/recent.html", "imports/_recent.html", **context)


@bp.get("/news/")
@requires(Permission.READ)
def import_news() -> Response:
    """How many of the reader's imports have ended unseen, said once more where one has just ended."""
    response = answer("imports/recent.html", "imports/_news.html", recent=imports.recent(RECENT))
    if current_user.imports_ended > request.args.get("ended", 0, type=int):
        notify(_("An import has ended."), response=response)
    return response


@bp.post("/<int:pk>/cancel/")
@requires(Permission.WRITE)
def import_cancel(pk: int) -> Response:
    """Stop after the rows that are being written; what is in stays in, or is taken back (with `undo`)."""
    imports.cancel(actor(), pk, undo="undo" in request.form)
    notify(_("The import is being stopped."))
    return go(url_for("imports.import_detail", pk=pk))


@bp.get("/<int:pk>/errors/")
@requires(Permission.READ)
def import_errors(pk: int) -> Response:
    """The rows that were not taken, as a file to mend and upload again."""
    file = imports.failed_file(pk)
    headers = {"Content-Disposition": f"attachment; filename=import-{pk}-errors.{file.suffix}"}
    return Response(stream_with_context(file.pieces), mimetype=file.mimetype, headers=headers)


@customers_bp.route("/import/", methods=["GET", "POST"])
@requires(Permission.WRITE)
@limiter.limit("60/hour", methods=["POST"])
def customer_import() -> Response:
    """Take a file, and start its import or have the operator look at its columns first (with `check`)."""
    form = ImportForm()
    if request.method == "GET":
        return _form(form)
    is_draft = "check" in request.form
    take = imports.draft if is_draft else imports.accept
    try:
        upload = take(actor(), *uploaded(), Choices(form.on_duplicate.data or "skip"), str(get_locale()))
    except Invalid as error:
        attach(form, error)
        return _form(form, 422)
    if not is_draft and imports.uploaded_before(upload.id):
        notify(_("This very file was imported before."), "danger")
    return go(url_for("import_setup.setup_form" if is_draft else "imports.import_detail", pk=upload.id))


@customers_bp.errorhandler(RequestEntityTooLarge)
def above_limit(_error: RequestEntityTooLarge) -> Response:
    """A file above the limit, said beside the field; what came with it is not read."""
    if request.endpoint != "customers.customer_import":
        return respond(413, sentences()[413])
    form = ImportForm(formdata=None)
    form.file.errors = [too_large()]
    return _form(form, 413)


def _form(form: ImportForm, status: int = 200) -> Response:
    context = {"form": form, "recent": imports.recent(RECENT), "limit": limit()}
    return answer("imports/upload.html", "imports/_upload_form.html", status, **context)
