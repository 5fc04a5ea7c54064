"""Proofs of the ledger as programs and evidence files have them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from crm.ledger.laws import BY_CODE
from crm.models import ProofRun
from crm.models.proofs import KINDS, STATES
from crm.services import columns, proofs
from crm.services.listing import Listing
from crm.services.payment_json import moment

_R = ProofRun.__table__.c
_PLAIN = ("id", "kind", "state", "laws", "done", "differences", "from_position", "to_position", "error")
_MOMENTS = ("created_at", "started_at", "finished_at")
HEADINGS = (
    "proof", "kind", "state", "finished_at", "from_position", "to_position", "head_hash",
    "law", "sentence", "rows", "differences", "milliseconds", "difference", "sql",
)  # fmt: skip
LISTING = Listing(
    "proofs",
    select(*(_R[name] for name in (*_PLAIN, *_MOMENTS, "head_hash", "created_by_id"))),
    _R.id,
    {
        "id": columns.number(_R.id),
        "kind": columns.word(_R.kind, KINDS),
        "state": columns.word(_R.state, STATES),
        "laws": columns.number(_R.laws),
        "differences": columns.number(_R.differences),
        "from_position": columns.number(_R.from_position),
        "to_position": columns.number(_R.to_position),
        "created_by": columns.number(_R.created_by_id, nullable=True),
        "created_at": columns.moment(_R.created_at),
        "started_at": columns.moment(_R.started_at, nullable=True),
        "finished_at": columns.moment(_R.finished_at, nullable=True),
    },
    ordering="-id",
)


def page(asked: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Runs as `Listing.page` says, without what they have found. Raises `Invalid` by parameter."""
    found = LISTING.page(asked)
    return {"items": [as_json(row) for row in found.items], "next_cursor": found.next_cursor}


def as_json(run: Any) -> dict[str, Any]:
    """A run; `head_hash` in hexadecimal."""
    told = {name: getattr(run, name) for name in _PLAIN} | {"head_hash": run.head_hash and run.head_hash.hex()}
    told |= {name: (at := getattr(run, name)) and moment(at) for name in _MOMENTS}
    return told | {"created_by": run.created_by_id}


def evidence(run: ProofRun) -> dict[str, Any]:
    """A run with what it has found of each law: counts, the first of the differences, and the SQL that found them."""
    found = [
        {
            "law": finding.law,
            "sentence": sentence(finding.law),
            "rows": finding.rows,
            "differences": finding.differences,
            "milliseconds": finding.milliseconds,
            "found": finding.examples,
            "sql": sql,
        }
        for finding, sql in proofs.findings(run.id)
    ]
    return as_json(run) | {"findings": found}


def lines(evidence: Mapping[str, Any]) -> Iterable[list[Any]]:
    """The same as rows under `HEADINGS`: one for each law, and one for each of its differences."""
    about = [evidence[name] for name in ("id", *HEADINGS[1:7])]
    for finding in evidence["findings"]:
        of_law = [finding[name] for name in HEADINGS[7:12]]
        yield [*about, *of_law, None, finding["sql"]]
        for row in finding["found"]:
            yield [*about, *of_law, json.dumps(row, ensure_ascii=False), None]


def sentence(code: str) -> str:
    """The law in words; of one that is no law any more, its code."""
    return str(BY_CODE[code].sentence) if code in BY_CODE else code
