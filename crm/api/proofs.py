"""Proofs of the ledger for programs: made, followed, and read with their evidence."""

from typing import Any

from flask import url_for

from crm.api import bp
from crm.api.calls import call
from crm.api.listing import asked, query_of
from crm.api.schemas.proofs import Proof, ProofEvidence, ProofIn, ProofList
from crm.models import Permission
from crm.services import proof_json, proofs
from crm.web.guards import actor, requires

QUERY = query_of(proof_json.LISTING)


@bp.get("/ledger/proofs")
@requires(Permission.READ)
@call({200: ProofList}, query=QUERY)
def proof_list() -> Any:
    """List proofs of the ledger

    The newest first; one alone has what it found.
    """
    return proof_json.page(asked())


@bp.post("/ledger/proofs")
@requires(Permission.ADMIN)
@call({202: Proof}, tells=("Location",))
def proof_create(json: ProofIn) -> Any:
    """Prove the ledger

    It is made in the background. One of the same kind that waits already is told instead.
    """
    run = proofs.request(actor(), json.kind)
    return proof_json.as_json(run), 202, {"Location": url_for("api.proof_get", pk=run.id)}


@bp.get("/ledger/proofs/<int:pk>")
@requires(Permission.READ)
@call({200: ProofEvidence})
def proof_get(pk: int) -> Any:
    """Get a proof with its evidence

    For each law the rows, the differences, the first of these, and the SQL that found them.
    """
    return proof_json.evidence(proofs.get(pk))
