"""The proof page: how the ledger stands, which laws were proved by which SQL, and the proofs of the past."""

import json
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from crm.i18n import gettext as _
from crm.models import Permission
from crm.models.proofs import KINDS, STATES
from crm.services import proof_json, proofs
from crm.tabular.writing import csv_pieces
from crm.web.guards import actor, requires
from crm.web.htmx import answer, go, is_partial, notify
from crm.web.proof_words import KIND_NAMES, STATE_NAMES
from crm.web.wallet_order import row_id

bp = Blueprint("proof", __name__, url_prefix="/proof")
SHOWN = 20  # runs of the history at a time


@bp.get("/")
@requires(Permission.READ)
def proof_page() -> Response:
    """How the ledger stands, and the history of proofs; the latter alone where it is filtered or continued."""
    known = proofs.standing()
    if is_partial() and request.headers.get("HX-Target") == "proof-standing":
        return _standing(known)
    context = _history() | {"known": known}
    if is_partial() and request.headers.get("HX-Target") == "more":
        return make_response(render_template("proof/_rows.html", **context))
    if not is_partial():
        full = known.full
        context |= {"findings": proofs.findings(full.id) if full else []}
        context |= {"since": proofs.found_since(full.id) if full else {}}
    return answer("proof/page.html", "proof/_history.html", **context)


@bp.post("/start/")
@requires(Permission.ADMIN)
def proof_start() -> Response:
    """Have everything, or what is new, proved now."""
    kind = request.form.get("kind", "full")
    run = proofs.request(actor(), kind if kind in KINDS else "full")
    notify(_("The proof begins in a moment."))
    return go(url_for("proof.proof_detail", pk=run.id))


@bp.get("/<int:pk>/")
@requires(Permission.READ)
def proof_detail(pk: int) -> Response:
    """One proof with all it has found; the partial asks for itself again until it is over."""
    return answer("proof/detail.html", "proof/_run.html", run=proofs.get(pk), findings=proofs.findings(pk))


@bp.get("/<int:pk>/evidence.csv")
@requires(Permission.READ)
def evidence_csv(pk: int) -> Response:
    """What was found of each law, and each difference, as a table."""
    found = proof_json.evidence(proofs.get(pk))
    return _file("".join(csv_pieces(proof_json.HEADINGS, proof_json.lines(found))), "text/csv", f"proof-{pk}.csv")


@bp.get("/<int:pk>/evidence.json")
@requires(Permission.READ)
def evidence_json(pk: int) -> Response:
    """The same for programs."""
    found = json.dumps(proof_json.evidence(proofs.get(pk)), ensure_ascii=False, indent=2)
    return _file(found, "application/json", f"proof-{pk}.json")


@bp.get("/operations/<int:pk>/")
@requires(Permission.READ)
def operation(pk: int) -> Response:
    """An operation that a proof names: shown on its payment."""
    return go(url_for("payments.payment_detail", pk=proofs.payment_of(pk)))


def _standing(known: proofs.Standing) -> Response:
    response = make_response(render_template("proof/_standing.html", known=known))
    if known.under_way is None:
        response.headers["HX-Refresh"] = "true"  # it has come to its end: everything else on the page is older
    return response


def _history() -> dict[str, Any]:
    kind, state = request.args.get("kind", ""), request.args.get("state", "")
    chosen = {"kind": kind if kind in KINDS else "", "state": state if state in STATES else ""}
    runs, before = proofs.history(**chosen, before=row_id(request.args.get("before", "")), limit=SHOWN)
    following = {name: value for name, value in chosen.items() if value} | {"before": before}
    return {
        "runs": runs, "chosen": chosen, "kinds": KIND_NAMES, "states": STATE_NAMES,
        "following": following if before else None,
    }  # fmt: skip


def _file(text: str, mimetype: str, name: str) -> Response:
    return Response(text, mimetype=mimetype, headers={"Content-Disposition": f"attachment; filename={name}"})
