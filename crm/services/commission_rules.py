"""What is taken for payments: rules that are added and ended, never changed, and which of them are in force."""

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from crm.db import atomic, db, locked, retrying, utcnow
from crm.errors import Invalid, NotFound
from crm.i18n import gettext as _
from crm.ledger.pricing import Rule
from crm.models import CommissionRule
from crm.models.currency import CHARGED_KINDS
from crm.services import audit
from crm.services.audit import Actor
from crm.services.commission_terms import RuleData, checked, described

PAST_SHOWN = 100


class State(enum.StrEnum):
    """How a rule stands at a moment."""

    IN_FORCE = "in_force"
    COMING = "coming"
    PAST = "past"


@dataclass(frozen=True)
class Standing:
    """A rule, how it stands, and when it stopped or will stop where that is known."""

    row: CommissionRule
    state: State
    until: datetime | None = None

    @property
    def rule(self) -> Rule:
        """The rule as prices are worked out by it."""
        return rule_of(self.row)


def rule_of(row: CommissionRule) -> Rule:
    """The stored rule as prices are worked out by it."""
    terms = row.percent, row.fixed, row.minimum, row.maximum
    return Rule(row.id, row.payment_kind, row.currency, row.source, *terms)


@retrying
def add(actor: Actor, data: RuleData) -> CommissionRule:
    """Add the rule: from its moment on it takes the place of the one for the same kind, currency and source. Raises
    `Invalid` by field, as `commission_terms.checked`.
    """
    rule, begins = checked(data)
    with atomic() as session:
        row = CommissionRule(
            payment_kind=rule.payment_kind, currency=rule.currency, source=rule.source, percent=rule.percent,
            fixed=rule.fixed, minimum=rule.minimum, maximum=rule.maximum, valid_from=begins,
            created_by_id=actor.user_id,
        )  # fmt: skip
        session.add(row)
        session.flush()
        audit.record(actor, "commission_rule.added", "commission_rule", row.id, described(rule, begins))
    return row


@retrying
def end(actor: Actor, pk: int) -> CommissionRule:
    """End the rule now, or call off one that has not begun; one that is ended already stays as it is.

    Nothing is taken instead: no older rule comes back. Raises `NotFound`, and `Invalid` for one that another rule has
    taken the place of.
    """
    with atomic():
        row = locked(CommissionRule, pk)
        if row.ended_at is not None:
            return row
        if standing_of(row).state == State.PAST:
            raise Invalid({"": [_("Another rule has taken the place of this one; there is nothing to end.")]})
        row.ended_at = utcnow()
        audit.record(actor, "commission_rule.ended", "commission_rule", pk)
    return row


def standing_of(row: CommissionRule) -> Standing:
    """How the rule stands now."""
    alike = select(CommissionRule).where(CommissionRule.payment_kind == row.payment_kind)
    return next(one for one in _standing(db.session.scalars(alike), utcnow()) if one.row.id == row.id)


def get(pk: int) -> Standing:
    """The rule and how it stands now; `NotFound`."""
    row = db.session.get(CommissionRule, pk)
    if row is None:
        raise NotFound(_("This no longer exists."))
    return standing_of(row)


def listed(past: int = PAST_SHOWN) -> list[Standing]:
    """Every rule in force and to come, by kind, the general ones first, and the last so many of those that are past."""
    rows = db.session.scalars(select(CommissionRule).options(joinedload(CommissionRule.created_by)))
    found = sorted(_standing(rows, utcnow()), key=_place)
    over = sorted((one for one in found if one.state == State.PAST), key=lambda one: -one.row.id)[:past]
    return [one for one in found if one.state != State.PAST or one in over]


def _standing(rows: Iterable[CommissionRule], now: datetime) -> Iterator[Standing]:
    """The rows with how they stand, as `ledger.rows` has it: the newest that has begun holds, until it is ended."""
    alike: dict[tuple[str, str | None, str | None], list[CommissionRule]] = {}
    for row in rows:
        alike.setdefault((row.payment_kind, row.currency, row.source), []).append(row)
    for same in alike.values():
        successor: datetime | None = None
        for row in sorted(same, key=lambda one: (one.valid_from, one.id), reverse=True):
            until = min(filter(None, (row.ended_at, successor)), default=None)
            called_off = row.ended_at is not None and row.ended_at <= row.valid_from
            if called_off or (until is not None and until <= now):
                yield Standing(row, State.PAST, until)
            else:
                yield Standing(row, State.COMING if row.valid_from > now else State.IN_FORCE, until)
            successor = successor if called_off else row.valid_from


def _place(one: Standing) -> tuple[int, str, str, datetime]:
    row = one.row
    return CHARGED_KINDS.index(row.payment_kind), row.currency or "", row.source or "", row.valid_from
