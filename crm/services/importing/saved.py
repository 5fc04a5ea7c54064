"""What was decided about a header, kept for the next file that has the same one."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from crm.db import atomic, db, is_postgresql, utcnow
from crm.models import ImportMapping
from crm.services.importing import proposals
from crm.services.importing.columns import bare, is_error_column
from crm.services.importing.plan import Column, Plan
from crm.services.importing.proposals import Proposal


def remember(columns: Sequence[str], plan: Plan) -> None:
    """Keep the plan for headers with these columns, in whatever order, instead of what was kept for them before."""
    stored = {**plan.as_json(), "header": list(columns)}
    insert = (postgresql.insert if is_postgresql() else sqlite.insert)(ImportMapping)
    values = {"fingerprint": fingerprint(columns), "plan": stored, "used_at": utcnow()}
    changed = {name: values[name] for name in ("plan", "used_at")}
    with atomic() as session:
        session.execute(
            insert.values(values).on_conflict_do_update(index_elements=["fingerprint"], set_=changed),
        )


def recall(columns: Sequence[str]) -> Plan | None:
    """The plan that was kept for such a header, its columns in the order of this one; None where there is none."""
    kept = db.session.scalar(select(ImportMapping.plan).where(ImportMapping.fingerprint == fingerprint(columns)))
    if kept is None:
        return None
    stored = dict(kept)
    header = stored.pop("header")
    if fingerprint(header) != fingerprint(columns):
        return None  # kept when names were compared in another way
    by_name: dict[str, list[Column]] = {}
    for name, column in zip(header, Plan.from_json(stored).columns, strict=True):
        by_name.setdefault(bare(name), []).append(column)
    # A column of failed rows' reasons may have come along since.
    ordered = [by_name[bare(name)].pop(0) if by_name.get(bare(name)) else Column() for name in columns]
    return Plan.from_json({**stored, "columns": Plan(tuple(ordered)).as_json()["columns"]})


def propose(
    columns: Sequence[str],
    chosen: Mapping[str, str] | None = None,
    near: bool = True,
    currencies: Mapping[str, str] | None = None,
) -> Proposal:
    """As `proposals.propose`, with what was kept for such a header."""
    return proposals.propose(columns, chosen, recall(columns), near, currencies)


def fingerprint(columns: Sequence[str]) -> str:
    """The same for headers with the same columns: order, punctuation and the column of reasons do not matter."""
    names = sorted(bare(column) for column in columns if not is_error_column(column))
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()
