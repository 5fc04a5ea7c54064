"""Taking an import back: foreseen without writing, and asked for."""

from collections import Counter
from dataclasses import dataclass, field

from crm.db import atomic, db, locked, retrying, utcnow
from crm.errors import NotFound, TooLate
from crm.i18n import gettext as _
from crm.models import Import
from crm.services import audit
from crm.services.audit import Actor
from crm.services.importing import lease, undo_rules, undo_state
from crm.services.importing.chunks import seldom_collected
from crm.services.importing.undo_fields import Outcome, Undoing
from crm.services.importing.undo_state import REQUESTED, Person, State
from crm.services.importing.undo_untouched import Untouched, touched, untouched

_BLOCK = 2_000
_REMEMBERED = 50_000  # customers whom several rows have touched, while an undo is foreseen: 100 MB at most


@dataclass
class Preview:
    """What an undo would do now. Amounts are in minor units, by currency."""

    rows: int = 0  # that have created or updated somebody
    removed: int = 0  # customers who would be deleted
    archived: int = 0  # and put away, since the ledger remembers them
    restored: int = 0  # and get values back
    fields: int = 0  # how many values
    undone: int = 0  # rows that would be taken back wholly
    kept: int = 0  # rows of which something stays
    kept_rows: list[Outcome] = field(default_factory=list)  # the first of these, from the end of the file
    reversals: int = 0  # opening payments that would be reversed
    returned: Counter[str] = field(default_factory=Counter)  # that would leave wallets
    staying: Counter[str] = field(default_factory=Counter)  # that could not, mostly since it was spent

    def add_untouched(self, made: Untouched) -> None:
        """Count those who go as they came."""
        self.rows += made.rows
        self.undone += made.rows
        self.removed += made.rows - made.archived
        self.archived += made.archived
        self.reversals += made.reversals
        self.returned.update(made.returned)

    def add(self, undoing: Undoing, limit: int) -> None:
        """Count what was decided on; of rows that are kept `limit` are named."""
        kept = [outcome for outcome in undoing.outcomes if outcome.note]
        self.rows += len(undoing.outcomes)
        self.kept += len(kept)
        self.undone += len(undoing.outcomes) - len(kept)
        self.kept_rows += kept[: limit - len(self.kept_rows)]
        self.removed += len(undoing.removed)
        self.archived += len(undoing.archived)
        self.restored += len(undoing.restored)
        self.fields += undoing.fields
        self.reversals += len(undoing.reversals)
        self.returned.update(undoing.returned)
        self.staying.update(undoing.staying)


def undo_preview(pk: int, limit: int = 100) -> Preview:
    """What an undo of the import would do now, row by row as `undo` would decide it; nothing is written or locked.

    Of the rows that it would keep `limit` are named, from the end of the file. What nobody has touched since is counted
    as a set, a million rows in seconds; the others are read, some 10,000 a second, so a page should ask for it apart.
    Raises `NotFound`, and `TooLate` as `undo` does.
    """
    upload = db.session.get(Import, pk, populate_existing=True)
    if upload is None:
        raise NotFound(_("There is no such import."))
    _check(upload)
    found, remembered = Preview(), _Remembered(undo_state.repeated(upload.id, _REMEMBERED))
    with seldom_collected():
        made = untouched(upload.id, remembered.pks)
        found.add_untouched(made)
        for start in range(0, len(made.others), _BLOCK):
            rows = touched(upload.id, made.others[start : start + _BLOCK])
            state = undo_state.load(upload, rows, lock=False)
            made.let_go(state, upload.id)
            db.session.rollback()
            remembered.put_into(state)
            undoing = undo_rules.decide(rows, state)
            found.add(undoing, limit)
            found.restored -= remembered.counted_before(undoing)
    return found


class _Remembered:
    """What rows that were decided on already leave to those before them: customers whom several rows have touched, and
    external ids that are free then.
    """

    def __init__(self, pks: set[int]) -> None:
        self.pks = pks
        self.people: dict[int, Person] = {}
        self.freed: set[str] = set()
        self.counted: set[int] = set()

    def put_into(self, state: State) -> None:
        for pk in state.people.keys() & self.pks:
            state.people[pk] = self.people.setdefault(pk, state.people[pk])
        if len(self.freed) > _REMEMBERED:
            self.freed.clear()
        state.holders = {name: pk for name, pk in state.holders.items() if name not in self.freed}
        state.freed = self.freed

    def counted_before(self, undoing: Undoing) -> int:
        """How many customers stood among the restored ones already, or do so no more."""
        gone = {person.pk for person in (*undoing.removed, *undoing.archived)}
        again = (gone | undoing.restored.keys()) & self.counted
        self.counted |= undoing.restored.keys() & self.pks
        self.counted -= gone
        return len(again)


@retrying
def undo(actor: Actor, pk: int) -> Import:
    """Have a worker take the import back: `undoing`, then `undone`, with `undone` and `kept` counting rows.

    Customers that it made go away (those whose money has moved are archived, without contacts and external id, so
    that the file can come again); fields get back what they had, unless somebody has changed them since; openings
    are reversed where the money is there, and the wallets closed. `imports.rows(pk, "kept")` tells what stayed, and
    why, as `undo_note`. An import that is being undone, or is, stays as it is. Raises `TooLate` when the 30 days
    (`undo_until`) are over or nothing was stored, `NotFound`.
    """
    with atomic():
        upload = locked(Import, pk)
        if upload.status not in ("undoing", "undone"):
            _check(upload)
            turn_back(actor, upload)
    return upload


def _check(upload: Import) -> None:
    if not upload.is_final:
        raise TooLate(_("This import has not ended yet."))
    if not upload.can_be_undone:
        raise TooLate(_("This import cannot be undone: nothing was stored, or its 30 days are over."))


def turn_back(actor: Actor, upload: Import) -> None:
    """Have the locked row undone from its last row on, within the present transaction; who asked stands in the trail.

    A worker that imports still loses its lease with this: what it has in hand is not stored.
    """
    audit.record(actor, REQUESTED, "import", upload.id)
    now = utcnow()
    upload.status, upload.error = "undoing", ""
    upload.finished_at = upload.finished_at or now
    upload.undo_until = upload.undo_until or now + lease.UNDO
    upload.lease = upload.lease_until = None
    upload.cancel_requested, upload.attempts, upload.unseen = False, 0, False
    lease.discard(upload)
    lease.ring(upload)
