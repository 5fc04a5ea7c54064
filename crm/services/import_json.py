"""An import as programs see it, and what a list of them is asked by."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from crm.models import Import
from crm.models.imports import IMPORT_STATUSES
from crm.money import to_text
from crm.services import columns, imports
from crm.services.importing import results
from crm.services.importing.choices import DELIMITERS
from crm.services.importing.plan import POLICIES, Column, Plan
from crm.services.listing import Listing
from crm.services.payment_json import moment
from crm.tabular.damage import Finding

_C = Import.__table__.c
COUNTERS = ("total_rows", "read_rows", "created", "updated", "unchanged", "skipped", "failed", "undone", "kept")
_MOMENTS = ("created_at", "started_at", "finished_at", "undo_until")
_SHOWN = ("id", "status", "filename", "size", *COUNTERS, "error", "created_by_id", *_MOMENTS)
_DELIMITERS = {sign: name for name, sign in DELIMITERS.items()}
_FINDINGS = 100
_KEPT = 100  # rows that an undo would leave
_FORESEEN = ("rows", "undone", "kept", "removed", "archived", "restored", "fields", "reversals")
LISTING = Listing(
    "imports",
    select(*(_C[name] for name in _SHOWN), _C.plan, _C["columns"]),
    _C.id,
    {
        "id": columns.number(_C.id),
        "status": columns.word(_C.status, IMPORT_STATUSES),
        "filename": columns.text(_C.filename),
        "size": columns.number(_C.size),
        **{name: columns.number(_C[name]) for name in COUNTERS},
        "error": columns.text(_C.error),
        "created_by": columns.number(_C.created_by_id, nullable=True),
        "created_at": columns.moment(_C.created_at),
        "started_at": columns.moment(_C.started_at, nullable=True),
        "finished_at": columns.moment(_C.finished_at, nullable=True),
        "undo_until": columns.moment(_C.undo_until, nullable=True),
    },
    ordering="-id",
)


def page(asked: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Imports as `Listing.page` says, in one statement; raises `Invalid` by parameter."""
    found = LISTING.page(asked)
    return {"items": [as_json(row) for row in found.items], "next_cursor": found.next_cursor}


def as_json(upload: Any) -> dict[str, Any]:
    """A row of the listing or an `Import`, with its progress and what was decided about its file."""
    told = {name: getattr(upload, name) for name in _SHOWN if name != "created_by_id"}
    told |= {name: told[name] and moment(told[name]) for name in _MOMENTS}
    plan = Plan.from_json(upload.plan)
    return told | _decided(upload.columns, plan) | {"created_by": upload.created_by_id}


def whole(upload: Import) -> dict[str, Any]:
    """As `as_json`, with how the file is read and what was found in it."""
    plan = Plan.from_json(upload.plan)
    return as_json(upload) | {
        "read_as": {
            **{name: getattr(upload, name) for name in ("kind", "encoding", "sheet", "sheets")},
            "delimiter": _DELIMITERS[upload.delimiter],
            "header": upload.header_line + 1,
        },
        "uploaded_before": before.id if (before := imports.uploaded_before(upload.id)) else None,
        "openings": [
            {"currency": one.currency, "wallets": one.wallets, "amount": to_text(one.amount, one.currency)}
            for one in imports.openings(upload.id)
        ],
        "notes": upload.notes,
        "damage": [_damage(Finding.from_json(one), plan) for one in upload.damage[:_FINDINGS]],
    }


def _decided(header: Sequence[str], plan: Plan) -> dict[str, Any]:
    columns = list(zip(header, plan.columns, strict=False))
    return {
        "on_duplicate": plan.on_duplicate,
        "mapping": {name: column.field for name, column in sorted(columns, key=_is_taken)},
        "policies": {name: column.policy for name, column in columns if column.field and column.policy != POLICIES[0]},
        "currencies": {name: column.currency for name, column in columns if column.currency},
        "labels": {name: column.label for name, column in columns if column.label},
        "defaults": dict(plan.defaults),
        "match": list(plan.match),
        "restore": plan.restore,
    }


def _is_taken(named: tuple[str, Column]) -> bool:
    """Of several columns with one name, the one that is taken is told: it comes last."""
    return named[1].field is not None


def _damage(finding: Finding, plan: Plan) -> dict[str, Any]:
    told = {name: getattr(finding, name) for name in ("kind", "column", "count")}
    return told | {
        "can_be_repaired": bool(finding.repair),
        "is_repaired": finding.repair in plan.repairs,
        "samples": [asdict(sample) for sample in finding.samples],
    }


def rows(pk: int, outcome: str, after: int, limit: int) -> dict[str, Any]:
    """What became of the import's rows behind the row `after`, as `results.rows` has them; raises `NotFound`."""
    imports.get(pk)
    found = results.rows(pk, outcome, after, limit)
    return {"items": [_row(row) for row in found.items], "next_after": found.next_after}


def undo_preview(pk: int) -> dict[str, Any]:
    """What an undo of the import would do now, as `imports.undo_preview` has it; amounts as plain decimals."""
    found = imports.undo_preview(pk, _KEPT)
    sums = {"returned": found.returned, "staying": found.staying}
    return {name: getattr(found, name) for name in _FORESEEN} | {
        **{name: decimals(sum_) for name, sum_ in sums.items()},
        "kept_rows": [{"row": one.row, "customer": one.name, "message": one.note} for one in found.kept_rows],
    }


def decimals(sums: Mapping[str, int]) -> dict[str, str]:
    """Minor units by currency as plain decimals.

    >>> decimals({"USD": 500, "JPY": 7})
    {'JPY': '7', 'USD': '5.00'}
    """
    return {code: to_text(sums[code], code) for code in sorted(sums)}


def _row(row: Any) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("row", "outcome", "customer_id")}
    return told | {
        "message": row.message or "",
        "changes": row.changes or {},
        "cells": row.cells,
        "undo": row.undo,
        "undo_message": row.undo_note or "",
    }
