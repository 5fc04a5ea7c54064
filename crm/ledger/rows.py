"""The shapes that the engine and its two dialects share."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from crm.ledger.orders import Capture
from crm.ledger.pricing import Rate, Rule

PAYMENT = (
    "id", "kind", "from_account_id", "to_account_id", "source", "amount", "currency", "commission", "to_amount",
    "to_currency", "rate", "terms", "reversal_of_id", "description", "metadata", "batch_id", "batch_row",
    "created_by_id", "caller", "origin", "idempotency_key", "held_amount", "hold_expires_at", "fingerprint",
    "created_at",
)  # fmt: skip


# A hold's id, what it becomes, and its amount and commission, None where these stay.
HoldResult = tuple[str, str, int | None, int | None]


class Storable(Protocol):
    """A payment that is to be stored."""

    def row(self, now: datetime) -> tuple[Any, ...]:
        """Its `PAYMENT` columns."""


class Side(NamedTuple):
    """An account as one side of a payment."""

    id: int
    customer_id: int | None
    code: str | None
    currency: str
    status: str


class Parties(NamedTuple):
    """What is to be known before a payment is stored: the accounts, and the prices that are in force."""

    sides: list[Side]
    rules: list[Rule]
    rates: list[Rate]


class Prices(NamedTuple):
    """Which prices are asked for: the kinds of payments whose rules, and whether exchange rates."""

    rules: Sequence[str] = ()
    rates: bool = False


class Stored(NamedTuple):
    """A payment that has the key already; `id` is the UUID's 32 hexadecimal digits."""

    caller: int
    key: str
    id: str
    fingerprint: bytes
    status: str
    failure_code: str | None


def freed_of(captured: Iterable[Capture]) -> dict[int, int]:
    """How much of each account is held no more."""
    freed: dict[int, int] = {}
    for capture in captured:
        payer = capture.order.from_account
        freed[payer] = freed.get(payer, 0) + capture.held
    return freed


def parties_query(ids: str, codes: str, kinds: str, now: str, prices: Prices) -> str:
    """One statement for all that `Parties` has; the arguments are what the engine compares with (`= ANY (…)`, `IN
    (…)`), to be bound in the order ids, codes, and for rules kinds and three times now, for rates now.
    """
    parts = [_SIDES.format(ids=ids, codes=codes)]
    if prices.rules:
        parts.append(_RULES.format(kinds=kinds, now=now))
    if prices.rates:
        parts.append(_RATES.format(now=now))
    return " UNION ALL ".join(parts)


def read_parties(rows: Iterable[Sequence[Any]]) -> Parties:
    """The rows of `parties_query`, each of which says first what it is."""
    found = Parties([], [], [])
    for what, pk, *values in rows:
        if what == "side":
            code, currency, status, customer_id = values[:4]
            found.sides.append(Side(pk, customer_id, code, currency, status))
        elif what == "rule":
            found.rules.append(Rule(pk, *values))
        else:
            found.rates.append(Rate(pk, values[0], values[1], values[3], values[4]))
    return found


# The newest of a kind, currency and source holds; where it was ended nothing does: no older one comes back, unless the
# newer one was called off before it began.
_SIDES = """
    WITH given AS (SELECT id, customer_id, code, currency, status FROM accounts WHERE id {ids})
    SELECT 'side' AS what, id, code, currency, status, customer_id,
        CAST(NULL AS bigint) AS b, CAST(NULL AS bigint) AS c, CAST(NULL AS bigint) AS d FROM given
    UNION ALL
    SELECT 'side', id, code, currency, status, customer_id, NULL, NULL, NULL FROM accounts
    WHERE code {codes} AND currency IN (SELECT currency FROM given)"""
_RULES = """
    SELECT 'rule', id, payment_kind, currency, source, percent, fixed, minimum, maximum FROM commission_rules AS rule
    WHERE payment_kind {kinds} AND valid_from <= {now} AND (ended_at IS NULL OR ended_at > {now})
        AND NOT EXISTS (
            SELECT 1 FROM commission_rules AS newer WHERE newer.payment_kind = rule.payment_kind
                AND coalesce(newer.currency, '') = coalesce(rule.currency, '')
                AND coalesce(newer.source, '') = coalesce(rule.source, '') AND newer.valid_from <= {now}
                AND (newer.ended_at IS NULL OR newer.ended_at > newer.valid_from)
                AND (newer.valid_from, newer.id) > (rule.valid_from, rule.id))"""
_RATES = """
    SELECT 'rate', id, from_currency, to_currency, NULL, rate, spread, NULL, NULL FROM exchange_rates WHERE id IN (
        SELECT (SELECT id FROM exchange_rates WHERE from_currency = one.code AND to_currency = other.code
            AND valid_from <= {now} ORDER BY valid_from DESC LIMIT 1)
        FROM currencies AS one CROSS JOIN currencies AS other
        WHERE one.code IN (SELECT currency FROM given) AND other.code IN (SELECT currency FROM given))"""
