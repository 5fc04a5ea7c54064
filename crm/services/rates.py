"""Exchange rates: what is in force, how it was, and new ones. A rate is never changed; a newer one takes its place."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, case, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from crm import money
from crm.db import atomic, db, retrying, utcnow
from crm.errors import Invalid
from crm.i18n import gettext as _
from crm.ledger.pricing import share
from crm.models import ExchangeRate
from crm.models.currency import MAX_PERCENT, MAX_RATE, SCALE
from crm.services import audit, currencies
from crm.services.amounts import noted, typed_percent, typed_scaled
from crm.services.audit import Actor
from crm.services.moments import typed_moment


@dataclass(frozen=True)
class RateData:
    """A rate as it is typed: text, '' where nothing is."""

    from_currency: str = ""
    to_currency: str = ""
    rate: str = ""
    spread: str = ""
    valid_from: str = ""


class Terms(NamedTuple):
    """A rate to be stored; `rate` and `spread` (a percent) scaled by 10^9."""

    from_currency: str
    to_currency: str
    rate: int
    spread: int
    valid_from: datetime

    def inverse(self) -> "Terms":
        """The other direction at the same worth, half-even; `Invalid` where that is no rate any more."""
        other = share(SCALE, SCALE, self.rate)
        if not 0 < other <= MAX_RATE:
            raise Invalid({"rate": [_("The rate the other way cannot be written with %(count)d decimals.", count=9)]})
        return self._replace(from_currency=self.to_currency, to_currency=self.from_currency, rate=other)


class PairRate(NamedTuple):
    """The rate of a pair that is in force, or the first to come, and how many are to come."""

    row: ExchangeRate
    is_coming: bool
    coming: int


@dataclass(frozen=True)
class RateHistory:
    """Some rates of a pair, newest first; `next_before` continues, None on the last page."""

    items: list[ExchangeRate]
    next_before: int | None


def checked(data: RateData, known: Collection[str], now: datetime) -> Terms:
    """The rate that is asked for; `Invalid` with every message by field. `known` are the currencies in use."""
    wrong: dict[str, list[str]] = {}
    pair = [getattr(data, name).strip().upper() for name in ("from_currency", "to_currency")]
    for name, code in zip(("from_currency", "to_currency"), pair, strict=True):
        if code not in known:
            wrong[name] = [_("%(currency)s is not in use here.", currency=code[:10] or "—")]
    if pair[0] == pair[1] and not wrong:
        wrong["to_currency"] = [_("Choose another currency than the one that is paid.")]
    rate, spread, begins = 0, 0, None
    with noted(wrong, "rate"):
        rate = _rate(data.rate)
    with noted(wrong, "spread"):
        spread = _spread(data.spread)
    with noted(wrong, "valid_from"):
        begins = typed_moment(data.valid_from)
    if wrong:
        raise Invalid(wrong)
    return Terms(pair[0], pair[1], rate, spread, begins or now)


@retrying
def add(actor: Actor, data: RateData, with_inverse: bool = False) -> list[Terms]:
    """Add the rate, and the one the other way where that is wanted; `Invalid` by field."""
    terms = checked(data, currencies.codes(), utcnow())
    wanted = [terms, terms.inverse()] if with_inverse else [terms]
    try:
        with atomic():
            for one in wanted:
                pk = db.session.scalar(insert(ExchangeRate).values(_row(one, actor)).returning(ExchangeRate.id))
                audit.record(actor, "rate.added", "exchange_rate", pk or 0, _described(one))
    except IntegrityError as error:
        raise Invalid({"valid_from": [_("The pair has a rate from this moment on already.")]}) from error
    return wanted


def stored(terms: Terms) -> ExchangeRate:
    """The row of a rate that was added."""
    same = ExchangeRate.from_currency == terms.from_currency, ExchangeRate.to_currency == terms.to_currency
    return db.session.scalars(select(ExchangeRate).where(*same, ExchangeRate.valid_from == terms.valid_from)).one()


@retrying
def add_many(actor: Actor, wanted: Sequence[Terms], name: str) -> None:
    """Add the rates of the file of this name: all of them or, with `Invalid` (`file`), none."""
    try:
        with atomic():
            db.session.execute(insert(ExchangeRate), [_row(one, actor) for one in wanted])
            about = {"filename": (None, name), "total_rows": (None, len(wanted))}
            audit.record(actor, "rate.imported", "exchange_rate", name[:40], about)
    except IntegrityError as error:
        raise Invalid({"file": [_("A pair in the file has a rate from the same moment on already.")]}) from error


def latest() -> list[PairRate]:
    """Every pair that has a rate, in order. One statement."""
    now, at = utcnow(), ExchangeRate.valid_from
    begun = func.max(case((at <= now, at)))
    pairs = (
        select(
            ExchangeRate.from_currency,
            ExchangeRate.to_currency,
            func.coalesce(begun, func.min(at)).label("at"),
            func.sum(case((at > now, 1), else_=0)).label("coming"),
        )
        .group_by(ExchangeRate.from_currency, ExchangeRate.to_currency)
        .subquery()
    )
    same = (getattr(ExchangeRate, name) == pairs.c[name] for name in ("from_currency", "to_currency"))
    found = db.session.execute(
        select(ExchangeRate, pairs.c.coming)
        .join(pairs, and_(*same, at == pairs.c.at))
        .options(joinedload(ExchangeRate.created_by))
        .order_by(ExchangeRate.from_currency, ExchangeRate.to_currency)
    )
    return [PairRate(row, row.valid_from > now, int(coming)) for row, coming in found]


def history(from_currency: str, to_currency: str, before: int | None = None, limit: int = 50) -> RateHistory:
    """The pair's rates, those to come too, newest first, from the one before the rate with the id `before` on."""
    wanted = _of_pair(from_currency, to_currency).options(joinedload(ExchangeRate.created_by)).limit(limit + 1)
    if before is not None:
        place = select(ExchangeRate.valid_from).where(ExchangeRate.id == before).scalar_subquery()
        wanted = wanted.where(ExchangeRate.valid_from < place)
    found = list(db.session.scalars(wanted))
    return RateHistory(found[:limit], found[limit - 1].id if len(found) > limit else None)


def taken(wanted: Collection[Terms]) -> set[tuple[str, str, datetime]]:
    """The pairs and moments from the first to the last of these that have a rate already."""
    place = ExchangeRate.from_currency, ExchangeRate.to_currency, ExchangeRate.valid_from
    moments = [one.valid_from for one in wanted]
    between = ExchangeRate.valid_from.between(min(moments), max(moments))
    return {(one, other, at) for one, other, at in db.session.execute(select(*place).where(between))}


def _of_pair(from_currency: str, to_currency: str) -> Any:
    same = ExchangeRate.from_currency == from_currency, ExchangeRate.to_currency == to_currency
    return select(ExchangeRate).where(*same).order_by(ExchangeRate.valid_from.desc())


def _row(terms: Terms, actor: Actor) -> dict[str, Any]:
    return terms._asdict() | {"created_by_id": actor.user_id, "created_at": utcnow()}


def _rate(text: str) -> int:
    if not text.strip():
        raise ValueError(_("Enter a rate."))
    rate = typed_scaled(text)
    if not 0 < rate <= MAX_RATE:
        raise ValueError(_("The rate must be more than zero.") if not rate else _("This rate is too large."))
    return rate


def _spread(text: str) -> int:
    spread = typed_percent(text) if text.strip() else 0
    if spread == MAX_PERCENT:
        raise ValueError(_("The spread must be less than 100."))
    return spread


def _described(terms: Terms) -> dict[str, tuple[object, object]]:
    spread = {"spread": (None, money.scaled_text(terms.spread))} if terms.spread else {}
    return {
        "pair": (None, f"{terms.from_currency} → {terms.to_currency}"),
        "rate": (None, money.scaled_text(terms.rate)),
        **spread,
        "valid_from": (None, terms.valid_from.isoformat(timespec="seconds")),
    }
