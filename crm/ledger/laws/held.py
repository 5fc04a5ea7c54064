"""Laws of what is held: of wallets, by which payments, and at what price it was captured."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, text

from crm.db import db
from crm.i18n import lazy_gettext as _l
from crm.ledger.engine import Draft
from crm.ledger.laws.law import Law, Looked, Program, Span, looked
from crm.ledger.laws.spans import NEW, over, whole
from crm.ledger.pricing import kept_commission
from crm.models import Payment

_AT_ONCE = 1_000
_APART = """
        SELECT payments.id AS payment, payments.status FROM payments
        LEFT JOIN holds ON holds.payment_id = payments.id
        WHERE payments.held_amount IS NOT NULL AND payments.status = 'HELD' AND (holds.payment_id IS NULL
            OR holds.account_id <> payments.from_account_id OR holds.amount <> payments.held_amount
            OR holds.expires_at <> payments.hold_expires_at)
        UNION ALL
        SELECT payments.id, payments.status FROM payments
        WHERE (payments.status <> 'HELD' AND payments.id IN (SELECT payment_id FROM holds))
            OR (payments.held_amount IS NULL AND payments.status IN ('HELD', 'VOIDED', 'EXPIRED'))"""
_CAPTURED = "SELECT id, amount, commission, terms FROM payments WHERE held_amount IS NOT NULL AND status = 'COMPLETED'"
_CAPTURED_NEW = f"{NEW}\n        {_CAPTURED} AND id IN (SELECT payment_id FROM moved)"  # noqa: S608  (own words)


def _commissions(span: Span | None) -> Looked:
    """By the rule that each payment keeps: rounding half-even is beyond what SQL does alike on both engines."""
    asked, values = (_CAPTURED, {}) if span is None else (_CAPTURED_NEW, {"since": span.since, "until": span.until})
    count, differences = 0, []
    for pk, amount, commission, terms in _rows(asked, values):
        count += 1
        by_rule = kept_commission(terms, amount)
        if commission != by_rule:
            differences.append({"payment": pk, "amount": amount, "commission": commission, "by_rule": by_rule})
    return looked(count, differences)


def _requests(_span: Span | None) -> Looked:
    """Each payment that was ever held, by the fingerprint that its request left: what is held stands in no operation,
    so the chain does not keep it.
    """
    count, differences = 0, []
    asked = select(*_REQUEST).where(Payment.held_amount.is_not(None)).execution_options(yield_per=_AT_ONCE)
    for pk, fingerprint, *request, description, metadata, expires_at in db.session.execute(asked):
        count += 1
        kind, payer, payee, amount, currency = request
        drafts = (
            Draft(
                kind, payer, payee, amount, currency, "", description=description, metadata=metadata,
                hold_expires_at=expires_at, expiry_asked=was_asked,
            )
            for was_asked in (False, True)
        )  # fmt: skip
        if bytes(fingerprint) not in [draft.fingerprint() for draft in drafts]:
            differences.append({"payment": str(pk), "held_amount": amount, "hold_expires_at": expires_at})
    return looked(count, differences)


def _rows(asked: str, values: dict[str, int]) -> Iterator[Any]:
    yield from db.session.execute(text(asked), values, execution_options={"yield_per": _AT_ONCE})


_REQUEST = (
    Payment.id, Payment.fingerprint, Payment.kind, Payment.from_account_id, Payment.to_account_id, Payment.held_amount,
    Payment.currency, Payment.description, Payment.details, Payment.hold_expires_at,
)  # fmt: skip
_REQUESTS_IN_SQL = """
        SELECT * FROM payments WHERE held_amount IS NOT NULL -- and each fingerprint worked out anew: SHA-256 of
        -- the JSON [kind, from_account_id, to_account_id, held_amount, currency, description, metadata if any,
        -- {"hold": the moment where one was asked for, else ""}]"""
LAWS = (
    Law(
        "held",
        _l("What is held of an account is the sum of its holds"),
        *over(
            "{balances}",
            """
        SELECT balances.account_id AS account, balances.held, sums.total FROM {balances} AS balances
        LEFT JOIN (
            SELECT account_id, sum(amount) AS total FROM holds GROUP BY account_id
        ) AS sums ON sums.account_id = balances.account_id
        WHERE balances.held <> coalesce(sums.total, 0)""",
        ),
    ),
    Law(
        "holds",
        _l("A payment is among the holds as long as it is held, and says the same there"),
        whole("payments WHERE held_amount IS NOT NULL", _APART),
        None,
    ),
    Law(
        "captured",
        _l("No more is captured than was held, and a hold ends as it can"),
        *over(
            "{payments} AS payments WHERE held_amount IS NOT NULL",
            """
        SELECT id AS payment, status, amount, held_amount FROM {payments} AS payments
        WHERE held_amount IS NOT NULL AND (amount > held_amount OR (amount < held_amount AND status <> 'COMPLETED')
            OR (held_at IS NULL) <> (status IN ('INITIATED', 'FAILED')) OR hold_expires_at IS NULL)""",
        ),
    ),
    Law(
        "held_as_asked",
        _l("What was held is what was asked for"),
        Program(_requests, _REQUESTS_IN_SQL),
        None,
    ),
    Law(
        "captured_commission",
        _l("The commission of what was captured is that of the rule that the payment keeps"),
        Program(_commissions, f"{_CAPTURED} -- and each commission worked out by its terms"),
        Program(_commissions, f"{_CAPTURED_NEW} -- and each commission worked out by its terms"),
    ),
)
