"""Payments from a spreadsheet: the upload, what it would pay, the batch while it is posted, and what became of it."""

import uuid

from flask import Blueprint, Response, request, stream_with_context, url_for
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge

from crm.errors import Invalid
from crm.extensions import limiter
from crm.forms.payment_batches import PaymentUploadForm
from crm.i18n import gettext as _
from crm.models import Permission
from crm.models.ledger import PaymentStatus
from crm.services.paying import batches, template, uploads
from crm.services.paying.sheets import FIELD_NAMES
from crm.services.payments import BATCH_LIMIT
from crm.web.errors import respond, sentences
from crm.web.guards import actor, requires
from crm.web.htmx import answer, attach, go, notify
from crm.web.uploads import limit, too_large, uploaded

PROBLEMS_SHOWN = 100
bp = Blueprint("payment_batches", __name__, url_prefix="/payments")


@bp.route("/upload/", methods=["GET", "POST"])
@requires(Permission.WRITE)
@limiter.limit("60/hour", methods=["POST"])
def payment_upload() -> Response:
    """Take a spreadsheet; nothing is paid yet."""
    form = PaymentUploadForm()
    if request.method == "GET":
        return _form(form)
    try:
        token = uploads.keep(actor(), *uploaded())
    except Invalid as error:
        attach(form, error)
        return _form(form, 422)
    return go(url_for("payment_batches.payment_check", token=token))


@bp.get("/upload/template/")
@requires(Permission.READ)
def payment_template_file() -> Response:
    """A spreadsheet to begin with."""
    headers = {"Content-Disposition": "attachment; filename=payments-template.csv"}
    return Response(template.template_csv(), mimetype="text/csv", headers=headers)


@bp.get("/upload/<token>/")
@requires(Permission.WRITE)
def payment_check(token: str) -> Response:
    """What the spreadsheet would pay, or what is wrong with it."""
    return _check(token)


@bp.post("/upload/<token>/")
@requires(Permission.WRITE)
def payment_accept(token: str) -> Response:
    """Accept all of its payments; sent again it leads to the same batch."""
    upload = uploads.get(actor(), token)
    try:
        batch_id = uploads.accept(actor(), upload, _may_adjust())
    except Invalid as error:
        return _check(token, 422, error.message)
    notify(_("The payments are accepted and are being posted."))
    if batch_id is None:
        return go(url_for("payment_batches.batch_list"))
    return go(url_for("payment_batches.batch_detail", pk=uuid.UUID(batch_id)))


@bp.get("/upload/<token>/errors/")
@requires(Permission.WRITE)
def payment_problems(token: str) -> Response:
    """The spreadsheet with a column that says what is wrong, to be mended and uploaded again."""
    sheet = uploads.check(actor(), uploads.get(actor(), token), _may_adjust())
    headers = {"Content-Disposition": "attachment; filename=payments-errors.csv"}
    return Response(stream_with_context(sheet.errors_csv()), mimetype="text/csv", headers=headers)


@bp.get("/batches/")
@requires(Permission.READ)
def batch_list() -> Response:
    """The batches, newest first."""
    found, before = batches.recent(request.args.get("before", type=uuid.UUID))
    return answer("payment_batches/list.html", "payment_batches/_rows.html", batches=found, next_before=before)


@bp.get("/batches/<uuid:pk>/")
@requires(Permission.READ)
def batch_detail(pk: uuid.UUID) -> Response:
    """How far it has come, and what became of each payment; the partial asks for itself again until it is over."""
    status = request.args.get("status", "")
    status = status if status in set(PaymentStatus) else ""
    after = max(0, min(request.args.get("after", 0, type=int), BATCH_LIMIT))
    context = {"progress": batches.get(pk), "status": status, "after": after}
    context |= {"results": batches.results(pk, status, after)}
    return answer("payment_batches/detail.html", "payment_batches/_batch.html", **context)


@bp.get("/batches/<uuid:pk>/results/")
@requires(Permission.READ)
def batch_results(pk: uuid.UUID) -> Response:
    """What became of each payment, as a file."""
    batches.get(pk)
    headers = {"Content-Disposition": f"attachment; filename=payments-{pk}.csv"}
    return Response(stream_with_context(batches.results_csv(pk)), mimetype="text/csv", headers=headers)


@bp.errorhandler(RequestEntityTooLarge)
def above_limit(_error: RequestEntityTooLarge) -> Response:
    """A file above the limit, said beside the field; what came with it is not read."""
    if request.endpoint != "payment_batches.payment_upload":
        return respond(413, sentences()[413])
    form = PaymentUploadForm(formdata=None)
    form.file.errors = [too_large()]
    return _form(form, 413)


def _form(form: PaymentUploadForm, status: int = 200) -> Response:
    context = {"form": form, "limit": limit(), "most": BATCH_LIMIT, "recent": batches.recent()[0][:5]}
    return answer("payment_batches/upload.html", "payment_batches/_upload_form.html", status, **context)


def _check(token: str, status: int = 200, refusal: str = "") -> Response:
    upload = uploads.get(actor(), token)
    sheet = uploads.check(actor(), upload, _may_adjust())
    context = {"upload": upload, "sheet": sheet, "refusal": refusal, "shown": PROBLEMS_SHOWN, "names": FIELD_NAMES}
    return answer("payment_batches/check.html", "payment_batches/_check.html", status, **context)


def _may_adjust() -> bool:
    return bool(current_user.may(Permission.ADMIN))
