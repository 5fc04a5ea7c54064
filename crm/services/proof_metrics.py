"""What is proved of the ledger as figures that Prometheus collects, in its text format 0.0.4."""

from collections.abc import Iterable, Mapping

from crm.db import utcnow
from crm.ledger.laws import LAWS
from crm.models import ProofRun
from crm.services import proofs
from crm.services.proofs import Standing

Figures = Mapping[str, float]  # labels → value


def exposition() -> str:
    """The figures; of what has never been proved there are none."""
    known = proofs.standing()
    return "".join(
        _metric(name, about, figures)
        for name, about, figures in (
            ("crm_proof_differences", "Rows that break a law, since everything was proved.", _differences(known)),
            ("crm_proof_age_seconds", "How long ago the last proof came to its end.", _ages(known)),
            ("crm_proof_failed", "1 where the newest proof could not be made.", {"": float(known.failed is not None)}),
            ("crm_proof_operations", "The place in the chain up to which operations are proved.", _proved(known)),
        )
    )


def _differences(known: Standing) -> Figures:
    if known.full is None:
        return {}
    found = {finding.law: finding.differences for finding, _sql in proofs.findings(known.full.id)}
    since = proofs.found_since(known.full.id)
    return {
        f'{{law="{law.code}"}}': found.get(law.code, 0) + since.get(law.code, (0, 0))[1]
        for law in LAWS
        if law.code in found
    }


def _ages(known: Standing) -> Figures:
    ages: Iterable[tuple[str, ProofRun | None]] = (("full", known.full), ("any", known.last))
    return {
        f'{{kind="{kind}"}}': round((utcnow() - run.finished_at).total_seconds(), 1)
        for kind, run in ages
        if run is not None and run.finished_at is not None
    }


def _proved(known: Standing) -> Figures:
    return {"": known.last.to_position} if known.last else {}


def _metric(name: str, about: str, figures: Figures) -> str:
    lines = "".join(f"{name}{labels} {value:g}\n" for labels, value in figures.items())
    return f"# HELP {name} {about}\n# TYPE {name} gauge\n{lines}" if lines else ""
