"""What customers hold in one currency: their accounts in it summed, none counted as nothing."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Subquery, and_, cast, false, func, not_, select

from crm.models import AccountBalance, Customer

_BALANCES = AccountBalance.__table__
_TOTAL = cast(func.sum(_BALANCES.c.balance), BigInteger)


def totals(currency: str) -> Subquery:
    """`customer_id` and `total` of those who have an account in the currency."""
    held = select(_BALANCES.c.customer_id, _TOTAL.label("total")).where(_BALANCES.c.currency == currency)
    return held.group_by(_BALANCES.c.customer_id).subquery("totals")


def total_of(customer_id: Any, currency: str) -> ColumnElement[int | None]:
    """What one customer holds; NULL without an account. For few rows."""
    own = (_BALANCES.c.customer_id == customer_id, _BALANCES.c.currency == currency)
    return select(_TOTAL).where(*own).correlate_except(_BALANCES).scalar_subquery()


def within(currency: str, least: int | None, most: int | None) -> ColumnElement[bool]:
    """Whether a customer holds so many minor units, both included.

    Those who have no account hold nothing: where that is within, everybody is but those whose accounts say otherwise.
    """
    bounds = [*([least <= _TOTAL] if least is not None else []), *([most >= _TOTAL] if most is not None else [])]
    nothing_is_within = (least is None or least <= 0) and (most is None or most >= 0)
    if least is not None and most is not None and most < least:
        return false()
    by_customer = (
        select(_BALANCES.c.customer_id).where(_BALANCES.c.currency == currency).group_by(_BALANCES.c.customer_id)
    )
    if nothing_is_within:
        return Customer.__table__.c.id.not_in(by_customer.having(not_(and_(*bounds))))
    return Customer.__table__.c.id.in_(by_customer.having(and_(*bounds)))
