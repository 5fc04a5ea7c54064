"""An import as programs see it, and what a list of them is asked by."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from crm.models import Import
from crm.models.imports import IMPORT_STATUSES
from crm.services import columns, imports
from crm.services.importing import results
from crm.services.listing import Listing
from crm.services.payment_json import moment

_C = Import.__table__.c
COUNTERS = ("total_rows", "read_rows", "created", "updated", "unchanged", "skipped", "failed", "undone", "kept")
_MOMENTS = ("created_at", "started_at", "finished_at", "undo_until")
_SHOWN = ("id", "status", "filename", "size", *COUNTERS, "error", "created_by_id", *_MOMENTS)
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
    """A row of the listing or an `Import`, with its progress and what each of its columns was taken for."""
    told = {name: getattr(upload, name) for name in _SHOWN if name != "created_by_id"}
    told |= {name: told[name] and moment(told[name]) for name in _MOMENTS}
    fields = [one["field"] for one in upload.plan["columns"]]
    return told | {
        "on_duplicate": upload.plan["on_duplicate"],
        "mapping": dict(zip(upload.columns, fields, strict=False)),
        "created_by": upload.created_by_id,
    }


def rows(pk: int, outcome: str, after: int, limit: int) -> dict[str, Any]:
    """What became of the import's rows behind the row `after`, as `results.rows` has them; raises `NotFound`."""
    imports.get(pk)
    found = results.rows(pk, outcome, after, limit)
    return {"items": [_row(row) for row in found.items], "next_after": found.next_after}


def _row(row: Any) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in ("row", "outcome", "customer_id")}
    return told | {
        "message": row.message or "",
        "changes": row.changes or {},
        "cells": row.cells,
    }
