"""Imports of customers for programs: sent, followed, stopped, and what was not taken."""

from typing import Any

from flask import Response, stream_with_context, url_for
from flask_babel import get_locale

from crm.api import bp, headers
from crm.api.calls import call
from crm.api.listing import asked, query_of
from crm.api.schemas.imports import ImportIn, ImportList, ImportRowList, ImportRowQuery, ImportUndo, ImportWhole
from crm.extensions import limiter
from crm.models import Permission, Scope
from crm.services import import_json, imports
from crm.services.importing.plan import BALANCE, Plan
from crm.web.guards import actor, demand, requires
from crm.web.uploads import uploaded

QUERY = query_of(import_json.LISTING)


@bp.get("/imports")
@requires(Permission.READ)
@call({200: ImportList}, query=QUERY)
def import_list() -> Any:
    """List imports"""
    return import_json.page(asked())


@bp.post("/imports")
@requires(Permission.WRITE, Scope.WRITE, Scope.MONEY)
@limiter.limit("60/hour")
@call({202: ImportWhole}, refuses=(409,), sends=(headers.FILE_KEY,), tells=("Location", "Idempotent-Replayed"))
def import_create(form: ImportIn) -> Any:
    """Import customers from a file

    It is worked through in the background. A file with balances needs the scope `money`, another one `write`. With an
    `Idempotency-Key` the same file sent again is told of, `Idempotent-Replayed: true`, and not imported twice.
    """
    locale, check, key = str(get_locale()), form.check == "true", headers.idempotency_key()
    told = {"Idempotent-Replayed": "true"} if key and imports.sent_before(actor(), key) else {}
    upload = imports.accept(actor(), *uploaded(), form.choices(), locale, check=check, approve=_approve, key=key)
    return import_json.whole(upload), 202, told | {"Location": url_for("api.import_get", pk=upload.id)}


def _approve(plan: Plan) -> None:
    demand(Permission.WRITE, Scope.MONEY if BALANCE in plan.fields else Scope.WRITE)


@bp.get("/imports/<int:pk>")
@requires(Permission.READ)
@call({200: ImportWhole})
def import_get(pk: int) -> Any:
    """Get an import with its progress"""
    return import_json.whole(imports.get(pk))


@bp.post("/imports/<int:pk>/start")
@requires(Permission.WRITE, Scope.WRITE, Scope.MONEY)
@call({202: ImportWhole}, refuses=(409,))
def import_start(pk: int) -> Any:
    """Import what was checked

    A file that was sent with `check` waits for this. One that is being imported already is a 409.
    """
    _approve(Plan.from_json(imports.get(pk).plan))
    return import_json.whole(imports.start(actor(), pk)), 202


@bp.get("/imports/<int:pk>/rows")
@requires(Permission.READ)
@call({200: ImportRowList}, query=ImportRowQuery)
def import_rows(pk: int, query: ImportRowQuery) -> Any:
    """List what became of each row

    Or what would become of it, where the file was only checked: fields with what was there and what is, and why a row
    was not taken.
    """
    return import_json.rows(pk, query.outcome, query.after, query.limit)


@bp.post("/imports/<int:pk>/cancel")
@requires(Permission.WRITE, Scope.WRITE, Scope.MONEY)
@call({202: ImportWhole})
def import_cancel(pk: int) -> Any:
    """Stop an import

    After the rows that are just being written; what is in stays in.
    """
    return import_json.whole(imports.cancel(actor(), pk)), 202


@bp.get("/imports/<int:pk>/undo")
@requires(Permission.WRITE, Scope.WRITE, Scope.MONEY)
@limiter.limit("60/hour")
@call({200: ImportUndo}, refuses=(409,))
def import_undo_preview(pk: int) -> Any:
    """Look at what an undo would do

    Nothing is written. Of the rows that would stay, the first hundred are named, with the reasons.
    """
    return import_json.undo_preview(pk)


@bp.post("/imports/<int:pk>/undo")
@requires(Permission.WRITE, Scope.WRITE, Scope.MONEY)
@call({202: ImportWhole}, refuses=(409,))
def import_undo(pk: int) -> Any:
    """Take an import back

    Customers that it made go, fields get back what they had, openings are reversed; what somebody has changed since
    stays. It is done in the background, within 30 days of the import.
    """
    _approve(Plan.from_json(imports.get(pk).plan))
    return import_json.whole(imports.undo(actor(), pk)), 202


@bp.get("/imports/<int:pk>/errors")
@requires(Permission.READ)
@call({200: None}, content="text/csv")
def import_errors(pk: int) -> Any:
    """Get the rows that were not taken

    As a file with the columns of the upload and the reason, to mend and to send again.
    """
    headers = {"Content-Disposition": f"attachment; filename=import-{pk}-errors.csv"}
    return Response(stream_with_context(imports.failures_csv(pk)), mimetype="text/csv", headers=headers)
