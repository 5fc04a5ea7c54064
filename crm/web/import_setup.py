"""Setting an import up: how its file reads, what its columns hold, what may be done to customers who are here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request, url_for

from crm.errors import Invalid
from crm.extensions import limiter
from crm.forms.import_plan import order_of, typed_plan, typed_reading
from crm.forms.imports import DUPLICATE_NAMES
from crm.i18n import gettext as _
from crm.models import Import, Permission
from crm.services import currencies, imports
from crm.services import import_drafts as drafts
from crm.services.import_drafts import Glance
from crm.services.importing.plan import DEFAULTS, MATCH, Column, Plan
from crm.services.importing.samples import Sample
from crm.services.importing.validity import Validity
from crm.web.guards import actor, requires
from crm.web.htmx import answer, go, is_partial
from crm.web.import_words import field_options

bp = Blueprint("import_setup", __name__, url_prefix="/customers/import")
EDITABLE = ("draft", "checked")
Errors = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class ColumnRow:
    """A column of the file as the page shows it."""

    index: int
    title: str
    sample: Sample
    chosen: Column
    validity: Validity | None
    found: str  # how it was recognised, one of `import_words.FOUND`, '' where a person has said it

    @property
    def options(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """What it may hold, by group."""
        return field_options(self.title, self.chosen.field)


@bp.get("/<int:pk>/columns/")
@requires(Permission.WRITE)
def setup_form(pk: int) -> Response:
    """What the columns are taken for; an import that has begun is watched instead."""
    upload = imports.get(pk)
    if upload.status not in EDITABLE:
        return go(url_for("imports.import_detail", pk=pk))
    return _form(upload)


@bp.post("/<int:pk>/columns/")
@requires(Permission.WRITE)
@limiter.limit("600/hour")
def setup_save(pk: int) -> Response:
    """Keep what was decided, and check the rows or import them."""
    upload = imports.get(pk)
    plan, order = typed_plan(request.form, len(upload.columns)), order_of(request.form)
    try:
        imports.refuse_other(upload, request.form.get("table"))
        if "move" in request.form:
            return _page(upload, plan, order)
        if drafts.decide(actor(), pk, plan, upload.table):
            more = _("In the columns as you have chosen them more is spoilt. Look at it, and go on.")
            return _form(imports.get(pk), {"damage": [more]}, 422)
        (imports.start if request.form.get("next") == "start" else imports.check)(actor(), pk)
    except Invalid as error:
        if "table" in error.fields:
            return _form(imports.get(pk), {"columns": error.fields["table"]}, 422)
        return _page(upload, plan, order, error.fields, 422)
    return go(url_for("imports.import_detail", pk=pk))


@bp.post("/<int:pk>/start/")
@requires(Permission.WRITE)
def setup_start(pk: int) -> Response:
    """Import the file as it was checked; sent again it leads to the same page."""
    upload = imports.get(pk)
    if upload.status in EDITABLE:
        imports.start(actor(), pk)
    return go(url_for("imports.import_detail", pk=pk))


@bp.post("/<int:pk>/reading/")
@requires(Permission.WRITE)
@limiter.limit("600/hour")
def setup_reading(pk: int) -> Response:
    """Read the file with another encoding, delimiter, sheet or header."""
    upload = imports.get(pk)
    try:
        upload = drafts.reread(pk, typed_reading(request.form, upload))
    except Invalid as error:
        return _form(upload, error.fields, 422)
    return _form(upload) if is_partial() else go(url_for("import_setup.setup_form", pk=pk))


def _form(upload: Import, errors: Errors | None = None, status: int = 200) -> Response:
    plan = Plan.from_json(upload.plan)
    return _page(upload, plan, [*plan.match, *(key for key in MATCH if key not in plan.match)], errors, status)


def _page(upload: Import, plan: Plan, order: list[str], errors: Errors | None = None, status: int = 200) -> Response:
    seen = drafts.glance(upload, Plan.from_json(upload.plan) if errors else plan)
    context = {"upload": upload, "plan": plan, "order": order, "errors": errors or {}}
    context |= {"columns": _rows(upload, plan, seen), "seen": seen}
    context |= {"currencies": currencies.codes(), "default_names": DEFAULTS, "moved": request.form.get("move", "")}
    context |= {"before": imports.uploaded_before(upload.id)}
    context |= {"duplicate_names": [(choice.value, choice.label) for choice in DUPLICATE_NAMES]}
    return answer("imports/setup.html", "imports/_setup.html", status, **context)


def _rows(upload: Import, plan: Plan, seen: Glance) -> list[ColumnRow]:
    proposed = zip(seen.proposal.plan.columns, seen.proposal.found, strict=True)
    columns = zip(plan.columns, upload.columns, seen.samples, seen.validities, proposed, strict=False)
    return [
        ColumnRow(index, title, sample, chosen, validity, found if chosen.field == guess.field else "")
        for index, (chosen, title, sample, validity, (guess, found)) in enumerate(columns)
    ]
