"""How far an import has come: counted with each chunk, under the lease; whether it is to stop is asked there too.

The statements are built once: on SQLite, where chunks are small, building them takes longer than running them.
"""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Update, bindparam, select, update

from crm.db import db, utcnow
from crm.models import Import
from crm.models.imports import OUTCOMES
from crm.services.importing.lease import LEASE, LeaseLostError, Task

_import: Any = Import.__table__.c
_EXTENDED = (
    update(Import.__table__)  # type: ignore[arg-type]
    .where(_import.id == bindparam("pk"), _import.lease == bindparam("token"), _import.status == bindparam("state"))
    .values(lease_until=bindparam("until"), busy_seconds=bindparam("busy"))
)
_STOPPED = select(_import.cancel_requested).where(_import.id == bindparam("pk"))


def advance(task: Task, counts: Mapping[str, int]) -> None:
    """Count the rows as read, by outcome, and extend the lease, within the present transaction.

    A run has come further then, and may fail as often as before it; a check would begin anew. Raises `LeaseLostError`
    where another process has taken over: what was written with it is rolled back then.
    """
    more = {f"more_{name}": counts.get(name, 0) for name in OUTCOMES}
    _mine(_further(task.status != "checking"), task, {**more, "more_rows": sum(counts.values())})


def extend(task: Task, **values: Any) -> None:
    """Keep the lease, and set columns of the import, within the present transaction. Raises `LeaseLostError`."""
    _mine(_EXTENDED.values(values), task, {})


def is_to_stop(task: Task) -> bool:
    """Whether somebody wants no further rows."""
    return bool(db.session.connection().execute(_STOPPED, {"pk": task.id}).scalar())


@cache
def _further(is_certain: bool) -> Update:
    counted = {name: _import[name] + bindparam(f"more_{name}") for name in OUTCOMES}
    attempts = {"attempts": 0} if is_certain else {}
    return _EXTENDED.values(read_rows=_import.read_rows + bindparam("more_rows"), **counted, **attempts)


def _mine(statement: Update, task: Task, values: Mapping[str, Any]) -> None:
    busy = task.busy_seconds + time.monotonic() - task.begun
    here = {"pk": task.id, "token": task.token, "state": task.status, "until": utcnow() + LEASE, "busy": busy}
    if db.session.connection().execute(statement, {**here, **values}).rowcount != 1:
        raise LeaseLostError
